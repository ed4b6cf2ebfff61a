/**
 * `priora/dimse`: DICOM networking (PS3.7, PS3.8) in both roles.
 *
 * @packageDocumentation
 */
export { PrioraError, type ErrorCode } from '../core/errors.js';
export type { Dataset } from '../dicom/dataset.js';
export { decodeDataset, encodeDataset } from '../dicom/encoded-dataset.js';
export { SOPClass, TransferSyntax } from '../dicom/uid.js';
export { Association, type AssociationOptions } from './association.js';
export { type AssociationEnd, type AssociationInfo, type PresentationContext, type Roles } from './association-info.js';
export { CommandField, commandName, type CommandSet } from './command-set.js';
export type { ClientTLS } from './connect.js';
export type { Request } from './invoker.js';
export { findService, getService, moveService, type Match, type Move, type Query } from './query-retrieve-service.js';
export { isDelivered, isPending, responseFor, Status, statusText, type ServiceResponse } from './response.js';
export { createServer, type Server } from './server.js';
export type { ServerOptions, ServerTLS, SupportedContext } from './server-options.js';
export {
  serviceOf,
  verificationService,
  type DatasetSink,
  type Exchange,
  type Service,
  type ServiceRequest,
  type WholeRequest,
} from './service.js';
export type {
  InstanceOperation,
  QueryOperation,
  RetrieveOperation,
  ServiceUser,
  StoreOperation,
} from './service-user.js';
export { storageService, type StoreHandler, type StoreRequest } from './storage-service.js';
export type { RoleSelection, UserIdentity } from './pdu.js';
