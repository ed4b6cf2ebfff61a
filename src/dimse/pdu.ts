import type { Roles } from './association-info.js';

/** PDU-type values (PS3.8 9.3.1). */
export const PDUType = {
  AssociateRQ: 0x01,
  AssociateAC: 0x02,
  AssociateRJ: 0x03,
  DataTF: 0x04,
  ReleaseRQ: 0x05,
  ReleaseRP: 0x06,
  Abort: 0x07,
} as const;

/** The one application context of DICOM (PS3.7 A.2.1). */
export const applicationContextName = '1.2.840.10008.3.1.1.1';

/** SCP/SCU role selection (PS3.7 D.3.3.4): in a request what is proposed, in an answer what is granted. */
export interface RoleSelection extends Roles {
  readonly SOPClassUID: string;
}

/** SOP class extended negotiation (PS3.7 D.3.3.5). */
export interface ExtendedNegotiation {
  readonly SOPClassUID: string;
  readonly serviceClassApplicationInformation: Buffer;
}

/** SOP class common extended negotiation (PS3.7 D.3.3.6). */
export interface CommonExtendedNegotiation {
  readonly SOPClassUID: string;
  readonly serviceClassUID: string;
  readonly relatedGeneralSOPClassUIDs: readonly string[];
}

/** User identity of a requestor (PS3.7 D.3.3.7.1). */
export interface UserIdentity {
  /** 1 user name, 2 user name and passcode, 3 Kerberos, 4 SAML, 5 JWT. */
  readonly type: number;
  readonly positiveResponseRequested: boolean;
  readonly primaryField: Buffer;
  readonly secondaryField: Buffer;
}

/** The user information item (PS3.8 9.3.2.3, PS3.7 D.3.3) of an A-ASSOCIATE-RQ or -AC. */
export interface UserInformation {
  /** Largest P-DATA-TF variable field the writer of this item can receive; 0 is unlimited (PS3.8 D.1). */
  readonly maximumLength?: number;
  readonly implementationClassUID?: string;
  readonly implementationVersionName?: string;
  readonly asynchronousOperationsWindow?: { readonly invoked: number; readonly performed: number };
  readonly roleSelections: readonly RoleSelection[];
  readonly extendedNegotiations: readonly ExtendedNegotiation[];
  readonly commonExtendedNegotiations: readonly CommonExtendedNegotiation[];
  readonly userIdentity?: UserIdentity;
  /** The acceptor's answer to a user identity (PS3.7 D.3.3.7.2). */
  readonly userIdentityResponse?: Buffer;
}

/** A presentation context item of an A-ASSOCIATE-RQ (PS3.8 9.3.2.2). */
export interface ProposedContext {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
}

/** Result of a presentation context negotiation (PS3.8 Table 9-18). */
export const ContextResult = {
  Acceptance: 0,
  UserRejection: 1,
  NoReason: 2,
  AbstractSyntaxNotSupported: 3,
  TransferSyntaxesNotSupported: 4,
} as const;

/** A presentation context item of an A-ASSOCIATE-AC (PS3.8 9.3.3.2). */
export interface AnsweredContext {
  readonly id: number;
  readonly result: number;
  /** Significant only with {@link ContextResult.Acceptance}. */
  readonly transferSyntax: string;
}

interface Associate {
  readonly protocolVersion: number;
  readonly calledAETitle: string;
  readonly callingAETitle: string;
  readonly applicationContextName: string;
  readonly userInformation: UserInformation;
}

/** PS3.8 9.3.2. */
export interface AssociateRQ extends Associate {
  readonly type: 'associate-rq';
  readonly presentationContexts: readonly ProposedContext[];
}

/** PS3.8 9.3.3. The two titles are echoed and not tested. */
export interface AssociateAC extends Associate {
  readonly type: 'associate-ac';
  readonly presentationContexts: readonly AnsweredContext[];
}

/** PS3.8 9.3.4; see `refusal.ts` for the values. */
export interface AssociateRJ {
  readonly type: 'associate-rj';
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}

/** One presentation data value, whole (PS3.8 9.3.5.1, message control header in Annex E.2). */
export interface PresentationDataValue {
  readonly contextID: number;
  readonly isCommand: boolean;
  readonly isLast: boolean;
  readonly data: Buffer;
}

/** PS3.8 9.3.5. */
export interface DataTF {
  readonly type: 'data-tf';
  readonly presentationDataValues: readonly PresentationDataValue[];
}

export interface ReleaseRQ {
  readonly type: 'release-rq';
}

export interface ReleaseRP {
  readonly type: 'release-rp';
}

/** PS3.8 9.3.8. Source 0: service user, 2: service provider. */
export interface Abort {
  readonly type: 'abort';
  readonly source: number;
  readonly reason: number;
}

/** Every PDU but P-DATA-TF, which is read as a stream. */
export type ControlPDU = AssociateRQ | AssociateAC | AssociateRJ | ReleaseRQ | ReleaseRP | Abort;
export type PDU = ControlPDU | DataTF;

/** Bytes of PDU type, reserved byte and PDU length. */
export const pduHeaderLength = 6;
/** Bytes of a PDV item before its data: length, context id, message control header. */
export const pdvHeaderLength = 6;
