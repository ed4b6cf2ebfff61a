import { PrioraError } from '../core/errors.js';
import { SOPClass } from '../dicom/uid.js';
import type { AssociationInfo, PresentationContext, Roles } from './association-info.js';
import { CommandField } from './command-set.js';
import type { Request } from './invoker.js';
import { matchesOf } from './matches.js';
import type { ServiceResponse } from './response.js';

/** An instance to be sent as the bytes it has: without preamble and file meta, in `transferSyntax`. */
export interface StoreOperation {
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
  readonly transferSyntax: string;
  readonly dataset: AsyncIterable<Buffer> | Iterable<Buffer>;
  /** Of a sub-operation of a C-MOVE: who asked for it, with which message (PS3.7 9.3.1.1). */
  readonly MoveOriginatorApplicationEntityTitle?: string;
  readonly MoveOriginatorMessageID?: number;
}

/** What C-FIND, C-GET and C-MOVE have in common. */
export interface QueryOperation {
  /** The information model, e.g. Study Root Query/Retrieve – FIND: the abstract syntax of the context that is used. */
  readonly SOPClassUID: string;
  /** The identifier (PS3.4 C.2.2), encoded in the transfer syntax of the context. */
  readonly identifier: Buffer;
  /** 0 medium, 1 high, 2 low. [0] */
  readonly Priority?: number;
}

/** C-GET and C-MOVE, whose progress can be followed and which can be cancelled. */
export interface RetrieveOperation extends QueryOperation {
  /** Told the numbers of sub-operations that remain, are completed, failed, or completed with a warning. */
  readonly onProgress?: (response: ServiceResponse) => void;
  /** Asks the peer to stop; what has been sent is not taken back. */
  readonly signal?: AbortSignal;
}

/** What the DIMSE-N operations have in common. */
export interface InstanceOperation {
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
  /** Abstract syntax of the context that is used, where it is another one than the SOP class (UPS, print). [SOPClassUID] */
  readonly abstractSyntax?: string;
}

/** A DIMSE-N operation that may carry a data set, encoded in the transfer syntax of the context. */
interface WithDataset {
  readonly dataset?: Buffer;
}

/**
 * What can be asked of a peer over an association: the eleven DIMSE services (PS3.7 9, 10) as their invoker has them.
 *
 * Each resolves with the peer's final response, whatever its status. Each throws PrioraError: DESTINATION_REFUSED when no
 * presentation context for it was accepted; DESTINATION_UNREACHABLE, DESTINATION_REFUSED or CANCELLED when the
 * association ends before the answer.
 */
export abstract class ServiceUser {
  abstract readonly info: AssociationInfo;

  /** A request of any service. Requests wait for their turn. */
  abstract invoke(request: Request): Promise<ServiceResponse>;

  /** What we may be on a context, by the roles that were negotiated (PS3.7 D.3.3.4). */
  protected abstract rolesOn(context: PresentationContext): Roles;

  /**
   * The accepted context for an abstract syntax and, if given, a transfer syntax.
   *
   * @param role that we must have on it: the SCU invokes every service but N-EVENT-REPORT, which is the SCP's. [`scu`]
   */
  contextFor(
    abstractSyntax: string,
    transferSyntax?: string,
    role: keyof Roles = 'scu',
  ): PresentationContext | undefined {
    return this.info.presentationContexts.find(
      (context) =>
        context.abstractSyntax === abstractSyntax &&
        (transferSyntax === undefined || context.transferSyntax === transferSyntax) &&
        this.rolesOn(context)[role],
    );
  }

  /** C-ECHO (PS3.7 9.1.5). */
  async echo(): Promise<ServiceResponse> {
    const presentationContext = this.#contextOrRefusal(SOPClass.Verification);
    const { abstractSyntax: AffectedSOPClassUID } = presentationContext;
    return this.invoke({
      command: { CommandField: CommandField.C_ECHO_RQ, AffectedSOPClassUID },
      presentationContext,
    });
  }

  /**
   * C-STORE (PS3.7 9.1.1): the data set's bytes go out as they are.
   *
   * @throws also what `dataset` throws (the association is aborted then: half a message is out)
   */
  async store(operation: StoreOperation): Promise<ServiceResponse> {
    const { SOPClassUID, SOPInstanceUID, transferSyntax, dataset } = operation;
    const { MoveOriginatorApplicationEntityTitle, MoveOriginatorMessageID } = operation;
    const presentationContext = this.#contextOrRefusal(SOPClassUID, transferSyntax);
    return this.invoke({
      command: {
        CommandField: CommandField.C_STORE_RQ,
        AffectedSOPClassUID: SOPClassUID,
        AffectedSOPInstanceUID: SOPInstanceUID,
        Priority: 0,
        ...(MoveOriginatorApplicationEntityTitle === undefined ? {} : { MoveOriginatorApplicationEntityTitle }),
        ...(MoveOriginatorMessageID === undefined ? {} : { MoveOriginatorMessageID }),
      },
      presentationContext,
      dataset,
    });
  }

  /**
   * C-FIND (PS3.7 9.1.2): yields the matches one by one, holding the peer back meanwhile. Leaving the loop cancels the
   * query.
   *
   * @returns the final response, as the generator's return value.
   */
  find({ SOPClassUID, identifier, Priority = 0 }: QueryOperation): AsyncGenerator<ServiceResponse, ServiceResponse> {
    const command = { CommandField: CommandField.C_FIND_RQ, AffectedSOPClassUID: SOPClassUID, Priority };
    return matchesOf((hooks) => {
      const presentationContext = this.#contextOrRefusal(SOPClassUID);
      return this.invoke({ command, presentationContext, dataset: [identifier], ...hooks });
    });
  }

  /**
   * C-GET (PS3.7 9.1.3): the instances come as C-STORE requests on this association, to the services it was requested
   * with. Their storage contexts must have been proposed with the role of an SCP.
   */
  async get(operation: RetrieveOperation): Promise<ServiceResponse> {
    return this.#retrieve({ CommandField: CommandField.C_GET_RQ }, operation);
  }

  /** C-MOVE (PS3.7 9.1.4): the peer sends the instances to `MoveDestination`, whose address it must know. */
  async move(operation: RetrieveOperation & { readonly MoveDestination: string }): Promise<ServiceResponse> {
    const { MoveDestination } = operation;
    return this.#retrieve({ CommandField: CommandField.C_MOVE_RQ, MoveDestination }, operation);
  }

  /** N-EVENT-REPORT (PS3.7 10.1.1). */
  async nEventReport(
    operation: InstanceOperation & WithDataset & { readonly EventTypeID: number },
  ): Promise<ServiceResponse> {
    const { SOPClassUID: AffectedSOPClassUID, SOPInstanceUID: AffectedSOPInstanceUID, EventTypeID } = operation;
    const command = { CommandField: CommandField.N_EVENT_REPORT_RQ, EventTypeID };
    return this.#normalized({ ...command, AffectedSOPClassUID, AffectedSOPInstanceUID }, operation, 'scp');
  }

  /** N-GET (PS3.7 10.1.2). @param operation.attributes tags, as group · 65536 + element. [all that the instance has] */
  async nGet(operation: InstanceOperation & { readonly attributes?: readonly number[] }): Promise<ServiceResponse> {
    const { SOPClassUID: RequestedSOPClassUID, SOPInstanceUID: RequestedSOPInstanceUID, attributes } = operation;
    const command = { CommandField: CommandField.N_GET_RQ, RequestedSOPClassUID, RequestedSOPInstanceUID };
    return this.#normalized({ ...command, ...(attributes ? { AttributeIdentifierList: attributes } : {}) }, operation);
  }

  /** N-SET (PS3.7 10.1.3). */
  async nSet(operation: InstanceOperation & Required<WithDataset>): Promise<ServiceResponse> {
    const { SOPClassUID: RequestedSOPClassUID, SOPInstanceUID: RequestedSOPInstanceUID } = operation;
    const command = { CommandField: CommandField.N_SET_RQ, RequestedSOPClassUID, RequestedSOPInstanceUID };
    return this.#normalized(command, operation);
  }

  /** N-ACTION (PS3.7 10.1.4). */
  async nAction(
    operation: InstanceOperation & WithDataset & { readonly ActionTypeID: number },
  ): Promise<ServiceResponse> {
    const { SOPClassUID: RequestedSOPClassUID, SOPInstanceUID: RequestedSOPInstanceUID, ActionTypeID } = operation;
    const command = { CommandField: CommandField.N_ACTION_RQ, ActionTypeID };
    return this.#normalized({ ...command, RequestedSOPClassUID, RequestedSOPInstanceUID }, operation);
  }

  /** N-CREATE (PS3.7 10.1.5). Without a SOPInstanceUID the peer gives one: AffectedSOPInstanceUID of its response. */
  async nCreate(
    operation: Omit<InstanceOperation, 'SOPInstanceUID'> & WithDataset & { readonly SOPInstanceUID?: string },
  ): Promise<ServiceResponse> {
    const { SOPClassUID: AffectedSOPClassUID, SOPInstanceUID: AffectedSOPInstanceUID } = operation;
    const command = { CommandField: CommandField.N_CREATE_RQ, AffectedSOPClassUID };
    const named = AffectedSOPInstanceUID === undefined ? {} : { AffectedSOPInstanceUID };
    return this.#normalized({ ...command, ...named }, operation);
  }

  /** N-DELETE (PS3.7 10.1.6). */
  async nDelete(operation: InstanceOperation): Promise<ServiceResponse> {
    const { SOPClassUID: RequestedSOPClassUID, SOPInstanceUID: RequestedSOPInstanceUID } = operation;
    const command = { CommandField: CommandField.N_DELETE_RQ, RequestedSOPClassUID, RequestedSOPInstanceUID };
    return this.#normalized(command, operation);
  }

  #retrieve(
    command: Request['command'],
    { SOPClassUID, identifier, Priority = 0, onProgress, signal }: RetrieveOperation,
  ): Promise<ServiceResponse> {
    return this.invoke({
      command: { ...command, AffectedSOPClassUID: SOPClassUID, Priority },
      presentationContext: this.#contextOrRefusal(SOPClassUID),
      dataset: [identifier],
      ...(onProgress ? { onPending: onProgress } : {}),
      ...(signal ? { signal } : {}),
    });
  }

  #normalized(
    command: Request['command'],
    { SOPClassUID, abstractSyntax = SOPClassUID, dataset }: Omit<InstanceOperation, 'SOPInstanceUID'> & WithDataset,
    role: keyof Roles = 'scu',
  ): Promise<ServiceResponse> {
    const presentationContext = this.#contextOrRefusal(abstractSyntax, undefined, role);
    return this.invoke({ command, presentationContext, ...(dataset ? { dataset: [dataset] } : {}) });
  }

  #contextOrRefusal(abstractSyntax: string, transferSyntax?: string, role?: keyof Roles): PresentationContext {
    const context = this.contextFor(abstractSyntax, transferSyntax, role);
    if (context) return context;
    const { calledAETitle } = this.info;
    const what = transferSyntax === undefined ? abstractSyntax : `${abstractSyntax} in ${transferSyntax}`;
    throw new PrioraError('DESTINATION_REFUSED', `${calledAETitle} does not accept ${what}`);
  }
}
