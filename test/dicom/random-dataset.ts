import fc from 'fast-check';
import { VRConverter } from '../../src/dicom/vr-converter.js';

export const undefinedLength = 0xffffffff;

/** An element as a test writes it; `items` make it a sequence. */
export interface Element {
  readonly tag: number;
  readonly vr: string;
  readonly value?: Buffer;
  readonly items?: readonly (readonly Element[])[];
  /** Sequences and items end with delimiters. */
  readonly delimited?: boolean;
}

const longVRs = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'UC', 'UN', 'UR', 'UT']);

/** The header of an element, an item or a delimiter; without `vr` in Implicit VR. */
export function head(tag: number, length: number, vr?: string): Buffer {
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
export function encode(elements: readonly Element[], explicit: boolean, delimited?: boolean): Buffer {
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
export function convert(dataset: Buffer, fromExplicit: boolean, pieces: readonly number[] = [1 << 20]): Buffer {
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
export function dataset(withPrivates: boolean, depth: number): fc.Arbitrary<Element[]> {
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
