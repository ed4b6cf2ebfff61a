/**
 * Text of data elements → JavaScript strings, by SpecificCharacterSet (PS3.3 C.12.1.1.2, PS3.5 6.1). Code extensions
 * (ISO 2022, several values) are followed escape by escape; the delimiters of a value end them.
 */

/** Decodes one element's bytes; `delimiters` are the ASCII bytes that reset code extensions for its VR. */
export type TextReader = (bytes: Uint8Array, delimiters: string) => string;

/** A designated code set: bytes per character, and how a run of such bytes is decoded. */
interface CodeSet {
  readonly width: 1 | 2;
  readonly decode: (bytes: Uint8Array) => string;
}

const byLabel = (label: string, width: 1 | 2 = 1): CodeSet => {
  const decoder = new TextDecoder(label);
  return { width, decode: (bytes) => decoder.decode(bytes) };
};
const latin1 = byLabel('latin1');
/** JIS X 0201 romaji differs from ASCII in two places; 0x5C stays the delimiter that DICOM makes of it. */
const romaji: CodeSet = { width: 1, decode: (bytes) => latin1.decode(bytes).replaceAll('~', '\u203e') };
const katakana = byLabel('shift_jis');
const eucJP = new TextDecoder('euc-jp');
const jisX0208: CodeSet = { width: 2, decode: (bytes) => eucJP.decode(bytes.map((byte) => byte | 0x80)) };
const jisX0212: CodeSet = {
  width: 2,
  decode: (bytes) => {
    const prefixed: number[] = [];
    for (let at = 0; at + 1 < bytes.length; at += 2) prefixed.push(0x8f, bytes[at] | 0x80, bytes[at + 1] | 0x80);
    return eucJP.decode(new Uint8Array(prefixed));
  },
};

/** What each defined term designates before any escape: G0 (bytes < 0x80) and G1 (the others). */
const initialSets: Record<string, { g0: CodeSet; g1: CodeSet }> = {
  '6': { g0: latin1, g1: latin1 },
  '13': { g0: romaji, g1: katakana },
  '100': { g0: latin1, g1: latin1 },
  '101': { g0: latin1, g1: byLabel('iso-8859-2') },
  '109': { g0: latin1, g1: byLabel('iso-8859-3') },
  '110': { g0: latin1, g1: byLabel('iso-8859-4') },
  '126': { g0: latin1, g1: byLabel('iso-8859-7') },
  '127': { g0: latin1, g1: byLabel('iso-8859-6') },
  '138': { g0: latin1, g1: byLabel('iso-8859-8') },
  '144': { g0: latin1, g1: byLabel('iso-8859-5') },
  '148': { g0: latin1, g1: byLabel('iso-8859-9') },
  '149': { g0: latin1, g1: byLabel('euc-kr', 2) },
  '58': { g0: latin1, g1: byLabel('gb18030', 2) },
  '166': { g0: latin1, g1: byLabel('windows-874') },
  '203': { g0: latin1, g1: byLabel('iso-8859-15') },
};

/** Escape sequences of PS3.3 Tables C.12-3 and C.12-4, without the ESC byte. */
const escapes: Record<string, { g0?: CodeSet; g1?: CodeSet }> = {
  '(B': { g0: latin1 },
  '(J': { g0: romaji },
  ')I': { g1: katakana },
  $B: { g0: jisX0208 },
  '$(D': { g0: jisX0212 },
  '$)C': { g1: initialSets['149'].g1 },
  '$)A': { g1: initialSets['58'].g1 },
  '-A': { g1: latin1 },
  '-B': { g1: initialSets['101'].g1 },
  '-C': { g1: initialSets['109'].g1 },
  '-D': { g1: initialSets['110'].g1 },
  '-F': { g1: initialSets['126'].g1 },
  '-G': { g1: initialSets['127'].g1 },
  '-H': { g1: initialSets['138'].g1 },
  '-L': { g1: initialSets['144'].g1 },
  '-M': { g1: initialSets['148'].g1 },
  '-T': { g1: initialSets['166'].g1 },
  '-b': { g1: initialSets['203'].g1 },
};

/** Delimiters after which code extensions start anew (PS3.5 6.1.2.5.3). */
export const textDelimiters = { name: '\\^=\r\n\f\t', value: '\\\r\n\f\t', text: '\r\n\f\t' } as const;

/**
 * The decoder for the values of a SpecificCharacterSet. Unknown terms and bytes outside the declared set decode as
 * Latin-1, tolerantly, because the rest of the file must still be usable.
 */
export function textReader(SpecificCharacterSet: readonly string[]): TextReader {
  const first = (SpecificCharacterSet[0] ?? '').trim().toUpperCase().replaceAll('_', ' ');
  // These encode everything by themselves and have no code extensions (PS3.3 Table C.12-5).
  const whole = ({ 'ISO IR 192': 'utf-8', GB18030: 'gb18030', GBK: 'gbk' } as Record<string, string>)[first];
  if (whole !== undefined) {
    const decoder = new TextDecoder(whole);
    return (bytes) => decoder.decode(bytes);
  }
  const registration = /(?<!\d)\d+$/.exec(first)?.[0];
  // IR 87, 159, 149 and 58 as first value violate the standard; until the first escape the text is then ASCII.
  const initial = initialSets[registration ?? '6'] ?? initialSets['6'];
  return (bytes, delimiters) => decodeISO2022(bytes, initial, delimiters);
}

function decodeISO2022(bytes: Uint8Array, initial: { g0: CodeSet; g1: CodeSet }, delimiters: string): string {
  let { g0, g1 } = initial;
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] === 0x1b) {
      const length = [2, 3].find((count) => escapes[latin1.decode(bytes.subarray(at + 1, at + 1 + count))]);
      if (length !== undefined) {
        const escape = escapes[latin1.decode(bytes.subarray(at + 1, at + 1 + length))];
        g0 = escape.g0 ?? g0;
        g1 = escape.g1 ?? g1;
        at += 1 + length;
        continue;
      }
    }
    const high = bytes[at] >= 0x80;
    const set = high ? g1 : g0;
    let end = at;
    // One run: bytes of the same half, up to the next escape or, in single-byte sets, the next delimiter.
    while (end < bytes.length && bytes[end] >= 0x80 === high && bytes[end] !== 0x1b) {
      if (set.width === 1 && !high && delimiters.includes(String.fromCharCode(bytes[end]))) break;
      if (set.width === 2 && !high && bytes[end] < 0x21) break; // A control character ends a two-byte set as well.
      end += set.width;
    }
    if (end > at) text += set.decode(bytes.subarray(at, Math.min(end, bytes.length)));
    else {
      // A delimiter, or an ESC that begins nothing known.
      if (bytes[at] !== 0x1b) ({ g0, g1 } = initial);
      text += String.fromCharCode(bytes[at]);
      end = at + 1;
    }
    at = end;
  }
  return text;
}
