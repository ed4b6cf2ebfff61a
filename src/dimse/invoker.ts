import type { PrioraError } from '../core/errors.js';
import type { PresentationContext } from './association-info.js';
import { CommandField, commandName, datasetFollows, noDataset, responseTo, type CommandSet } from './command-set.js';
import type { MessageSender } from './message-sender.js';
import { isPending, type ServiceResponse } from './response.js';
import type { Turn } from './turn.js';

/** Largest data set of a response (a C-FIND identifier, an N-GET result) that is accepted. */
const maxResponseDataset = 4_194_304;
/** The cost of a fragment besides its bytes: a peer may cut a data set into pieces of one. */
const pieceOverhead = 100;
/** Responses that may still come after C-CANCEL: what is on its way. A peer that goes on is not waited for. */
const mostAfterCancel = 10_000;

/** Requests that have responses before the final one (PS3.7 9.1.2 to 9.1.4). */
const answeredInSteps: ReadonlySet<number> = new Set([
  CommandField.C_FIND_RQ,
  CommandField.C_GET_RQ,
  CommandField.C_MOVE_RQ,
]);

/** A request as it is invoked; the layer adds MessageID and CommandDataSetType. */
export interface Request {
  readonly command: CommandSet & { readonly CommandField: number };
  readonly presentationContext: PresentationContext;
  readonly dataset?: AsyncIterable<Buffer> | Iterable<Buffer>;
  /** Receives the responses before the last one (C-FIND, C-GET, C-MOVE). A returned promise holds the peer back. */
  readonly onPending?: (response: ServiceResponse) => void | Promise<void>;
  /** Asks the peer to stop (C-CANCEL, PS3.7 9.3.2.3); the final response tells whether it did. */
  readonly signal?: AbortSignal;
}

interface Invocation {
  readonly request: Request;
  readonly resolve: (response: ServiceResponse) => void;
  readonly reject: (error: PrioraError) => void;
  /** Responses that came after we cancelled. */
  afterCancel: number;
}

/** Invokes requests on an association and matches their responses by MessageID (PS3.7 9.1, 10.1). */
export class Invoker {
  readonly #sender: MessageSender;
  readonly #turn: Turn;
  /** Gives the association up: the peer answers what was not asked. */
  readonly #abort: (reason: string) => void;
  readonly #invocations = new Map<number, Invocation>();
  #lastMessageID = 0;
  /** The response whose data set is arriving. */
  #arriving: { invocation: Invocation; response: ServiceResponse; pieces: Buffer[]; length: number } | null = null;
  #over: PrioraError | null = null;

  constructor(sender: MessageSender, turn: Turn, abort: (reason: string) => void) {
    this.#sender = sender;
    this.#turn = turn;
    this.#abort = abort;
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
    const { command, presentationContext, dataset, signal } = request;
    const messageID = this.#nextMessageID();
    const answered = new Promise<ServiceResponse>((resolve, reject) => {
      this.#invocations.set(messageID, { request, resolve, reject, afterCancel: 0 });
    });
    const turnOver = this.#turn.begin('peer');
    const sent = this.#sender.send(
      presentationContext.id,
      { ...command, MessageID: messageID, CommandDataSetType: dataset ? datasetFollows : noDataset },
      dataset,
    );
    const cancel = () => this.#cancel(messageID, presentationContext);
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
    try {
      // An early refusal may be answered before the data set is out; both have to be over.
      const [response] = await Promise.all([answered, sent]);
      return response;
    } finally {
      signal?.removeEventListener('abort', cancel);
      turnOver();
    }
  }

  /** The command set of a response has arrived. A returned promise holds back what follows it. */
  receive(
    command: CommandSet & { CommandField: number },
    contextID: number,
    hasDataset: boolean,
  ): void | Promise<void> {
    const invocation = this.#invocations.get(command.MessageIDBeingRespondedTo ?? -1);
    const asked = invocation?.request.command.CommandField ?? -1;
    if (
      !invocation ||
      responseTo(asked) !== command.CommandField ||
      invocation.request.presentationContext.id !== contextID
    ) {
      this.#abort('the peer sent a response that answers no request');
      return;
    }
    const { Status } = command;
    if (Status === undefined) {
      this.#abort('the peer sent a response without Status');
      return;
    }
    if (isPending(Status) && !answeredInSteps.has(asked)) {
      this.#abort(`the peer answered ${commandName(asked)} with Pending, which is no answer to it`);
      return;
    }
    if (!hasDataset) return this.#deliver(invocation, { ...command, Status });
    this.#arriving = { invocation, response: { ...command, Status }, pieces: [], length: 0 };
  }

  /** Bytes of the current response's data set; as {@link receive}. */
  data(bytes: Buffer, isLast: boolean): void | Promise<void> {
    const arriving = this.#arriving!;
    arriving.pieces.push(bytes);
    arriving.length += Math.max(bytes.length, pieceOverhead);
    if (arriving.length > maxResponseDataset) {
      this.#abort(`a response with more than ${maxResponseDataset} bytes of data set`);
      return;
    }
    if (!isLast) return;
    this.#arriving = null;
    return this.#deliver(arriving.invocation, { ...arriving.response, dataset: Buffer.concat(arriving.pieces) });
  }

  /** The association is over: nothing will be answered any more. */
  end(error: PrioraError): void {
    this.#over = error;
    for (const { reject } of this.#invocations.values()) reject(error);
    this.#invocations.clear();
  }

  #nextMessageID(): number {
    do this.#lastMessageID = (this.#lastMessageID % 0xffff) + 1;
    while (this.#invocations.has(this.#lastMessageID));
    return this.#lastMessageID;
  }

  #cancel(messageID: number, { id }: PresentationContext): void {
    if (!this.#invocations.has(messageID)) return;
    const command = { CommandField: CommandField.C_CANCEL_RQ, MessageIDBeingRespondedTo: messageID };
    // If it cannot be sent, the association is over and the request fails.
    this.#sender.send(id, { ...command, CommandDataSetType: noDataset }).catch(() => undefined);
  }

  #deliver(invocation: Invocation, response: ServiceResponse): void | Promise<void> {
    const { request, resolve } = invocation;
    if (!isPending(response.Status)) {
      this.#invocations.delete(response.MessageIDBeingRespondedTo!);
      resolve(response);
      return;
    }
    if (request.signal?.aborted && ++invocation.afterCancel > mostAfterCancel) {
      this.#abort(`the peer goes on answering ${commandName(request.command.CommandField)}, which was cancelled`);
      return;
    }
    return request.onPending?.(response);
  }
}
