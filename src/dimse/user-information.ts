import type { ByteCursor } from './byte-cursor.js';
import type { CommonExtendedNegotiation, ExtendedNegotiation, RoleSelection, UserInformation } from './pdu.js';

const ItemType = {
  MaximumLength: 0x51,
  ImplementationClassUID: 0x52,
  AsynchronousOperationsWindow: 0x53,
  RoleSelection: 0x54,
  ImplementationVersionName: 0x55,
  ExtendedNegotiation: 0x56,
  CommonExtendedNegotiation: 0x57,
  UserIdentityRQ: 0x58,
  UserIdentityAC: 0x59,
} as const;

/** An item or sub-item of the association PDUs: type, reserved byte, length, value (PS3.8 9.3.2). */
export function encodeItem(type: number, ...value: readonly Buffer[]): Buffer {
  const length = value.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.from([type, 0, length >> 8, length & 0xff]);
  return Buffer.concat([head, ...value]);
}

const uint16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const text = (value: string) => Buffer.from(value, 'latin1');
const sized = (value: Buffer) => Buffer.concat([uint16(value.length), value]);

/** @see PS3.7 Annex D.3.3 for each sub-item */
export function encodeUserInformation(information: UserInformation): Buffer {
  const items: Buffer[] = [];
  if (information.maximumLength !== undefined) {
    const value = Buffer.alloc(4);
    value.writeUInt32BE(information.maximumLength);
    items.push(encodeItem(ItemType.MaximumLength, value));
  }
  if (information.implementationClassUID !== undefined) {
    items.push(encodeItem(ItemType.ImplementationClassUID, text(information.implementationClassUID)));
  }
  const window = information.asynchronousOperationsWindow;
  if (window) {
    items.push(encodeItem(ItemType.AsynchronousOperationsWindow, uint16(window.invoked), uint16(window.performed)));
  }
  for (const { SOPClassUID, scu, scp } of information.roleSelections) {
    items.push(encodeItem(ItemType.RoleSelection, sized(text(SOPClassUID)), Buffer.from([Number(scu), Number(scp)])));
  }
  if (information.implementationVersionName !== undefined) {
    items.push(encodeItem(ItemType.ImplementationVersionName, text(information.implementationVersionName)));
  }
  for (const { SOPClassUID, serviceClassApplicationInformation } of information.extendedNegotiations) {
    items.push(encodeItem(ItemType.ExtendedNegotiation, sized(text(SOPClassUID)), serviceClassApplicationInformation));
  }
  for (const negotiation of information.commonExtendedNegotiations) {
    const related = Buffer.concat(negotiation.relatedGeneralSOPClassUIDs.map((uid) => sized(text(uid))));
    items.push(
      encodeItem(
        ItemType.CommonExtendedNegotiation,
        sized(text(negotiation.SOPClassUID)),
        sized(text(negotiation.serviceClassUID)),
        sized(related),
      ),
    );
  }
  const identity = information.userIdentity;
  if (identity) {
    items.push(
      encodeItem(
        ItemType.UserIdentityRQ,
        Buffer.from([identity.type, Number(identity.positiveResponseRequested)]),
        sized(identity.primaryField),
        sized(identity.secondaryField),
      ),
    );
  }
  if (information.userIdentityResponse) {
    items.push(encodeItem(ItemType.UserIdentityAC, sized(information.userIdentityResponse)));
  }
  return Buffer.concat(items);
}

/**
 * Unknown sub-items are skipped, as PS3.8 9.3.1 requires.
 *
 * @throws ProtocolError if a sub-item does not hold what its type says
 */
export function decodeUserInformation(cursor: ByteCursor): UserInformation {
  const roleSelections: RoleSelection[] = [];
  const extendedNegotiations: ExtendedNegotiation[] = [];
  const commonExtendedNegotiations: CommonExtendedNegotiation[] = [];
  const single: { -readonly [Key in keyof UserInformation]?: UserInformation[Key] } = {};
  while (cursor.remaining > 0) {
    const type = cursor.uint8();
    cursor.skip(1);
    const length = cursor.uint16();
    const item = cursor.part(length);
    switch (type) {
      case ItemType.MaximumLength:
        single.maximumLength = item.uint32();
        break;
      case ItemType.ImplementationClassUID:
        single.implementationClassUID = item.text(length);
        break;
      case ItemType.AsynchronousOperationsWindow:
        single.asynchronousOperationsWindow = { invoked: item.uint16(), performed: item.uint16() };
        break;
      case ItemType.RoleSelection:
        roleSelections.push({
          SOPClassUID: item.text(item.uint16()),
          scu: item.uint8() === 1,
          scp: item.uint8() === 1,
        });
        break;
      case ItemType.ImplementationVersionName:
        single.implementationVersionName = item.text(length);
        break;
      case ItemType.ExtendedNegotiation:
        extendedNegotiations.push({
          SOPClassUID: item.text(item.uint16()),
          serviceClassApplicationInformation: item.bytesOf(item.remaining),
        });
        break;
      case ItemType.CommonExtendedNegotiation:
        commonExtendedNegotiations.push(decodeCommonExtendedNegotiation(item));
        break;
      case ItemType.UserIdentityRQ:
        single.userIdentity = {
          type: item.uint8(),
          positiveResponseRequested: item.uint8() === 1,
          primaryField: item.bytesOf(item.uint16()),
          secondaryField: item.bytesOf(item.uint16()),
        };
        break;
      case ItemType.UserIdentityAC:
        single.userIdentityResponse = item.bytesOf(item.uint16());
        break;
    }
  }
  return { ...single, roleSelections, extendedNegotiations, commonExtendedNegotiations };
}

function decodeCommonExtendedNegotiation(item: ByteCursor): CommonExtendedNegotiation {
  const SOPClassUID = item.text(item.uint16());
  const serviceClassUID = item.text(item.uint16());
  const related = item.part(item.uint16());
  const relatedGeneralSOPClassUIDs: string[] = [];
  while (related.remaining > 0) relatedGeneralSOPClassUIDs.push(related.text(related.uint16()));
  return { SOPClassUID, serviceClassUID, relatedGeneralSOPClassUIDs };
}
