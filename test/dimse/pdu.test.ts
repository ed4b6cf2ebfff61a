import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from '../../src/dimse/pdu-encoder.js';
import { PDUReader, type ReaderItem } from '../../src/dimse/pdu-reader.js';
import { applicationContextName, type ControlPDU, type PDU, type UserInformation } from '../../src/dimse/pdu.js';
import { AbortReason, ProtocolError } from '../../src/dimse/refusal.js';
import { heldBytes } from './held-bytes.js';

/** Sent by `echoscu -aec PRIORA` (DCMTK 3.6.7). */
const echoscuRequest = Buffer.from(
  '0100000000cd000100005052494f5241202020202020202020204543484f5343552020202020202020200000000000000000' +
    '00000000000000000000000000000000000000000000000010000015312e322e3834302e31303030382e332e312e312e3120' +
    '00002e0100ff0030000011312e322e3834302e31303030382e312e3140000011312e322e3834302e31303030382e312e3250' +
    '00003a51000004000040005200001b312e322e3237362e302e373233303031302e332e302e332e362e375500000f4f464649' +
    '535f44434d544b5f333637',
  'hex',
);
/** Answered by `storescp` (DCMTK 3.6.7) to the request above. */
const storescpAnswer = Buffer.from(
  '0200000000b8000100005052494f5241202020202020202020204543484f5343552020202020202020200000000000000000' +
    '00000000000000000000000000000000000000000000000010000015312e322e3834302e31303030382e332e312e312e3121' +
    '0000190100000040000011312e322e3834302e31303030382e312e325000003a51000004000040005200001b312e322e3237' +
    '362e302e373233303031302e332e302e332e362e375500000f4f464649535f44434d544b5f333637',
  'hex',
);
/** The user information sub-items that follow maximum length and implementation in `storescu -usr reader -pwd secret -rsp`. */
const storescuIdentity = Buffer.from('58000012020100067265616465720006736563726574', 'hex');

const uid = fc
  .array(fc.nat(99_999), { minLength: 2, maxLength: 8 })
  .map((parts) => parts.join('.'))
  .filter((text) => text.length <= 64);
const aeTitle = fc.stringMatching(/^[A-Z0-9_-]{1,16}$/);
const octet = fc.nat(255);
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const optional = <T>(key: string, value: fc.Arbitrary<T>) =>
  fc.option(value, { nil: undefined }).map((given) => (given === undefined ? {} : { [key]: given }));

const userInformation = fc
  .tuple(
    optional('maximumLength', fc.nat(0xffffffff)),
    optional('implementationClassUID', uid),
    optional('implementationVersionName', aeTitle),
    optional('asynchronousOperationsWindow', fc.record({ invoked: fc.nat(0xffff), performed: fc.nat(0xffff) })),
    optional(
      'userIdentity',
      fc.record({
        type: fc.integer({ min: 1, max: 5 }),
        positiveResponseRequested: fc.boolean(),
        primaryField: bytes(100),
        secondaryField: bytes(100),
      }),
    ),
    optional('userIdentityResponse', bytes(100)),
    fc.record({
      roleSelections: fc.array(fc.record({ SOPClassUID: uid, scu: fc.boolean(), scp: fc.boolean() }), { maxLength: 4 }),
      extendedNegotiations: fc.array(fc.record({ SOPClassUID: uid, serviceClassApplicationInformation: bytes(40) }), {
        maxLength: 3,
      }),
      commonExtendedNegotiations: fc.array(
        fc.record({
          SOPClassUID: uid,
          serviceClassUID: uid,
          relatedGeneralSOPClassUIDs: fc.array(uid, { maxLength: 3 }),
        }),
        { maxLength: 3 },
      ),
    }),
  )
  .map((parts) => Object.assign({}, ...parts) as UserInformation);

const contextIDs = fc.uniqueArray(
  fc.nat(127).map((n) => 2 * n + 1),
  { minLength: 1, maxLength: 20 },
);
const common = {
  protocolVersion: fc.constant(1),
  calledAETitle: aeTitle,
  callingAETitle: aeTitle,
  applicationContextName: fc.constant(applicationContextName),
  userInformation,
};
const associateRQ = contextIDs.chain((ids) =>
  fc.record({
    type: fc.constant('associate-rq' as const),
    ...common,
    presentationContexts: fc.tuple(
      ...ids.map((id) =>
        fc.record({
          id: fc.constant(id),
          abstractSyntax: uid,
          transferSyntaxes: fc.array(uid, { minLength: 1, maxLength: 5 }),
        }),
      ),
    ),
  }),
);
const associateAC = contextIDs.chain((ids) =>
  fc.record({
    type: fc.constant('associate-ac' as const),
    ...common,
    presentationContexts: fc.tuple(
      ...ids.map((id) => fc.record({ id: fc.constant(id), result: fc.nat(4), transferSyntax: uid })),
    ),
  }),
);
const controlPDU: fc.Arbitrary<ControlPDU> = fc.oneof(
  associateRQ,
  associateAC,
  fc.record({ type: fc.constant('associate-rj' as const), result: octet, source: octet, reason: octet }),
  fc.constant({ type: 'release-rq' as const }),
  fc.constant({ type: 'release-rp' as const }),
  fc.record({ type: fc.constant('abort' as const), source: octet, reason: octet }),
);
const dataTF = fc.record({
  type: fc.constant('data-tf' as const),
  presentationDataValues: fc.array(
    fc.record({
      contextID: fc.nat(127).map((n) => 2 * n + 1),
      isCommand: fc.boolean(),
      isLast: fc.boolean(),
      data: bytes(300),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

function readAll(reader: PDUReader): ReaderItem[] {
  const items: ReaderItem[] = [];
  for (let item = reader.next(); item; item = reader.next()) items.push(item);
  return items;
}

function refusal(stream: Buffer, maxDataLength = 131_072): ProtocolError {
  const reader = new PDUReader(maxDataLength);
  reader.push(stream);
  try {
    readAll(reader);
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error('was read without an error');
}

describe('PDU codec', () => {
  it('reads back every control PDU it writes', () => {
    fc.assert(
      fc.property(controlPDU, (pdu) => {
        const reader = new PDUReader(131_072);
        reader.push(encode(pdu));
        expect(readAll(reader)).toEqual([pdu]);
      }),
      { numRuns: 300 },
    );
  });

  it('reads the same items however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(controlPDU, dataTF), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 30 }),
        (pdus: PDU[], cuts) => {
          const stream = Buffer.concat(pdus.map(encode));
          const reader = new PDUReader(131_072);
          const items: ReaderItem[] = [];
          for (let at = 0, cut = 0; at < stream.length; cut++) {
            const length = cuts[cut % cuts.length];
            reader.push(stream.subarray(at, at + length));
            items.push(...readAll(reader));
            at += length;
          }
          expect(merged(items)).toEqual(
            merged(
              pdus.flatMap((pdu): ReaderItem[] =>
                pdu.type === 'data-tf'
                  ? [
                      { type: 'data-begin' },
                      ...pdu.presentationDataValues.map((pdv) => ({ type: 'data' as const, ...pdv })),
                    ]
                  : [pdu],
              ),
            ),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it("reads echoscu's A-ASSOCIATE-RQ and writes the same bytes", () => {
    const reader = new PDUReader(131_072);
    reader.push(echoscuRequest);
    const [request] = readAll(reader) as ControlPDU[];
    expect(request).toEqual({
      type: 'associate-rq',
      protocolVersion: 1,
      calledAETitle: 'PRIORA',
      callingAETitle: 'ECHOSCU',
      applicationContextName: '1.2.840.10008.3.1.1.1',
      presentationContexts: [{ id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }],
      userInformation: {
        maximumLength: 16384,
        implementationClassUID: '1.2.276.0.7230010.3.0.3.6.7',
        implementationVersionName: 'OFFIS_DCMTK_367',
        roleSelections: [],
        extendedNegotiations: [],
        commonExtendedNegotiations: [],
      },
    });
    const reserved = Buffer.from(echoscuRequest);
    // DCMTK fills one reserved byte of the context item with 0xFF; we write 0 (PS3.8 9.3.2.2).
    reserved[reserved.indexOf(Buffer.from('0100ff00', 'hex')) + 2] = 0;
    expect(encode(request)).toEqual(reserved);
  });

  it("reads storescp's A-ASSOCIATE-AC and writes the same bytes", () => {
    const reader = new PDUReader(131_072);
    reader.push(storescpAnswer);
    const [answer] = readAll(reader) as ControlPDU[];
    expect(answer).toMatchObject({
      type: 'associate-ac',
      presentationContexts: [{ id: 1, result: 0, transferSyntax: '1.2.840.10008.1.2' }],
    });
    expect(encode(answer)).toEqual(storescpAnswer);
  });

  it("reads storescu's user identity", () => {
    const stream = Buffer.concat([echoscuRequest, storescuIdentity]);
    stream.writeUInt32BE(stream.length - 6, 2);
    const userInformationAt = stream.indexOf(Buffer.from('5000003a', 'hex'));
    stream.writeUInt16BE(0x3a + storescuIdentity.length, userInformationAt + 2);
    const reader = new PDUReader(131_072);
    reader.push(stream);
    const [request] = readAll(reader) as ControlPDU[];
    expect(request).toMatchObject({
      userInformation: {
        userIdentity: {
          type: 2,
          positiveResponseRequested: true,
          primaryField: Buffer.from('reader'),
          secondaryField: Buffer.from('secret'),
        },
      },
    });
  });
});

describe('PDU reader', () => {
  it('refuses a length before anything is stored for it', () => {
    expect(refusal(Buffer.from('0400fffffff0', 'hex')).abortReason).toBe(AbortReason.InvalidParameterValue);
    expect(refusal(Buffer.from('0100fffffff0', 'hex')).abortReason).toBe(AbortReason.InvalidParameterValue);
    expect(refusal(Buffer.from('040000004001', 'hex'), 0x4000).message).toMatch(/16385 bytes where 16384/);
  });

  it('lets go of what was read, though every chunk ends within a header', async () => {
    const held = await heldBytes();
    const reader = new PDUReader(131_072);
    const pdu = encode({
      type: 'data-tf',
      presentationDataValues: [{ contextID: 1, isCommand: false, isLast: false, data: Buffer.alloc(65_524) }],
    });
    reader.push(pdu.subarray(0, 1));
    // The header of a P-DATA-TF and its first PDV's; after 6 bytes nothing would be unread.
    const cuts = [2, 3, 4, 5, 7, 8, 9, 10, 11, 1];
    let cut = 1;
    for (let number = 0; number < 500; number++) {
      const next = cuts[number % cuts.length];
      reader.push(Buffer.concat([pdu.subarray(cut), pdu.subarray(0, next)]));
      readAll(reader);
      cut = next;
    }
    expect((await heldBytes()) - held).toBeLessThan(1_000_000);
    reader.push(pdu.subarray(cut));
    expect(readAll(reader).at(-1)).toMatchObject({ type: 'data', contextID: 1 });
  });

  it('keeps no more of a PDU that drips in than its bytes', async () => {
    const held = await heldBytes();
    const reader = new PDUReader(131_072);
    reader.push(Buffer.from('010000040000', 'hex'));
    let items = 0;
    for (let number = 0; number < 200_000; number++) {
      reader.push(Buffer.alloc(1));
      items += readAll(reader).length;
    }
    expect(items).toBe(0);
    expect((await heldBytes()) - held).toBeLessThan(2_000_000);
    reader.push(Buffer.alloc(262_144 - 200_000));
    expect(() => reader.next()).toThrow(ProtocolError);
  });

  it('names an unknown PDU type', () => {
    expect(refusal(Buffer.from('474554202f20', 'hex')).abortReason).toBe(AbortReason.UnrecognizedPDU);
  });

  it.each([
    ['a PDV longer than its PDU', '04000000000a000000ff0103aabbccdd'],
    ['a PDV without room for its header', '04000000000600000001' + '0103'],
    ['a P-DATA-TF without a PDV', '040000000000'],
    ['an A-RELEASE-RQ of another length', '05000000000500000000' + '00'],
    ['an even presentation context id', evenContextID()],
    ['an item that leaves its PDU', itemBeyondPDU()],
    ['a presentation context id twice', contextTwice()],
  ])('refuses %s', (_, hex) => {
    expect(refusal(Buffer.from(hex, 'hex')).abortReason).toBe(AbortReason.InvalidParameterValue);
  });

  it('never throws anything else, whatever the bytes', () => {
    const mutated = fc
      .tuple(controlPDU, fc.array(fc.tuple(fc.nat(), octet), { maxLength: 5 }))
      .map(([pdu, changes]) => {
        const stream = encode(pdu);
        for (const [at, value] of changes) stream[6 + (at % (stream.length - 6))] = value;
        return stream;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, bytes(200)), (stream) => {
        const reader = new PDUReader(131_072);
        reader.push(stream);
        try {
          readAll(reader);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

/** Joins neighbouring fragments of one message: where a stream is cut may not show in anything else. */
function merged(items: ReaderItem[]): ReaderItem[] {
  const whole: ReaderItem[] = [];
  for (const item of items) {
    const previous = whole.at(-1);
    if (
      item.type === 'data' &&
      previous?.type === 'data' &&
      !previous.isLast &&
      previous.contextID === item.contextID &&
      previous.isCommand === item.isCommand
    ) {
      whole[whole.length - 1] = { ...item, data: Buffer.concat([previous.data, item.data]) };
    } else {
      whole.push(item);
    }
  }
  return whole;
}

function evenContextID(): string {
  const stream = Buffer.from(echoscuRequest);
  stream[stream.indexOf(Buffer.from('0100ff00', 'hex'))] = 2;
  return stream.toString('hex');
}

function itemBeyondPDU(): string {
  const stream = Buffer.from(echoscuRequest);
  stream.writeUInt16BE(0xffff, stream.indexOf(Buffer.from('5000003a', 'hex')) + 2);
  return stream.toString('hex');
}

function contextTwice(): string {
  const at = echoscuRequest.indexOf(Buffer.from('2000002e', 'hex'));
  const item = echoscuRequest.subarray(at, at + 4 + 0x2e);
  const stream = Buffer.concat([echoscuRequest.subarray(0, at), item, echoscuRequest.subarray(at)]);
  stream.writeUInt32BE(stream.length - 6, 2);
  return stream.toString('hex');
}
