import { describe, expect, it } from 'vitest';
import { textDelimiters, textReader } from '../../src/dicom/charset.js';

/** Bytes in the notation of PS3.5's examples: `\xx` is a byte in hexadecimal, anything else ASCII. */
const bytes = (notation: string) =>
  Buffer.from(
    notation.replace(/\\([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
const name = (SpecificCharacterSet: string, notation: string) =>
  textReader(SpecificCharacterSet.split('\\'))(bytes(notation), textDelimiters.name);

describe('PS3.5 Annex H to K: person names', () => {
  it.each([
    // H.2 (single-byte sets without code extensions)
    ['ISO_IR 100', '\\c4neas^R\\fcdiger', 'Äneas^Rüdiger'],
    ['ISO_IR 100', 'Buc^J\\e9r\\f4me', 'Buc^Jérôme'],
    ['ISO_IR 101', 'Wa\\b3\\easa', 'Wałęsa'],
    ['ISO_IR 126', '\\c4\\e9\\ef\\ed\\f5\\f3\\e9\\ef\\f2', 'Διονυσιος'],
    ['ISO_IR 127', '\\e2\\c8\\c7\\e6\\ea^\\e4\\e6\\d2\\c7\\d1', 'قباني^لنزار'],
    ['ISO_IR 138', '\\f9\\f8\\e5\\ef^\\e3\\e1\\e5\\f8\\e4', 'שרון^דבורה'],
    ['ISO_IR 144', '\\bb\\ee\\dace\\dc\\d1yp\\d3', 'Люкceмбypг'],
    ['ISO_IR 148', '\\c7avu\\fe', 'Çavuş'],
    ['ISO_IR 166', '\\ca\\c1\\aa\\d2\\c2', 'สมชาย'],
    // H.3.1: value 1 empty, value 2 ISO 2022 IR 87
    [
      '\\ISO 2022 IR 87',
      'Yamada^Tarou=\\1b$B;3ED\\1b(B^\\1b$BB@O:\\1b(B=\\1b$B$d$^$@\\1b(B^\\1b$B$?$m$&\\1b(B',
      'Yamada^Tarou=山田^太郎=やまだ^たろう',
    ],
    // H.3.2: half-width katakana first
    [
      'ISO 2022 IR 13\\ISO 2022 IR 87',
      '\\d4\\cf\\c0\\de^\\c0\\db\\b3=\\1b$B;3ED\\1b(J^\\1b$BB@O:\\1b(J=\\1b$B$d$^$@\\1b(J^\\1b$B$?$m$&\\1b(J',
      'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう',
    ],
    // I.2: Korean; the escape is repeated after every delimiter
    [
      '\\ISO 2022 IR 149',
      'Hong^Gildong=\\1b$)C\\fb\\f3^\\1b$)C\\d1\\ce\\d4\\d7=\\1b$)C\\c8\\ab^\\1b$)C\\b1\\e6\\b5\\bf',
      'Hong^Gildong=洪^吉洞=홍^길동',
    ],
    // J.1, J.2: no code extensions
    ['ISO_IR 192', 'Wang^XiaoDong=\\e7\\8e\\8b^\\e5\\b0\\8f\\e6\\9d\\b1', 'Wang^XiaoDong=王^小東'],
    ['GB18030', 'Wang^XiaoDong=\\cd\\f5^\\d0\\a1\\b6\\ab', 'Wang^XiaoDong=王^小东'],
    ['GBK', 'Wang^XiaoDong=\\cd\\f5^\\d0\\a1\\b6\\ab', 'Wang^XiaoDong=王^小东'],
    // K.2: GB 2312 through ISO 2022 IR 58
    ['\\ISO 2022 IR 58', 'Zhang^XiaoDong=\\1b$)A\\d5\\c5^\\1b$)A\\d0\\a1\\b6\\ab', 'Zhang^XiaoDong=张^小东'],
  ])('%s: %s', (SpecificCharacterSet, notation, expected) => {
    expect(name(SpecificCharacterSet, notation)).toBe(expected);
  });

  it('JIS X 0212 supplementary kanji', () => {
    expect(name('\\ISO 2022 IR 87\\ISO 2022 IR 159', '\\1b$(D0!\\1b(B')).toBe('丂');
  });
});

describe('code extensions', () => {
  it('end at a delimiter, so that a following value starts in the first character set', () => {
    expect(textReader(['ISO 2022 IR 100', 'ISO 2022 IR 126'])(bytes('\\1b-F\\c4\\5c\\c4'), textDelimiters.value)).toBe(
      'Δ\\Ä',
    );
  });

  it('hold for a whole run of text', () => {
    const reader = textReader(['', 'ISO 2022 IR 87']);
    // 0x5C as second byte of a kanji is no delimiter.
    expect(reader(bytes('\\1b$B!\\5c\\1b(B end'), textDelimiters.value)).toBe('± end'.replace('±', '\uff0b'));
  });

  it('keep a second byte of 0x5C in GB18030 within its character', () => {
    expect(textReader(['GB18030'])(bytes('\\81\\5c'), textDelimiters.value)).toBe('乗');
  });
});

describe('tolerance', () => {
  it('decodes bytes without a declared set, and unknown terms, as Latin-1', () => {
    expect(name('', 'M\\fcller')).toBe('Müller');
    expect(name('ISO_IR 999', 'M\\fcller')).toBe('Müller');
  });

  it('keeps an escape it does not know', () => {
    expect(name('ISO 2022 IR 100', 'a\\1b%Gb')).toBe('a\x1b%Gb');
  });
});
