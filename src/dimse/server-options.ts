import type { Logger } from '../core/log.js';
import type { AssociationEnd, AssociationInfo, Roles } from './association-info.js';
import type { Service } from './service.js';

/** An abstract syntax that the SCP accepts, with its transfer syntaxes. */
export interface SupportedContext {
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
  /** Roles of the *requestor* that are accepted if it asks (PS3.7 D.3.3.4). [SCU only: `{ scu: true, scp: false }`] */
  readonly roles?: Roles;
}

/** TLS for the server, PEM texts (PS3.15 B.9 profiles are what Node's defaults offer: TLS 1.2 and 1.3). */
export interface ServerTLS {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  /** Certificates against which clients are verified. [none: clients need no certificate] */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
}

export interface ServerOptions {
  /** Our application entity title, 1–16 characters. */
  readonly aeTitle: string;
  /** Address to listen on. [127.0.0.1] */
  readonly host?: string;
  /** Port to listen on; 0 takes a free one. */
  readonly port: number;
  /** Called AE titles that are accepted. [`aeTitle` alone] */
  readonly calledAETitles?: 'any' | readonly string[];
  /** Calling AE titles that are accepted. [any] */
  readonly callingAETitles?: 'any' | readonly string[];
  readonly supportedContexts: readonly SupportedContext[];
  /** C-ECHO is always served. */
  readonly services: readonly Service[];
  /** Associations at the same time; the next one gets A-ASSOCIATE-RJ, transient, local limit exceeded. [64] */
  readonly maxAssociations?: number;
  /** Largest P-DATA-TF that is accepted, bytes of its variable field (PS3.8 D.1). [131072] */
  readonly maxPDULength?: number;
  /** ARTIM (PS3.8 9.1.5): silence allowed before A-ASSOCIATE-RQ and after a release or abort, milliseconds. [30000] */
  readonly artimTimeoutMs?: number;
  /** Silence allowed on an established association while no request is being worked on, milliseconds. [60000] */
  readonly idleTimeoutMs?: number;
  readonly tls?: ServerTLS;
  readonly logger: Logger;
  /** Called once for each association, after the last sink has finished or aborted. */
  readonly onAssociationClosed?: (association: AssociationInfo, end: AssociationEnd) => void;
  /** Called for each connection that never became an association, with the reason. */
  readonly onRefused?: (peerAddress: string, reason: string) => void;
}
