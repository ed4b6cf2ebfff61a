import { asPrioraError, PrioraError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { AssociationInfo, PresentationContext } from './association-info.js';
import { CommandField, commandName, datasetFollows, noDataset, responseTo, type CommandSet } from './command-set.js';
import type { MessageSender } from './message-sender.js';
import type { DatasetSink, Exchange, Service, ServiceRequest } from './service.js';
import type { ServiceUser } from './service-user.js';
import { isDelivered, responseFor, Status, type ServiceResponse } from './response.js';
import type { Turn } from './turn.js';

/** A request between its command set and its final response. */
interface Operation {
  readonly request: ServiceRequest;
  readonly controller: AbortController;
  /** Open while data may be written to it. */
  sink: DatasetSink | null;
  /** The answer, if the request failed before its data set ended. */
  failure: ServiceResponse | null;
}

export interface PerformerOptions {
  readonly association: AssociationInfo;
  readonly services: ReadonlyMap<number, Service>;
  readonly sender: MessageSender;
  readonly logger: Logger;
  readonly turn: Turn;
  /** Asks something of the peer while we perform. */
  readonly peer: ServiceUser;
  /** Whether the peer owes answers to requests of ours, which a request of its own would hold back. */
  readonly peerOwes: () => boolean;
  /** Gives up the association: a service answered what cannot be encoded. */
  readonly abort: (reason: string) => void;
}

/**
 * Performs the requests of a peer, one after the other: the asynchronous operations window is 1 (PS3.7 D.3.3.3), and
 * TCP holds back a peer that sends more, so that answers come in the order of the requests.
 */
export class Performer {
  readonly #options: PerformerOptions;
  /** The operation whose data set is arriving or that is being answered. */
  #current: Operation | null = null;
  /** The step of `#current` that a handler is working on: open or write. */
  #step: Promise<void> | null = null;
  /** `#current` is being finished and answered. */
  #answer: Promise<void> | null = null;
  #ended = false;
  #instancesStored = 0;

  constructor(options: PerformerOptions) {
    this.#options = options;
  }

  /** Instances answered with Success or a warning. */
  get instancesStored(): number {
    return this.#instancesStored;
  }

  /** Whether the data set of a request has begun and not ended. */
  get receiving(): boolean {
    return this.#current !== null && this.#answer === null;
  }

  /** The command set of a request is complete. A returned promise holds back what follows it. */
  begin(
    command: CommandSet & { CommandField: number },
    presentationContext: PresentationContext,
    hasDataset: boolean,
  ): void | Promise<void> {
    if (command.CommandField === CommandField.C_CANCEL_RQ) {
      // Cancelling what is already answered, or was never requested, has no effect (PS3.7 9.3.2.3).
      if (this.#current?.request.messageID === command.MessageIDBeingRespondedTo) this.#current?.controller.abort();
      return;
    }
    if (this.#answer) {
      if (this.#options.peerOwes()) {
        this.#options.abort(`${commandName(command.CommandField)} came where an answer was owed`);
        return;
      }
      return this.#answer.then(() => this.begin(command, presentationContext, hasDataset));
    }
    if (this.#ended) return;
    const operation: Operation = {
      request: {
        commandField: command.CommandField,
        messageID: command.MessageID ?? 0,
        presentationContext,
        association: this.#options.association,
        command,
        hasDataset,
      },
      controller: new AbortController(),
      sink: null,
      failure: null,
    };
    this.#current = operation;
    const service = this.#options.services.get(command.CommandField);
    if (!service) {
      this.#options.logger.warn(
        { association: this.#options.association.id },
        `${commandName(command.CommandField)} is not supported`,
      );
      operation.failure = { Status: Status.UnrecognizedOperation };
    } else {
      try {
        const sink = service.open(operation.request, this.#exchange(operation));
        if (sink instanceof Promise) {
          return this.#during(
            sink.then((opened) => {
              operation.sink = opened;
              if (!hasDataset) this.#complete(operation);
            }),
            operation,
            hasDataset,
          );
        }
        operation.sink = sink;
      } catch (error) {
        this.#failed(operation, error);
      }
    }
    if (!hasDataset) this.#complete(operation);
  }

  /** Bytes of the current request's data set. A returned promise holds back what follows them. */
  data(bytes: Buffer, isLast: boolean): void | Promise<void> {
    const operation = this.#current;
    if (!operation) return;
    if (operation.sink && bytes.length > 0) {
      try {
        const written = operation.sink.write(bytes);
        if (written) {
          return this.#during(
            written.then(() => {
              if (isLast) this.#complete(operation);
            }),
            operation,
            !isLast,
          );
        }
      } catch (error) {
        return this.#during(this.#abandon(operation, error), operation, !isLast);
      }
    }
    if (isLast) this.#complete(operation);
  }

  /** Resolves when nothing is being finished or answered any more. */
  async idle(): Promise<void> {
    await this.#answer;
  }

  /** The association is over. Resolves when no handler is at work any more and every sink has finished or aborted. */
  async end(reason: string): Promise<void> {
    this.#ended = true;
    const operation = this.#current;
    operation?.controller.abort();
    await this.#step;
    if (operation && !this.#answer) await this.#closeSink(operation, reason);
    await this.#answer;
  }

  /** Runs a step of a handler; a rejection fails the operation, never the association. */
  #during(step: Promise<void>, operation: Operation, moreFollows: boolean): Promise<void> {
    const turnOver = this.#options.turn.begin('ours');
    const settled = step
      .catch((error: unknown) => this.#abandon(operation, error))
      .then(() => {
        this.#step = null;
        turnOver();
        if (operation.failure && !moreFollows && !this.#answer) this.#complete(operation);
      });
    this.#step = settled;
    return settled;
  }

  async #abandon(operation: Operation, error: unknown): Promise<void> {
    this.#failed(operation, error);
    await this.#closeSink(operation, asPrioraError(error).message);
  }

  #failed(operation: Operation, error: unknown): void {
    const { code, message, subject } = asPrioraError(error);
    operation.failure = responseFor(error);
    this.#options.logger.warn(
      { association: this.#options.association.id, code, ...subject },
      `${commandName(operation.request.commandField)} failed: ${message}`,
    );
  }

  async #closeSink(operation: Operation, reason: string): Promise<void> {
    const sink = operation.sink;
    operation.sink = null;
    try {
      await sink?.abort(reason);
    } catch (error) {
      this.#options.logger.error({ association: this.#options.association.id, err: error }, 'a sink failed to abort');
    }
  }

  #complete(operation: Operation): void {
    if (this.#ended) return;
    const turnOver = this.#options.turn.begin('ours');
    this.#answer = this.#finish(operation)
      .catch((error: unknown) => {
        const name = commandName(operation.request.commandField);
        this.#options.logger.error({ association: this.#options.association.id, err: error }, `${name} is unanswered`);
        this.#options.abort(`${name} could not be answered`);
      })
      .then(() => {
        this.#answer = null;
        this.#current = null;
        turnOver();
      });
  }

  async #finish(operation: Operation): Promise<void> {
    const { sink } = operation;
    operation.sink = null;
    if (sink) {
      try {
        await this.#respond(operation, await sink.finish());
        return;
      } catch (error) {
        this.#failed(operation, error);
      }
    }
    await this.#respond(operation, operation.failure ?? { Status: Status.Success });
  }

  async #respond(operation: Operation, response: ServiceResponse): Promise<void> {
    const { dataset } = response;
    const { command, commandField, messageID, presentationContext } = operation.request;
    if (this.#ended || this.#current !== operation) return;
    if (commandField === CommandField.C_STORE_RQ && isDelivered(response.Status)) this.#instancesStored++;
    const SOPClassUID = command.AffectedSOPClassUID ?? command.RequestedSOPClassUID;
    const SOPInstanceUID = command.AffectedSOPInstanceUID ?? command.RequestedSOPInstanceUID;
    // It is the peer's turn to read.
    const turnOver = this.#options.turn.begin('peer');
    await this.#options.sender
      .send(
        presentationContext.id,
        {
          ...(SOPClassUID === undefined ? {} : { AffectedSOPClassUID: SOPClassUID }),
          ...(SOPInstanceUID === undefined ? {} : { AffectedSOPInstanceUID: SOPInstanceUID }),
          ...response,
          CommandField: responseTo(commandField),
          MessageIDBeingRespondedTo: messageID,
          CommandDataSetType: dataset ? datasetFollows : noDataset,
        },
        dataset && [dataset],
      )
      .finally(turnOver);
  }

  #exchange(operation: Operation): Exchange {
    return {
      respond: async (response) => {
        // A handler that heeds nothing else must not go on answering for ever.
        if (this.#ended) throw new PrioraError('CANCELLED', 'the association is over');
        await this.#respond(operation, response);
      },
      signal: operation.controller.signal,
      peer: this.#options.peer,
    };
  }
}
