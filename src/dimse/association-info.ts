/** One accepted presentation context (PS3.8 7.1.1.13, 9.3.3.2): the odd id stands for these two syntaxes. */
export interface PresentationContext {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntax: string;
  /** What the requestor of the association may be on it: SCU, unless other roles were negotiated (PS3.7 D.3.3.4). */
  readonly requestorRoles: Roles;
}

/** Service class user, service class provider, or both. */
export interface Roles {
  readonly scu: boolean;
  readonly scp: boolean;
}

/** The roles of a requestor that negotiates none. */
export const defaultRoles: Roles = { scu: true, scp: false };

/** What both peers know about an association once it is established. Identifies it in logs and in the index. */
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

/** How an association ended. Anything but `released` means that the peer may not have sent everything it wanted to. */
export interface AssociationEnd {
  readonly outcome: 'released' | 'aborted';
  /** One plain sentence for the operator, e.g. `the peer closed the connection without a release`. */
  readonly reason: string;
  /** SOP instances that were answered with Success or a warning on this association. */
  readonly instancesStored: number;
}
