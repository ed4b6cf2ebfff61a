import type { Logger } from '../core/log.js';
import type { CommandField } from './command-field.js';
import type { CommandSet } from './command-set.js';

/** One accepted presentation context (PS3.8 7.1.1.13, 9.3.3.2): the odd id stands for these two syntaxes. */
export interface PresentationContext {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntax: string;
}

/** What both peers know of an association once it is established. Identifies it in logs and in the index. */
export interface AssociationInfo {
  /** Unique within this process, e.g. `17`; counts up from 1. */
  readonly id: number;
  readonly callingAETitle: string;
  readonly calledAETitle: string;
  readonly peerAddress: string;
  readonly peerPort: number;
  readonly peerImplementationClassUID: string;
  readonly peerImplementationVersionName: string;
  readonly presentationContexts: readonly PresentationContext[];
  readonly secure: boolean;
}

/** How an association ended. Anything but `released` means that the peer may not have sent all it wanted to. */
export interface AssociationEnd {
  readonly outcome: 'released' | 'aborted';
  /** One plain sentence for the operator, e.g. `the peer closed the connection without a release`. */
  readonly reason: string;
  /** SOP instances that were answered with Success or a warning over this association. */
  readonly instancesStored: number;
}

/** What a service answers: the response's command set without the elements that the layer fills in itself. */
export interface ServiceResponse extends CommandSet {
  /**
   * PS3.7 Annex C, PS3.4 Table B.2-1: 0x0000 Success, 0xBxxx warning, 0xAxxx/0xCxxx/0x01xx failure. Of an ErrorComment at
   * most 64 characters are sent; it never holds PHI.
   */
  readonly Status: number;
}

/**
 * Takes a request's data set as it arrives. Calls come one at a time and in order; exactly one of `finish` and `abort`
 * is called last.
 */
export interface DatasetSink {
  /**
   * The next bytes of the data set, in the context's transfer syntax, without preamble or file meta. The buffer is the
   * sink's to keep; it is not reused. A returned promise holds the peer back (TCP back-pressure) until it resolves.
   * A rejection is answered with its `PrioraError.dimseStatus`; the rest of the data set is then read and dropped.
   */
  write(chunk: Buffer): void | Promise<void>;
  /** The data set is complete. What it resolves to is the answer the peer gets; a rejection as for `write`. */
  finish(): Promise<ServiceResponse>;
  /** The data set will not be completed (peer gone, association aborted, or an earlier `write` failed). Must not throw. */
  abort(reason: string): void | Promise<void>;
}

/** A decoded DIMSE request and where it came from. */
export interface ServiceRequest {
  readonly commandField: number;
  readonly messageID: number;
  readonly presentationContext: PresentationContext;
  readonly association: AssociationInfo;
  /** The command set by keyword (PS3.7 E.1). */
  readonly command: CommandSet;
  readonly hasDataset: boolean;
}

/** What a service may do while a request is in progress, besides its final answer. */
export interface Exchange {
  /** Sends an intermediate response (C-FIND, C-MOVE and C-GET pending), with its identifier's bytes if there is one. */
  respond(response: ServiceResponse, dataset?: Buffer): Promise<void>;
  /** Aborts when the peer sends C-CANCEL for this request, or when the association ends. */
  readonly signal: AbortSignal;
}

/** One DIMSE service of the SCP, chosen by the request's CommandField. */
export interface Service {
  readonly commandField: CommandField;
  /**
   * Opens the request. A rejection is answered with its `PrioraError.dimseStatus`, and the data set, if any, is dropped.
   * Without a data set `finish` follows at once.
   */
  open(request: ServiceRequest, exchange: Exchange): DatasetSink | Promise<DatasetSink>;
}

/** A C-STORE-RQ (PS3.7 9.3.1.1). */
export interface StoreRequest {
  readonly AffectedSOPClassUID: string;
  readonly AffectedSOPInstanceUID: string;
  readonly MoveOriginatorApplicationEntityTitle?: string;
  readonly presentationContext: PresentationContext;
  readonly association: AssociationInfo;
}

/** Receives one instance; see {@link Service.open} and {@link DatasetSink} for back-pressure and failures. */
export type StoreHandler = (request: StoreRequest) => DatasetSink | Promise<DatasetSink>;

/** An abstract syntax the SCP accepts, with its transfer syntaxes in the SCP's order of preference. */
export interface SupportedContext {
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
  /** Roles of the *requestor* that are accepted when it asks (PS3.7 D.3.3.4). [SCU only: `{ scu: true, scp: false }`] */
  readonly roles?: { readonly scu: boolean; readonly scp: boolean };
}

/** TLS for the server, PEM texts (PS3.15 B.9 profiles are what Node's defaults offer: TLS 1.2 and 1.3). */
export interface ServerTLS {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  /** Certificates that clients are checked against. [none: clients need no certificate] */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
}

export interface ServerOptions {
  /** Our application entity title, 1–16 characters. */
  readonly aeTitle: string;
  /** Address to listen on. [127.0.0.1] */
  readonly host?: string;
  /** Port to listen on; 0 takes a free one. */
  readonly port: number;
  /** Called AE titles that are answered. [`aeTitle` alone] */
  readonly calledAETitles?: 'any' | readonly string[];
  /** Calling AE titles that are served. [any] */
  readonly callingAETitles?: 'any' | readonly string[];
  readonly supportedContexts: readonly SupportedContext[];
  /** C-ECHO is always served. */
  readonly services: readonly Service[];
  /**
   * Whose order decides among a context's transfer syntaxes. [`requestor`: the first proposed one that we support, so
   * that what a sender prefers is stored as received]
   */
  readonly transferSyntaxPreference?: 'requestor' | 'acceptor';
  /** Connections served at once; the next one gets A-ASSOCIATE-RJ, transient, local limit exceeded. [64] */
  readonly maxAssociations?: number;
  /** Largest P-DATA-TF that is accepted, bytes of its variable field (PS3.8 D.1). [131072] */
  readonly maxPDULength?: number;
  /** Largest command set that is accepted, bytes. [65536] */
  readonly maxCommandLength?: number;
  /** ARTIM (PS3.8 9.1.5): silence allowed before A-ASSOCIATE-RQ and after a release or abort, milliseconds. [30000] */
  readonly artimTimeoutMs?: number;
  /** Silence allowed on an established association while no request is being worked on, milliseconds. [60000] */
  readonly idleTimeoutMs?: number;
  readonly tls?: ServerTLS;
  readonly logger: Logger;
  readonly onAssociationOpened?: (association: AssociationInfo) => void;
  /** Called once for each opened association, after the last sink has finished or aborted. */
  readonly onAssociationClosed?: (association: AssociationInfo, end: AssociationEnd) => void;
  /** Called for each connection that never became an association, with the reason. */
  readonly onRefused?: (peerAddress: string, reason: string) => void;
}

export interface Server {
  /** @throws PrioraError CONFIG_INVALID when the address cannot be bound. */
  listen(): Promise<{ host: string; port: number }>;
  /** Stops accepting, aborts what is open and waits until every sink is done. */
  close(): Promise<void>;
  /** Connections open now, established or not. */
  readonly connections: number;
}
