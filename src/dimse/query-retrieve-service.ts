import { asPrioraError } from '../core/errors.js';
import { TransferSyntax } from '../dicom/uid.js';
import { Association, type AssociationOptions } from './association.js';
import { CommandField } from './command-set.js';
import { serviceOf, type Exchange, type Service, type WholeRequest } from './service.js';
import type { ServiceUser, StoreOperation } from './service-user.js';
import { isDelivered, Status, type ServiceResponse } from './response.js';

/** A C-FIND, C-GET or C-MOVE request as its handler gets it. */
export interface Query extends WholeRequest {
  /** The identifier (PS3.4 C.2.2), in the context's transfer syntax. */
  readonly identifier: Buffer;
  /** Aborts when the peer cancels, or the association ends. */
  readonly signal: AbortSignal;
}

/** One match of a C-FIND. */
export interface Match {
  /** In the transfer syntax of the query's context. */
  readonly identifier: Buffer;
  /** Pending, or 0xFF01: some optional keys were not supported for matching. [0xFF00] */
  readonly Status?: 0xff00 | 0xff01;
}

/** Where a C-MOVE sends to, and what. */
export interface Move {
  readonly destination: Omit<AssociationOptions, 'presentationContexts' | 'roleSelections' | 'signal'>;
  readonly instances: readonly StoreOperation[];
}

const queryOf = (request: WholeRequest, { signal }: Exchange): Query => ({
  ...request,
  identifier: request.dataset ?? Buffer.alloc(0),
  signal,
});

/**
 * C-FIND as SCP (PS3.7 9.1.2, PS3.4 C.4.1). Matches are sent as `handler` yields them; after a C-CANCEL none is asked for.
 *
 * @param handler what it throws is the final answer, as in {@link Service.open}.
 */
export function findService(handler: (query: Query) => Iterable<Match> | AsyncIterable<Match>): Service {
  return serviceOf(CommandField.C_FIND_RQ, async (request, exchange) => {
    const query = queryOf(request, exchange);
    for await (const { identifier, Status: status = Status.Pending } of handler(query)) {
      if (query.signal.aborted) break;
      await exchange.respond({ Status: status, dataset: identifier });
    }
    return { Status: query.signal.aborted ? Status.Cancel : Status.Success };
  });
}

/**
 * C-GET as SCP (PS3.7 9.1.3, PS3.4 C.4.3): sends the instances that `handler` finds over the same association. Those whose
 * storage context was not accepted with the role of an SCP for the peer count as failed.
 */
export function getService(
  handler: (query: Query) => readonly StoreOperation[] | Promise<readonly StoreOperation[]>,
): Service {
  return serviceOf(CommandField.C_GET_RQ, async (request, exchange) => {
    const instances = await handler(queryOf(request, exchange));
    return subOperations(instances, exchange.peer, request, exchange);
  });
}

/**
 * C-MOVE as SCP (PS3.7 9.1.4, PS3.4 C.4.2): sends the instances that `handler` finds to another application entity.
 *
 * @param handler given the title that the instances are to go to; null if it knows no such destination.
 */
export function moveService(
  handler: (query: Query & { readonly MoveDestination: string }) => Move | null | Promise<Move | null>,
): Service {
  return serviceOf(CommandField.C_MOVE_RQ, async (request, exchange) => {
    const { MoveDestination = '' } = request.command;
    const move = await handler({ ...queryOf(request, exchange), MoveDestination });
    if (!move) return { Status: Status.MoveDestinationUnknown, ErrorComment: `${MoveDestination} is not known` };
    const originator = {
      MoveOriginatorApplicationEntityTitle: request.association.callingAETitle,
      MoveOriginatorMessageID: request.messageID,
    };
    const instances = move.instances.map((instance) => ({ ...instance, ...originator }));
    if (instances.length === 0) return subOperations(instances, null, request, exchange);
    let destination: Association;
    try {
      destination = await Association.request({ ...move.destination, presentationContexts: contextsOf(instances) });
    } catch (error) {
      const all = instances.map(({ SOPInstanceUID }) => SOPInstanceUID);
      return { ...failed(all, request), ErrorComment: asPrioraError(error).message };
    }
    try {
      return await subOperations(instances, destination, request, exchange);
    } finally {
      await destination.release();
    }
  });
}

/** A context for each SOP class and transfer syntax among the instances. */
function contextsOf(instances: readonly StoreOperation[]): AssociationOptions['presentationContexts'] {
  const contexts = instances.map(({ SOPClassUID: abstractSyntax, transferSyntax }) => ({
    abstractSyntax,
    transferSyntaxes: [transferSyntax],
  }));
  return [
    ...new Map(
      contexts.map((context) => [`${context.abstractSyntax} ${context.transferSyntaxes[0]}`, context]),
    ).values(),
  ];
}

/**
 * Sends instances as C-STORE sub-operations, telling the peer after each how many remain (PS3.4 C.4.2.3, C.4.3.3).
 *
 * @param receiver who gets them; null where there are none.
 */
async function subOperations(
  instances: readonly StoreOperation[],
  receiver: ServiceUser | null,
  request: WholeRequest,
  exchange: Exchange,
): Promise<ServiceResponse> {
  const failedUIDs: string[] = [];
  let completed = 0;
  let warnings = 0;
  const numbers = () => ({
    NumberOfCompletedSuboperations: completed,
    NumberOfFailedSuboperations: failedUIDs.length,
    NumberOfWarningSuboperations: warnings,
  });
  for (const [index, instance] of instances.entries()) {
    if (exchange.signal.aborted)
      return { Status: Status.Cancel, NumberOfRemainingSuboperations: instances.length - index, ...numbers() };
    const status = await receiver!.store(instance).then(
      (response) => response.Status,
      () => null,
    );
    if (status === null || !isDelivered(status)) failedUIDs.push(instance.SOPInstanceUID);
    else if (status === Status.Success) completed++;
    else warnings++;
    const remaining = instances.length - index - 1;
    if (remaining > 0)
      await exchange.respond({ Status: Status.Pending, NumberOfRemainingSuboperations: remaining, ...numbers() });
  }
  if (failedUIDs.length > 0 && failedUIDs.length === instances.length) return failed(failedUIDs, request);
  const allStored = failedUIDs.length === 0 && warnings === 0;
  return {
    Status: allStored ? Status.Success : Status.SubOperationsWithFailures,
    ...numbers(),
    ...(failedUIDs.length > 0 ? { dataset: failedList(failedUIDs, request) } : {}),
  };
}

const failed = (UIDs: readonly string[], request: WholeRequest): ServiceResponse => ({
  Status: Status.UnableToPerformSubOperations,
  NumberOfCompletedSuboperations: 0,
  NumberOfFailedSuboperations: UIDs.length,
  NumberOfWarningSuboperations: 0,
  dataset: failedList(UIDs, request),
});

/** FailedSOPInstanceUIDList (0008,0058) as the identifier of a response; as many as the element can hold. */
function failedList(UIDs: readonly string[], { presentationContext }: WholeRequest): Buffer {
  const most = Math.floor(0xfffe / 65);
  const text = UIDs.slice(0, most).join('\\');
  const value = Buffer.from(text.length % 2 === 0 ? text : `${text}\0`, 'latin1');
  const header = Buffer.from([0x08, 0, 0x58, 0, 0, 0, 0, 0]);
  if (presentationContext.transferSyntax === TransferSyntax.ImplicitVRLittleEndian) {
    header.writeUInt32LE(value.length, 4);
  } else {
    header.write('UI', 4, 'latin1');
    header.writeUInt16LE(value.length, 6);
  }
  return Buffer.concat([header, value]);
}
