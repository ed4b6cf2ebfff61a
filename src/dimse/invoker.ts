import type { PrioraError } from '../core/errors.js';
import type { PresentationContext } from './association-info.js';
import { CommandField, commandName, datasetFollows, noDataset, responseTo, type CommandSet } from './command-set.js';
import type { MessageSender } from './message-sender.js';
import type { ServiceResponse } from './service.js';
import { isPending } from './status.js';
import type { Turn } from './turn.js';

/** Largest data set of a response (a C-FIND identifier, an N-GET result) that is accepted. */
const maxResponseDataset = 4_194_304;
/** The cost of a fragment besides its bytes: a peer may cut a data set into pieces of one. */
const pieceOverhead = 100;

/** Requests that have responses before the final one (PS3.7 9.1.2 to 9.1.4). */
const answeredInSteps: ReadonlySet<number> = new Set([
  CommandField.C_FIND_RQ,
  CommandField.C_GET_RQ,
  CommandField.C_MOVE_RQ,
]);

interface Invocation {
  readonly commandField: number;
  readonly contextID: number;
  readonly resolve: (response: ServiceResponse) => void;
  readonly reject: (error: PrioraError) => void;
  readonly onPending: ((response: ServiceResponse, dataset: Buffer | null) => void) | undefined;
}

/** A request as it is invoked; the layer adds MessageID and CommandDataSetType. */
export interface Request {
  readonly command: CommandSet & { readonly CommandField: number };
  readonly presentationContext: PresentationContext;
  readonly dataset?: AsyncIterable<Buffer> | Iterable<Buffer>;
  /** Receives the responses before the last one (C-FIND, C-GET, C-MOVE). */
  readonly onPending?: (response: ServiceResponse, dataset: Buffer | null) => void;
}

/** Invokes requests on an association and matches their responses by MessageID (PS3.7 9.1, 10.1). */
export class Invoker {
  readonly #sender: MessageSender;
  readonly #turn: Turn;
  readonly #invocations = new Map<number, Invocation>();
  #lastMessageID = 0;
  /** The response whose data set is arriving. */
  #arriving: { invocation: Invocation; response: ServiceResponse; pieces: Buffer[]; length: number } | null = null;
  #over: PrioraError | null = null;

  constructor(sender: MessageSender, turn: Turn) {
    this.#sender = sender;
    this.#turn = turn;
  }

  /** Whether the peer owes an answer. */
  get waiting(): boolean {
    return this.#invocations.size > 0;
  }

  /**
   * @returns the final response, whatever its status.
   * @throws PrioraError DESTINATION_* if the association ends first; whatever `dataset` throws, after which the
   *   association must be aborted.
   */
  async invoke(request: Request): Promise<ServiceResponse> {
    if (this.#over) throw this.#over;
    this.#lastMessageID = (this.#lastMessageID % 0xffff) + 1;
    const messageID = this.#lastMessageID;
    const answered = new Promise<ServiceResponse>((resolve, reject) => {
      this.#invocations.set(messageID, {
        commandField: request.command.CommandField,
        contextID: request.presentationContext.id,
        resolve,
        reject,
        onPending: request.onPending,
      });
    });
    const turnOver = this.#turn.begin('peer');
    const sent = this.#sender.send(
      request.presentationContext.id,
      { ...request.command, MessageID: messageID, CommandDataSetType: request.dataset ? datasetFollows : noDataset },
      request.dataset,
    );
    // An early refusal may be answered before the whole data set is out; both have to be over.
    try {
      const [response] = await Promise.all([answered, sent]);
      return response;
    } finally {
      turnOver();
    }
  }

  /**
   * The command set of a response has arrived.
   *
   * @returns null, or why the association must be aborted: the peer answers what was not asked.
   */
  receive(command: CommandSet & { CommandField: number }, contextID: number, hasDataset: boolean): string | null {
    const invocation = this.#invocations.get(command.MessageIDBeingRespondedTo ?? -1);
    if (
      !invocation ||
      responseTo(invocation.commandField) !== command.CommandField ||
      invocation.contextID !== contextID
    ) {
      return 'the peer sent a response that answers no request';
    }
    if (command.Status === undefined) return 'the peer sent a response without Status';
    if (isPending(command.Status) && !answeredInSteps.has(invocation.commandField)) {
      return `the peer answered ${commandName(invocation.commandField)} with Pending, which is no answer to it`;
    }
    const response: ServiceResponse = { ...command, Status: command.Status };
    if (hasDataset) this.#arriving = { invocation, response, pieces: [], length: 0 };
    else this.#deliver(invocation, response, null);
    return null;
  }

  /** Bytes of the current response's data set; returns the same as {@link receive}. */
  data(bytes: Buffer, isLast: boolean): string | null {
    const arriving = this.#arriving!;
    arriving.pieces.push(bytes);
    arriving.length += Math.max(bytes.length, pieceOverhead);
    if (arriving.length > maxResponseDataset)
      return `a response with more than ${maxResponseDataset} bytes of data set`;
    if (isLast) {
      this.#arriving = null;
      this.#deliver(arriving.invocation, arriving.response, Buffer.concat(arriving.pieces));
    }
    return null;
  }

  /** The association is over: nothing will be answered any more. */
  end(error: PrioraError): void {
    this.#over = error;
    for (const { reject } of this.#invocations.values()) reject(error);
    this.#invocations.clear();
  }

  #deliver(invocation: Invocation, response: ServiceResponse, dataset: Buffer | null): void {
    if (isPending(response.Status)) {
      invocation.onPending?.(response, dataset);
      return;
    }
    this.#invocations.delete(response.MessageIDBeingRespondedTo!);
    invocation.resolve(response);
  }
}
