import { encodeItem, encodeUserInformation } from './user-information.js';
import {
  PDUType,
  pduHeaderLength,
  pdvHeaderLength,
  type AssociateAC,
  type AssociateRQ,
  type PDU,
  type PresentationDataValue,
} from './pdu.js';

const text = (value: string) => Buffer.from(value, 'latin1');
const aeTitle = (value: string) => text(value.padEnd(16).slice(0, 16));

function encodePDU(type: number, ...body: readonly Buffer[]): Buffer {
  const length = body.reduce((sum, part) => sum + part.length, 0);
  const header = Buffer.from([type, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(length, 2);
  return Buffer.concat([header, ...body]);
}

function encodeContexts(pdu: AssociateRQ | AssociateAC): Buffer[] {
  if (pdu.type === 'associate-rq') {
    return pdu.presentationContexts.map(({ id, abstractSyntax, transferSyntaxes }) =>
      encodeItem(
        0x20,
        Buffer.from([id, 0, 0, 0]),
        encodeItem(0x30, text(abstractSyntax)),
        ...transferSyntaxes.map((uid) => encodeItem(0x40, text(uid))),
      ),
    );
  }
  return pdu.presentationContexts.map(({ id, result, transferSyntax }) =>
    encodeItem(0x21, Buffer.from([id, 0, result, 0]), encodeItem(0x40, text(transferSyntax))),
  );
}

function encodeAssociate(pdu: AssociateRQ | AssociateAC): Buffer {
  return encodePDU(
    pdu.type === 'associate-rq' ? PDUType.AssociateRQ : PDUType.AssociateAC,
    Buffer.from([pdu.protocolVersion >> 8, pdu.protocolVersion & 0xff, 0, 0]),
    aeTitle(pdu.calledAETitle),
    aeTitle(pdu.callingAETitle),
    Buffer.alloc(32),
    encodeItem(0x10, text(pdu.applicationContextName)),
    ...encodeContexts(pdu),
    encodeItem(0x50, encodeUserInformation(pdu.userInformation)),
  );
}

/**
 * The bytes before the data of a single PDV, P-DATA-TF header included: a sender writes them and the data together,
 * without copying the data.
 *
 * @see PS3.8 9.3.5, E.2
 */
export function encodeDataHeader(pdv: Omit<PresentationDataValue, 'data'>, dataLength: number): Buffer {
  const header = Buffer.allocUnsafe(pduHeaderLength + pdvHeaderLength);
  header[0] = PDUType.DataTF;
  header[1] = 0;
  header.writeUInt32BE(pdvHeaderLength + dataLength, 2);
  writePdvHeader(header, pduHeaderLength, pdv, dataLength);
  return header;
}

function writePdvHeader(into: Buffer, at: number, pdv: Omit<PresentationDataValue, 'data'>, dataLength: number): void {
  into.writeUInt32BE(2 + dataLength, at);
  into[at + 4] = pdv.contextID;
  into[at + 5] = (pdv.isCommand ? 1 : 0) | (pdv.isLast ? 2 : 0);
}

/** The bytes of a PDU (PS3.8 9.3). */
export function encode(pdu: PDU): Buffer {
  switch (pdu.type) {
    case 'associate-rq':
    case 'associate-ac':
      return encodeAssociate(pdu);
    case 'associate-rj':
      return encodePDU(PDUType.AssociateRJ, Buffer.from([0, pdu.result, pdu.source, pdu.reason]));
    case 'data-tf':
      return encodePDU(
        PDUType.DataTF,
        ...pdu.presentationDataValues.flatMap((pdv) => {
          const header = Buffer.alloc(pdvHeaderLength);
          writePdvHeader(header, 0, pdv, pdv.data.length);
          return [header, pdv.data];
        }),
      );
    case 'release-rq':
      return encodePDU(PDUType.ReleaseRQ, Buffer.alloc(4));
    case 'release-rp':
      return encodePDU(PDUType.ReleaseRP, Buffer.alloc(4));
    case 'abort':
      return encodePDU(PDUType.Abort, Buffer.from([0, 0, pdu.source, pdu.reason]));
  }
}
