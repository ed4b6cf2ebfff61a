import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convert, dataset, encode, head, undefinedLength, type Element } from './random-dataset.js';

const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

describe('a converted data set', () => {
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

describe('the converter', () => {
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
