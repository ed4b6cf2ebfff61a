import { withoutPadding } from '../dicom/padding.js';
import { ProtocolError } from './refusal.js';

/** CommandField (0000,0100) values (PS3.7 E.1, Table E.1-1). A response is its request with bit 15 set. */
export const CommandField = {
  C_STORE_RQ: 0x0001,
  C_STORE_RSP: 0x8001,
  C_GET_RQ: 0x0010,
  C_GET_RSP: 0x8010,
  C_FIND_RQ: 0x0020,
  C_FIND_RSP: 0x8020,
  C_MOVE_RQ: 0x0021,
  C_MOVE_RSP: 0x8021,
  C_ECHO_RQ: 0x0030,
  C_ECHO_RSP: 0x8030,
  N_EVENT_REPORT_RQ: 0x0100,
  N_EVENT_REPORT_RSP: 0x8100,
  N_GET_RQ: 0x0110,
  N_GET_RSP: 0x8110,
  N_SET_RQ: 0x0120,
  N_SET_RSP: 0x8120,
  N_ACTION_RQ: 0x0130,
  N_ACTION_RSP: 0x8130,
  N_CREATE_RQ: 0x0140,
  N_CREATE_RSP: 0x8140,
  N_DELETE_RQ: 0x0150,
  N_DELETE_RSP: 0x8150,
  C_CANCEL_RQ: 0x0fff,
} as const;

export type CommandField = (typeof CommandField)[keyof typeof CommandField];

const responseBit = 0x8000;

export const isResponse = (commandField: number): boolean => (commandField & responseBit) !== 0;

/** The CommandField that answers `request`. C-CANCEL-RQ has none (PS3.7 9.3.2.3). */
export const responseTo = (request: number): number => request | responseBit;

const names = new Map<number, string>(
  Object.entries(CommandField).map(([name, value]) => [value, name.replaceAll('_', '-')]),
);

/** E.g. `C-STORE-RQ`, for logs and reasons. */
export const commandName = (commandField: number): string =>
  names.get(commandField) ?? `command 0x${commandField.toString(16).padStart(4, '0')}`;

/** A command set by keyword (PS3.7 E.1, E.2). Elements with several values are always arrays. */
export interface CommandSet {
  readonly AffectedSOPClassUID?: string;
  readonly RequestedSOPClassUID?: string;
  readonly CommandField?: number;
  readonly MessageID?: number;
  readonly MessageIDBeingRespondedTo?: number;
  readonly MoveDestination?: string;
  readonly Priority?: number;
  readonly CommandDataSetType?: number;
  readonly Status?: number;
  readonly OffendingElement?: readonly number[];
  readonly ErrorComment?: string;
  readonly ErrorID?: number;
  readonly AffectedSOPInstanceUID?: string;
  readonly RequestedSOPInstanceUID?: string;
  readonly EventTypeID?: number;
  readonly AttributeIdentifierList?: readonly number[];
  readonly ActionTypeID?: number;
  readonly NumberOfRemainingSuboperations?: number;
  readonly NumberOfCompletedSuboperations?: number;
  readonly NumberOfFailedSuboperations?: number;
  readonly NumberOfWarningSuboperations?: number;
  readonly MoveOriginatorApplicationEntityTitle?: string;
  readonly MoveOriginatorMessageID?: number;
}

/** CommandDataSetType (0000,0800): no data set follows. Any other value: one does. */
export const noDataset = 0x0101;
/** What we write if a data set follows; any value but 0x0101 means the same. */
export const datasetFollows = 0x0001;

type Keyword = keyof CommandSet;
type VR = 'UI' | 'US' | 'AE' | 'LO' | 'AT';

/** Element numbers of group 0000, ascending, in the order in which they are written. */
const dictionary: readonly (readonly [number, VR, Keyword])[] = [
  [0x0002, 'UI', 'AffectedSOPClassUID'],
  [0x0003, 'UI', 'RequestedSOPClassUID'],
  [0x0100, 'US', 'CommandField'],
  [0x0110, 'US', 'MessageID'],
  [0x0120, 'US', 'MessageIDBeingRespondedTo'],
  [0x0600, 'AE', 'MoveDestination'],
  [0x0700, 'US', 'Priority'],
  [0x0800, 'US', 'CommandDataSetType'],
  [0x0900, 'US', 'Status'],
  [0x0901, 'AT', 'OffendingElement'],
  [0x0902, 'LO', 'ErrorComment'],
  [0x0903, 'US', 'ErrorID'],
  [0x1000, 'UI', 'AffectedSOPInstanceUID'],
  [0x1001, 'UI', 'RequestedSOPInstanceUID'],
  [0x1002, 'US', 'EventTypeID'],
  [0x1005, 'AT', 'AttributeIdentifierList'],
  [0x1008, 'US', 'ActionTypeID'],
  [0x1020, 'US', 'NumberOfRemainingSuboperations'],
  [0x1021, 'US', 'NumberOfCompletedSuboperations'],
  [0x1022, 'US', 'NumberOfFailedSuboperations'],
  [0x1023, 'US', 'NumberOfWarningSuboperations'],
  [0x1030, 'AE', 'MoveOriginatorApplicationEntityTitle'],
  [0x1031, 'US', 'MoveOriginatorMessageID'],
];
const byElement = new Map(dictionary.map(([element, vr, keyword]) => [element, { vr, keyword }]));

/** LO is at most 64 characters (PS3.5 6.2); ErrorComment is truncated rather than refused. */
const maxLongString = 64;

/** Longest text that is accepted, bytes: some peers write longer ErrorComments than they may. */
const maxReceivedText = 1024;

function encodeValue(vr: VR, value: string | number | readonly number[]): Buffer {
  switch (vr) {
    case 'US': {
      const bytes = Buffer.alloc(2);
      bytes.writeUInt16LE(value as number);
      return bytes;
    }
    case 'AT': {
      const tags = value as readonly number[];
      const bytes = Buffer.alloc(4 * tags.length);
      tags.forEach((tag, index) => {
        bytes.writeUInt16LE(tag >>> 16, 4 * index);
        bytes.writeUInt16LE(tag & 0xffff, 4 * index + 2);
      });
      return bytes;
    }
    case 'UI':
    case 'AE':
    case 'LO': {
      const text = (value as string).slice(0, maxLongString);
      return Buffer.from(text.length % 2 === 0 ? text : text + (vr === 'UI' ? '\0' : ' '), 'latin1');
    }
  }
}

function encodeElement(element: number, value: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(element, 2);
  head.writeUInt32LE(value.length, 4);
  return Buffer.concat([head, value]);
}

/** Implicit VR Little Endian with its group length (PS3.7 6.3.1). */
export function encodeCommandSet(command: CommandSet): Buffer {
  const elements: Buffer[] = [];
  for (const [element, vr, keyword] of dictionary) {
    const value = command[keyword];
    if (value !== undefined) elements.push(encodeElement(element, encodeValue(vr, value)));
  }
  const groupLength = Buffer.alloc(4);
  groupLength.writeUInt32LE(elements.reduce((sum, element) => sum + element.length, 0));
  return Buffer.concat([encodeElement(0x0000, groupLength), ...elements]);
}

function decodeValue(vr: VR, bytes: Buffer): string | number | number[] {
  switch (vr) {
    case 'US':
      if (bytes.length !== 2) throw new ProtocolError(`a US command element of ${bytes.length} bytes`);
      return bytes.readUInt16LE();
    case 'AT': {
      if (bytes.length % 4 !== 0) throw new ProtocolError(`an AT command element of ${bytes.length} bytes`);
      const tags: number[] = [];
      for (let at = 0; at < bytes.length; at += 4) {
        tags.push(bytes.readUInt16LE(at) * 0x10000 + bytes.readUInt16LE(at + 2));
      }
      return tags;
    }
    case 'UI':
    case 'AE':
    case 'LO':
      if (bytes.length > maxReceivedText) throw new ProtocolError(`a ${vr} command element of ${bytes.length} bytes`);
      return withoutPadding(bytes.toString('latin1'));
  }
}

/**
 * Elements that PS3.7 does not define (mostly retired ones) are left out; empty ones count as absent.
 *
 * @throws ProtocolError if the bytes are not a sequence of group 0000 elements, or CommandField or CommandDataSetType
 *   is missing
 */
export function decodeCommandSet(bytes: Buffer): CommandSet & { CommandField: number; CommandDataSetType: number } {
  const command: { -readonly [K in Keyword]?: unknown } = {};
  let offset = 0;
  while (offset < bytes.length) {
    if (offset + 8 > bytes.length) throw new ProtocolError('a command set ends within an element');
    const group = bytes.readUInt16LE(offset);
    const element = bytes.readUInt16LE(offset + 2);
    const length = bytes.readUInt32LE(offset + 4);
    if (group !== 0) throw new ProtocolError(`group 0x${group.toString(16).padStart(4, '0')} in a command set`);
    const start = offset + 8;
    if (start + length > bytes.length) throw new ProtocolError('a command element is longer than its command set');
    const known = byElement.get(element);
    if (known && length > 0) command[known.keyword] = decodeValue(known.vr, bytes.subarray(start, start + length));
    offset = start + length;
  }
  const { CommandField, CommandDataSetType } = command as CommandSet;
  if (CommandField === undefined || CommandDataSetType === undefined) {
    throw new ProtocolError('a command set without CommandField or CommandDataSetType');
  }
  return { ...(command as CommandSet), CommandField, CommandDataSetType };
}
