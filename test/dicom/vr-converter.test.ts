import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFileMeta, encodeFileMeta } from '../../src/dicom/part10.js';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { VRConverter } from '../../src/dicom/vr-converter.js';
import { hasPeer } from '../peers.js';

const explicitLE = TransferSyntax.ExplicitVRLittleEndian;
const implicitLE = TransferSyntax.ImplicitVRLittleEndian;
const undefinedLength = 0xffffffff;

/** An element as a test writes it; `items` make it a sequence. */
interface Element {
  readonly tag: number;
  readonly vr: string;
  readonly value?: Buffer;
  readonly items?: readonly (readonly Element[])[];
  /** Sequences and items end with delimiters. */
  readonly delimited?: boolean;
}

const longVRs = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'UC', 'UN', 'UR', 'UT']);

function head(tag: number, length: number, vr?: string): Buffer {
  const long = vr !== undefined && longVRs.has(vr);
  const bytes = Buffer.alloc(long ? 12 : 8);
  bytes.writeUInt16LE(tag >>> 16, 0);
  bytes.writeUInt16LE(tag & 0xffff, 2);
  if (vr !== undefined) bytes.write(vr, 4, 'latin1');
  if (vr === undefined) bytes.writeUInt32LE(length, 4);
  else if (long) bytes.writeUInt32LE(length, 8);
  else bytes.writeUInt16LE(length, 6);
  return bytes;
}

/** Encodes a data set; `delimited` overrules what its sequences say. */
function encode(elements: readonly Element[], explicit: boolean, delimited?: boolean): Buffer {
  return Buffer.concat(
    elements.flatMap(({ tag, vr, value, items, ...element }) => {
      const written = explicit ? vr : undefined;
      if (!items) return [head(tag, value!.length, written), value!];
      const open = delimited ?? element.delimited ?? false;
      const contents = Buffer.concat(
        items.flatMap((item) => {
          const bytes = encode(item, explicit, delimited);
          const end = open ? [head(0xfffee00d, 0)] : [];
          return [head(0xfffee000, open ? undefinedLength : bytes.length), bytes, ...end];
        }),
      );
      const end = open ? [head(0xfffee0dd, 0)] : [];
      return [head(tag, open ? undefinedLength : contents.length, written), contents, ...end];
    }),
  );
}

/** Converts in pieces of the given lengths, over and over. */
function convert(dataset: Buffer, fromExplicit: boolean, pieces: readonly number[] = [1 << 20]): Buffer {
  const converter = new VRConverter(fromExplicit);
  const out: Buffer[] = [];
  for (let at = 0, turn = 0; at < dataset.length; turn++) {
    const length = pieces[turn % pieces.length];
    out.push(...converter.push(dataset.subarray(at, at + length)));
    at += length;
  }
  return Buffer.concat([...out, ...converter.end()]);
}

const even = (bytes: Uint8Array) => Buffer.from(bytes.length % 2 === 0 ? bytes : bytes.slice(1));
/** Padded as it must be and no further: dcmconv takes what is too much away. */
const text = fc.string({ unit: fc.constantFrom(...'ABC abc 123^=\\'), maxLength: 20 }).map((chars) => {
  const content = chars.trimEnd();
  return Buffer.from(content.length % 2 === 0 ? content : `${content} `, 'latin1');
});
const binary = fc.uint8Array({ maxLength: 40 }).map(even);
const words = (count: number) => fc.uint8Array({ minLength: 2 * count, maxLength: 2 * count }).map(even);
const one = (tag: number, vr: string, value: fc.Arbitrary<Buffer>) =>
  fc.record({ tag: fc.constant(tag), vr: fc.constant(vr), value });

/** Standard elements whose VR the dictionary knows, in the order of their tags. */
const standard = [
  one(0x00080060, 'CS', text),
  one(0x00081030, 'LO', text),
  one(0x00100010, 'PN', text),
  one(0x00104000, 'LT', text),
  one(0x00181164, 'DS', text),
  one(0x00189087, 'FD', words(4)),
  one(0x00209057, 'UL', words(2)),
  one(0x00280010, 'US', words(1)),
];
const afterwards = [
  one(0x00281201, 'OW', binary),
  one(0x0040a160, 'UT', text),
  one(0x60000010, 'US', words(1)),
  one(0x60023000, 'OW', binary),
  one(0x7fe00010, 'OW', binary),
];
/** Private elements, as scanners have them. */
const privates = [
  one(0x00290010, 'LO', fc.constant(Buffer.from('SIEMENS CSA HEADER'))),
  one(0x00291008, 'CS', text),
  one(0x00291010, 'OB', binary),
  one(0x00291020, 'UN', binary),
  one(0x00291030, 'DS', text),
];

/** PixelRepresentation, and an element that is US or SS by it. */
const signedness = fc
  .boolean()
  .chain((signed) =>
    fc.tuple(
      fc.constant({ tag: 0x00280103, vr: 'US', value: Buffer.from([Number(signed), 0]) }),
      one(0x00280106, signed ? 'SS' : 'US', words(1)),
    ),
  );

const some = (choices: readonly fc.Arbitrary<Element>[]) =>
  fc.subarray([...choices.keys()]).chain((kept) => fc.tuple(...kept.map((index) => choices[index])));

/** A data set with sequences in it, of the given elements. */
function dataset(withPrivates: boolean, depth: number): fc.Arbitrary<Element[]> {
  const sequence = (tag: number): fc.Arbitrary<Element[]> =>
    depth === 0
      ? fc.constant([])
      : fc
          .record({
            tag: fc.constant(tag),
            vr: fc.constant('SQ'),
            items: fc.array(dataset(withPrivates, depth - 1), { maxLength: 3 }),
            delimited: fc.boolean(),
          })
          .map((element) => [element]);
  return fc
    .tuple(
      some(standard),
      fc.option(signedness, { nil: [] }),
      withPrivates ? some(privates) : fc.constant([]),
      withPrivates ? sequence(0x00291040) : fc.constant([]),
      sequence(0x00081140),
      sequence(0x00321064),
      some(afterwards),
    )
    .map((parts) => parts.flat().sort((one, other) => one.tag - other.tag));
}

const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

describe('a data set', () => {
  it('is the same in Implicit VR, its sequences delimited, however it arrives', () => {
    fc.assert(
      fc.property(dataset(true, 2), pieces, (elements, cuts) => {
        expect(convert(encode(elements, true), true, cuts).equals(encode(elements, false, true))).toBe(true);
      }),
    );
  });

  it('is the same in Explicit VR where the dictionary knows its elements', () => {
    fc.assert(
      fc.property(dataset(false, 2), pieces, (elements, cuts) => {
        expect(convert(encode(elements, false), false, cuts).equals(encode(elements, true, true))).toBe(true);
      }),
    );
  });

  it('comes back from Explicit VR byte for byte, private elements too', () => {
    fc.assert(
      fc.property(dataset(true, 2), pieces, (elements, cuts) => {
        const implicit = encode(elements, false, true);
        expect(convert(convert(implicit, false, cuts), true, cuts).equals(implicit)).toBe(true);
      }),
    );
  });
});

describe('what is special', () => {
  const element = (tag: number, vr: string, value: Buffer): Element => ({ tag, vr, value });
  const bytes = Buffer.from('any bytes!');

  it.each<[string, Buffer, boolean, Buffer]>([
    [
      'a group length is left out',
      encode([element(0x00080000, 'UL', Buffer.alloc(4)), element(0x00080060, 'CS', bytes)], true),
      true,
      encode([element(0x00080060, 'CS', bytes)], false),
    ],
    [
      'zeros after the last element are left out',
      Buffer.concat([encode([element(0x00080060, 'CS', bytes)], true), Buffer.alloc(300)]),
      true,
      encode([element(0x00080060, 'CS', bytes)], false),
    ],
    [
      'a private creator is LO',
      encode([element(0x00290010, '', bytes)], false),
      false,
      encode([element(0x00290010, 'LO', bytes)], true),
    ],
    [
      'a private element is UN',
      encode([element(0x00291001, '', bytes)], false),
      false,
      encode([element(0x00291001, 'UN', bytes)], true),
    ],
    [
      'an element that the dictionary does not know is UN',
      encode([element(0x00080fff, '', bytes)], false),
      false,
      encode([element(0x00080fff, 'UN', bytes)], true),
    ],
    [
      'a value too long for its VR is UN',
      encode([element(0x00181164, '', Buffer.alloc(65_536, '1\\'))], false),
      false,
      encode([element(0x00181164, 'UN', Buffer.alloc(65_536, '1\\'))], true),
    ],
    [
      'pixels of bytes or words are OW',
      encode([element(0x7fe00010, '', bytes)], false),
      false,
      encode([element(0x7fe00010, 'OW', bytes)], true),
    ],
    [
      'a private sequence is found by its undefined length',
      encode([{ tag: 0x00291040, vr: 'SQ', items: [[element(0x00080060, 'CS', bytes)]] }], false, true),
      false,
      encode([{ tag: 0x00291040, vr: 'SQ', items: [[element(0x00080060, 'CS', bytes)]] }], true, true),
    ],
    [
      'UN of undefined length holds Implicit VR (PS3.5 6.2.2)',
      Buffer.concat([
        head(0x00291040, undefinedLength, 'UN'),
        head(0xfffee000, undefinedLength),
        encode([element(0x00080060, 'CS', bytes)], false),
        head(0xfffee00d, 0),
        head(0xfffee0dd, 0),
      ]),
      true,
      encode([{ tag: 0x00291040, vr: 'SQ', items: [[element(0x00080060, 'CS', bytes)]] }], false, true),
    ],
    [
      'PixelRepresentation of the data set around counts in an item',
      encode(
        [
          element(0x00280103, 'US', Buffer.from([1, 0])),
          { tag: 0x00283000, vr: 'SQ', items: [[element(0x00283002, 'xs', Buffer.alloc(6))]] },
        ],
        false,
      ),
      false,
      encode(
        [
          element(0x00280103, 'US', Buffer.from([1, 0])),
          { tag: 0x00283000, vr: 'SQ', items: [[element(0x00283002, 'SS', Buffer.alloc(6))]] },
        ],
        true,
        true,
      ),
    ],
  ])('%s', (_, from, fromExplicit, to) => {
    expect(convert(from, fromExplicit).toString('hex')).toBe(to.toString('hex'));
  });

  it.each<[string, Buffer]>([
    ['a truncated value', encode([element(0x00080060, 'CS', bytes)], true).subarray(0, 12)],
    ['a truncated header', encode([element(0x00080060, 'CS', bytes)], true).subarray(0, 5)],
    ['no value representation', Buffer.from('0800600020200400414243440', 'hex')],
    ['an item outside a sequence', head(0xfffee000, 0)],
    ['a delimiter that ends nothing', head(0xfffee0dd, 0)],
    [
      'an element in place of an item',
      Buffer.concat([head(0x00081140, 20, 'SQ'), encode([element(0x00080060, 'CS', bytes)], true)]),
    ],
    [
      'an item longer than its sequence',
      Buffer.concat([head(0x00081140, 20, 'SQ'), head(0xfffee000, 100), Buffer.alloc(200, 'A')]),
    ],
    [
      'an element longer than its item',
      Buffer.concat([
        head(0x00081140, 20, 'SQ'),
        head(0xfffee000, 12),
        head(0x00080060, 40, 'CS'),
        Buffer.alloc(200, 'A'),
      ]),
    ],
    ['encapsulated pixels', head(0x7fe00010, undefinedLength, 'OB')],
    ['a sequence that does not end', Buffer.concat([head(0x00081140, undefinedLength, 'SQ'), head(0xfffee000, 0)])],
    [
      'sequences without end in each other',
      Buffer.concat(
        Array.from({ length: 100 }, () =>
          Buffer.concat([head(0x00081140, undefinedLength, 'SQ'), head(0xfffee000, undefinedLength)]),
        ),
      ),
    ],
  ])('%s is unreadable', (_, from) => {
    expect(() => convert(from, true)).toThrow(expect.objectContaining({ code: 'DICOM_UNREADABLE' }) as Error);
  });
});

describe.skipIf(!hasPeer('dcmconv'))('beside dcmconv', () => {
  const folder = mkdtempSync(join(tmpdir(), 'priora-convert-'));
  /** dcmconv's data set, with undefined lengths and without group lengths. */
  function dcmconv(bytes: Buffer, TransferSyntaxUID: string, to: '+ti' | '+te'): Buffer {
    const meta = encodeFileMeta({
      MediaStorageSOPClassUID: SOPClass.MRImageStorage,
      MediaStorageSOPInstanceUID: '1.2.3',
      TransferSyntaxUID,
    });
    const [from, target] = [join(folder, 'from.dcm'), join(folder, 'to.dcm')];
    writeFileSync(from, Buffer.concat([meta, bytes]));
    execFileSync('dcmconv', [to, '-e', '-g', from, target]);
    const written = readFileSync(target);
    return written.subarray(decodeFileMeta(written).datasetOffset);
  }

  it('writes the same Implicit VR', () => {
    fc.assert(
      fc.property(dataset(true, 2), (elements) => {
        const explicit = encode(elements, true);
        fc.pre(explicit.length > 0);
        expect(convert(explicit, true).toString('hex')).toBe(dcmconv(explicit, explicitLE, '+ti').toString('hex'));
      }),
      { numRuns: 40 },
    );
  });

  it('writes the same Explicit VR of standard elements', () => {
    fc.assert(
      fc.property(dataset(false, 2), (elements) => {
        const implicit = encode(elements, false);
        fc.pre(implicit.length > 0);
        expect(convert(implicit, false).toString('hex')).toBe(dcmconv(implicit, implicitLE, '+te').toString('hex'));
      }),
      { numRuns: 40 },
    );
  });

  it('writes an Explicit VR of private elements that dcmconv reads as they were', () => {
    fc.assert(
      fc.property(dataset(true, 2), (elements) => {
        const implicit = encode(elements, false, true);
        fc.pre(implicit.length > 0);
        expect(dcmconv(convert(implicit, false), explicitLE, '+ti').toString('hex')).toBe(implicit.toString('hex'));
      }),
      { numRuns: 40 },
    );
  });
});
