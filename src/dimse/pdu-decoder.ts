import { ByteCursor } from './byte-cursor.js';
import {
  PDUType,
  type AnsweredContext,
  type AssociateAC,
  type AssociateRQ,
  type ControlPDU,
  type ProposedContext,
} from './pdu.js';
import { AbortReason, ProtocolError, type Rejection } from './refusal.js';
import { decodeUserInformation } from './user-information.js';
import type { UserInformation } from './pdu.js';

/**
 * Longest variable field that is accepted for a PDU type, so that a length is refused before anything is stored for it.
 * 128 contexts with 30 transfer syntaxes each make an A-ASSOCIATE-RQ of about 110 kB.
 *
 * @throws ProtocolError for a PDU type that PS3.8 does not define, and for a length it does not allow
 */
export function checkLength(type: number, length: number, maxDataLength: number): void {
  switch (type) {
    case PDUType.AssociateRQ:
    case PDUType.AssociateAC:
      if (length < 68 || length > 262_144) throw new ProtocolError(`an A-ASSOCIATE PDU of ${length} bytes`);
      return;
    case PDUType.DataTF:
      if (length < 6) throw new ProtocolError('a P-DATA-TF without a presentation data value');
      if (length > maxDataLength) {
        throw new ProtocolError(`a P-DATA-TF of ${length} bytes where ${maxDataLength} were negotiated`);
      }
      return;
    case PDUType.AssociateRJ:
    case PDUType.ReleaseRQ:
    case PDUType.ReleaseRP:
    case PDUType.Abort:
      if (length !== 4) throw new ProtocolError(`a PDU of type ${type} with a length of ${length} instead of 4`);
      return;
    default:
      throw new ProtocolError(`PDU type 0x${type.toString(16).padStart(2, '0')}`, AbortReason.UnrecognizedPDU);
  }
}

/** The fixed fields of an A-ASSOCIATE-RQ (PS3.8 Table 9-11): who calls whom. */
export type AssociateHeader = Pick<AssociateRQ, 'protocolVersion' | 'calledAETitle' | 'callingAETitle'>;

/** Our answer to a peer that we do not serve, or null if the request is worth decoding. */
export type Screen = (header: AssociateHeader) => Rejection | null;

/** A request that was refused because of its fixed fields; its items were not decoded. */
export interface RejectedRQ {
  readonly type: 'rejected-rq';
  readonly rejection: Rejection;
}

export type DecodedPDU = ControlPDU | RejectedRQ;

/**
 * Decodes the variable field of any PDU but P-DATA-TF.
 *
 * @throws ProtocolError if it is not what PS3.8 9.3 describes
 */
export function decodeControl(type: number, body: Buffer, screen?: Screen): DecodedPDU {
  const cursor = new ByteCursor(body);
  switch (type) {
    case PDUType.AssociateRQ:
      return decodeAssociate(cursor, true, screen);
    case PDUType.AssociateAC:
      return decodeAssociate(cursor, false);
    case PDUType.AssociateRJ:
      cursor.skip(1);
      return { type: 'associate-rj', result: cursor.uint8(), source: cursor.uint8(), reason: cursor.uint8() };
    case PDUType.ReleaseRQ:
      return { type: 'release-rq' };
    case PDUType.ReleaseRP:
      return { type: 'release-rp' };
    case PDUType.Abort:
      cursor.skip(2);
      return { type: 'abort', source: cursor.uint8(), reason: cursor.uint8() };
    default:
      throw new ProtocolError(`PDU type ${type}`, AbortReason.UnrecognizedPDU);
  }
}

function decodeAssociate(
  cursor: ByteCursor,
  isRequest: boolean,
  screen?: Screen,
): AssociateRQ | AssociateAC | RejectedRQ {
  const protocolVersion = cursor.uint16();
  cursor.skip(2);
  const calledAETitle = cursor.text(16);
  const callingAETitle = cursor.text(16);
  const rejection = screen?.({ protocolVersion, calledAETitle, callingAETitle });
  if (rejection) return { type: 'rejected-rq', rejection };
  cursor.skip(32);
  let applicationContextName: string | undefined;
  let userInformation: UserInformation | undefined;
  const proposed: ProposedContext[] = [];
  const answered: AnsweredContext[] = [];
  while (cursor.remaining > 0) {
    const type = cursor.uint8();
    cursor.skip(1);
    const length = cursor.uint16();
    const item = cursor.part(length);
    if (type === 0x10) applicationContextName = item.text(length);
    else if (type === 0x20 && isRequest) proposed.push(decodeProposed(item));
    else if (type === 0x21 && !isRequest) answered.push(decodeAnswered(item));
    else if (type === 0x50) userInformation = decodeUserInformation(item);
    // Any other item is ignored on receipt (PS3.8 9.3.1).
  }
  if (applicationContextName === undefined) throw new ProtocolError('no application context item');
  if (userInformation === undefined) throw new ProtocolError('no user information item');
  const common = { protocolVersion, calledAETitle, callingAETitle, applicationContextName, userInformation };
  const contexts: readonly { id: number }[] = isRequest ? proposed : answered;
  if (contexts.length === 0) throw new ProtocolError('no presentation context item');
  if (new Set(contexts.map(({ id }) => id)).size !== contexts.length) {
    throw new ProtocolError('a presentation context id is used twice');
  }
  return isRequest
    ? { type: 'associate-rq', ...common, presentationContexts: proposed }
    : { type: 'associate-ac', ...common, presentationContexts: answered };
}

/** PS3.8 9.3.2.2: the id is odd; there is one abstract syntax and at least one transfer syntax. */
function decodeProposed(item: ByteCursor): ProposedContext {
  const id = contextID(item);
  item.skip(3);
  const abstractSyntaxes: string[] = [];
  const transferSyntaxes: string[] = [];
  while (item.remaining > 0) {
    const type = item.uint8();
    item.skip(1);
    const value = item.text(item.uint16());
    if (type === 0x30) abstractSyntaxes.push(value);
    else if (type === 0x40) transferSyntaxes.push(value);
  }
  if (abstractSyntaxes.length !== 1 || transferSyntaxes.length === 0) {
    throw new ProtocolError(`presentation context ${id} lacks an abstract or a transfer syntax`);
  }
  return { id, abstractSyntax: abstractSyntaxes[0], transferSyntaxes };
}

/** PS3.8 9.3.3.2. The transfer syntax of a rejected context is not significant; some peers leave it out. */
function decodeAnswered(item: ByteCursor): AnsweredContext {
  const id = contextID(item);
  item.skip(1);
  const result = item.uint8();
  item.skip(1);
  let transferSyntax = '';
  while (item.remaining > 0) {
    const type = item.uint8();
    item.skip(1);
    const value = item.text(item.uint16());
    if (type === 0x40) transferSyntax = value;
  }
  if (result === 0 && transferSyntax === '') throw new ProtocolError(`context ${id} accepted without transfer syntax`);
  return { id, result, transferSyntax };
}

function contextID(item: ByteCursor): number {
  const id = item.uint8();
  if (id % 2 === 0) throw new ProtocolError(`presentation context id ${id} is not odd`);
  return id;
}
