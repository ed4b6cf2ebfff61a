import { PrioraError } from '../core/errors.js';
import { SOPClass } from '../dicom/uid.js';
import { CommandField } from './command-field.js';
import { connect } from './connect.js';
import type { Request } from './invoker.js';
import { Requestor, type AssociationOptions } from './requestor.js';
import type { AssociationInfo, PresentationContext, ServiceResponse } from './types.js';

export type { AssociationOptions };

/** An instance to be sent as the bytes it has: without preamble and file meta, in `transferSyntax`. */
export interface StoreOperation {
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
  readonly transferSyntax: string;
  readonly dataset: AsyncIterable<Buffer> | Iterable<Buffer>;
}

/**
 * An association we requested (SCU). Requests are invoked one after the other (window 1).
 *
 * Every failure of the connection or the peer is a PrioraError: DESTINATION_UNREACHABLE when it cannot be reached, is
 * lost or falls silent, DESTINATION_REFUSED when it rejects or aborts. A status other than Success is no error here: it
 * is what the peer answered.
 */
export class Association {
  readonly #requestor: Requestor;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(requestor: Requestor) {
    this.#requestor = requestor;
  }

  /**
   * @throws PrioraError DESTINATION_UNREACHABLE, DESTINATION_REFUSED (also when no presentation context is accepted),
   *   CANCELLED
   */
  static async request(options: AssociationOptions): Promise<Association> {
    if (options.signal?.aborted) throw new PrioraError('CANCELLED', 'no association was requested');
    const connection = await connect({ ...options, timeoutMs: options.connectTimeoutMs ?? 10_000 });
    const requestor = new Requestor(connection, options);
    await requestor.established;
    const association = new Association(requestor);
    if (requestor.info.presentationContexts.length === 0) {
      await association.release();
      throw new PrioraError(
        'DESTINATION_REFUSED',
        `${options.calledAETitle} accepts none of the presentation contexts`,
      );
    }
    return association;
  }

  get info(): AssociationInfo {
    return this.#requestor.info;
  }

  /** False once the association was released, aborted or lost. */
  get open(): boolean {
    return this.#requestor.open;
  }

  /** The accepted context for an abstract syntax and, if given, a transfer syntax. */
  contextFor(abstractSyntax: string, transferSyntax?: string): PresentationContext | undefined {
    return this.info.presentationContexts.find(
      (context) =>
        context.abstractSyntax === abstractSyntax &&
        (transferSyntax === undefined || context.transferSyntax === transferSyntax),
    );
  }

  /** A request of any service, answered with its final response. Requests wait for their turn. */
  async invoke(request: Request): Promise<ServiceResponse> {
    const invoked = this.#turn.then(() => this.#requestor.invoke(request));
    this.#turn = invoked.catch(() => undefined);
    return invoked;
  }

  /**
   * C-ECHO (PS3.7 9.1.5).
   *
   * @throws PrioraError DESTINATION_REFUSED when the Verification context was not accepted
   */
  async echo(): Promise<ServiceResponse> {
    const presentationContext = this.#contextOrRefusal(SOPClass.Verification);
    return this.invoke({
      command: {
        CommandField: CommandField.C_ECHO_RQ,
        AffectedSOPClassUID: presentationContext.abstractSyntax,
      },
      presentationContext,
    });
  }

  /**
   * C-STORE (PS3.7 9.1.1): the data set's bytes go out as they are.
   *
   * @throws PrioraError DESTINATION_REFUSED when no context for this class and transfer syntax was accepted; what
   *   `dataset` throws (the association is aborted then: half a message is out)
   */
  async store(operation: StoreOperation): Promise<ServiceResponse> {
    const { SOPClassUID, SOPInstanceUID, transferSyntax, dataset } = operation;
    const presentationContext = this.#contextOrRefusal(SOPClassUID, transferSyntax);
    return this.invoke({
      command: {
        CommandField: CommandField.C_STORE_RQ,
        AffectedSOPClassUID: SOPClassUID,
        AffectedSOPInstanceUID: SOPInstanceUID,
        Priority: 0,
      },
      presentationContext,
      dataset,
    });
  }

  /** Whole fragments towards this peer, bytes: the best size for a data set's pieces. */
  get fragmentLength(): number {
    return this.#requestor.fragmentLength;
  }

  /** Waits for what is under way, then releases (PS3.8 7.2). An association that is over already is no error. */
  async release(): Promise<void> {
    await this.#turn;
    await this.#requestor.release();
  }

  /** A-ABORT. What is under way fails with CANCELLED. */
  abort(reason = 'aborted by us'): void {
    this.#requestor.cancel(reason);
  }

  #contextOrRefusal(abstractSyntax: string, transferSyntax?: string): PresentationContext {
    const context = this.contextFor(abstractSyntax, transferSyntax);
    if (context) return context;
    const what = transferSyntax === undefined ? abstractSyntax : `${abstractSyntax} in ${transferSyntax}`;
    throw new PrioraError('DESTINATION_REFUSED', `${this.info.calledAETitle} does not accept ${what}`);
  }
}
