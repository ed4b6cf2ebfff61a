import { afterEach, describe, expect, it, vi } from 'vitest';
import { ByteCursor } from '../../src/dimse/byte-cursor.js';
import { decodeCommandSet, encodeCommandSet } from '../../src/dimse/command-set.js';
import { negotiate, screen } from '../../src/dimse/negotiation.js';
import { encode } from '../../src/dimse/pdu-encoder.js';
import { PDUReader } from '../../src/dimse/pdu-reader.js';
import type { AssociateRQ } from '../../src/dimse/pdu.js';
import { ProtocolError } from '../../src/dimse/refusal.js';
import { associateRequest, storeRequest } from './raw-peer.js';

/*
 * What anybody may send must cost work in proportion to its bytes. Work is counted, not timed: fields read and characters
 * looked at. Patterns are left to the linter, which refuses those that can take more.
 */

/** Counts what `work` does: fields read from PDUs, characters of strings looked at. */
function counted(work: () => unknown): number {
  const spies = [
    ...(['uint8', 'uint16', 'uint32', 'skip', 'bytesOf', 'part', 'text'] as const).map((name) =>
      vi.spyOn(ByteCursor.prototype, name),
    ),
    vi.spyOn(String.prototype, 'charCodeAt'),
  ];
  try {
    work();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
  const count = spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  vi.restoreAllMocks();
  return count;
}
afterEach(() => vi.restoreAllMocks());

const policy = { aeTitle: 'PRIORA', callingAETitles: ['MR1'], supportedContexts: [], maxPDULength: 131_072 };

function read(pdu: AssociateRQ, knows = policy): unknown {
  const reader = new PDUReader(131_072, (header) => screen(header, knows));
  reader.push(encode(pdu));
  return reader.next();
}

/** Requests as large as can be, each `size` times something. */
const hostile: Record<string, (size: number) => AssociateRQ> = {
  'transfer syntaxes': (size) =>
    associateRequest({
      presentationContexts: Array.from({ length: 100 }, (_, index) => ({
        id: 2 * index + 1,
        abstractSyntax: '1.2.840.10008.1.1',
        transferSyntaxes: Array.from({ length: size }, (_, number) => `1.${number}`),
      })),
    }),
  roles: (size) =>
    associateRequest({
      userInformation: {
        ...associateRequest().userInformation,
        roleSelections: Array.from({ length: 30 * size }, (_, number) => ({
          SOPClassUID: `1.2.${number}`,
          scu: true,
          scp: true,
        })),
      },
    }),
  'spaces before something': (size) =>
    associateRequest({
      presentationContexts: [
        { id: 1, abstractSyntax: `${' '.repeat(600 * size)}1.2`, transferSyntaxes: [`1.2${' '.repeat(600 * size)}3`] },
      ],
    }),
};

describe('an A-ASSOCIATE-RQ', () => {
  it.each(Object.entries(hostile))('(%s) of an unknown AE is refused by its fixed fields alone', (_, request) => {
    const large = request(100);
    expect(encode(large).length).toBeGreaterThan(40_000);
    expect(read(large)).toMatchObject({ type: 'rejected-rq', rejection: { reason: 3 } });
    expect(counted(() => read(large))).toBeLessThan(60);
    expect(read({ ...large, calledAETitle: 'OTHER' })).toMatchObject({ rejection: { reason: 7 } });
  });

  it.each(Object.entries(hostile))('(%s) of a known one costs work in proportion to its length', (_, request) => {
    const work = (size: number) => {
      const pdu = { ...request(size), callingAETitle: 'MR1' };
      return counted(() => negotiate(read(pdu) as AssociateRQ, policy)) / encode(pdu).length;
    };
    expect(work(100)).toBeLessThan(1.2 * work(25) + 0.01);
    expect(work(100)).toBeLessThan(3);
  });

  it('is granted each role once, and none for a class that it does not propose', () => {
    const { userInformation, presentationContexts } = associateRequest();
    const { abstractSyntax } = presentationContexts[0];
    const roleSelections = ['1.2.3', ...Array<string>(200).fill(abstractSyntax)].map((SOPClassUID) => ({
      SOPClassUID,
      scu: true,
      scp: false,
    }));
    const negotiated = negotiate(associateRequest({ userInformation: { ...userInformation, roleSelections } }), {
      ...policy,
      supportedContexts: ['1.2.3', abstractSyntax].map((uid) => ({ abstractSyntax: uid, transferSyntaxes: [] })),
    });
    expect(negotiated).toMatchObject({
      answer: { userInformation: { roleSelections: [{ SOPClassUID: abstractSyntax, scu: true, scp: false }] } },
    });
  });
});

describe('a command set', () => {
  it.each([
    ['AffectedSOPInstanceUID', 64],
    ['MoveOriginatorApplicationEntityTitle', 64],
    ['ErrorComment', 1024],
  ])('with a %s beyond any length is refused before the text is looked at', (keyword, most) => {
    // The encoder cuts what is too long: the element is put together by hand.
    const command = encodeCommandSet(storeRequest(1));
    const tag = { AffectedSOPInstanceUID: 0x1000, MoveOriginatorApplicationEntityTitle: 0x1030, ErrorComment: 0x0902 };
    const element = (length: number) => {
      const bytes = Buffer.alloc(8 + length, 0x20);
      bytes.writeUInt16LE(0, 0);
      bytes.writeUInt16LE(tag[keyword as keyof typeof tag], 2);
      bytes.writeUInt32LE(length, 4);
      return Buffer.concat([command, bytes]);
    };
    expect(() => decodeCommandSet(element(most))).not.toThrow();
    expect(() => decodeCommandSet(element(60_000))).toThrow(ProtocolError);
    expect(counted(() => decodeCommandSet(element(60_000)))).toBeLessThan(200);
  });
});
