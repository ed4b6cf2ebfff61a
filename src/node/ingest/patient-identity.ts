import type { PatientRow } from '../../store/store.js';

type Identity = Pick<PatientRow, 'PatientName' | 'PatientBirthDate' | 'PatientSex'>;

/**
 * Spellings that a name may legitimately have: without diacritics (Müller, Muller), or with them written out (Mueller).
 */
function spellings(text: string): string[] {
  const upper = text.normalize('NFC').toUpperCase().replace(/\s+/g, ' ').trim();
  const written = upper
    .replace(/Ä/g, 'AE')
    .replace(/Ö/g, 'OE')
    .replace(/Ü/g, 'UE')
    .replace(/Ø/g, 'OE')
    .replace(/Å/g, 'AA');
  const plain = (value: string) => value.normalize('NFKD').replace(/\p{M}/gu, '');
  return [plain(upper), plain(written)];
}

const agree = (a: string, b: string) => {
  const other = spellings(b);
  return spellings(a).some((spelling) => other.includes(spelling));
};

/** The components of one group of a person name, without padding (PS3.5 6.2.1). */
const components = (group: string) => group.split('^').map((component) => component.trim());

function groupsAgree(a: string, b: string): boolean {
  const left = components(a);
  const right = components(b);
  // Some systems write `DOE JOHN` for `DOE^JOHN`.
  if (agree(left.filter(Boolean).join(' '), right.filter(Boolean).join(' '))) return true;
  const count = Math.max(left.length, right.length);
  return Array.from({ length: count }, (_, index) => [left[index] ?? '', right[index] ?? '']).every(
    ([x, y]) => x === '' || y === '' || agree(x, y),
  );
}

/**
 * Alphabetic, ideographic and phonetic groups are each compared with their like; one that only one side has says
 * nothing.
 */
function namesAgree(a: string, b: string): boolean {
  if (a === b) return true;
  const left = a.split('=');
  const right = b.split('=');
  return left.every((group, index) => {
    const other = right[index] ?? '';
    return group.replace(/[\s^]/g, '') === '' || other.replace(/[\s^]/g, '') === '' || groupsAgree(group, other);
  });
}

/**
 * The attributes in which two records of one PatientID contradict each other. Empty values and mere formatting (case,
 * spaces, caret padding, diacritics, dotted dates) contradict nothing.
 *
 * @returns attribute keywords, never values: they become reasons that people and logs see.
 */
export function contradictions(known: Identity, given: Identity): (keyof Identity)[] {
  const digits = (date: string) => date.replace(/\D/g, '');
  const differ = (a: string, b: string) => a !== '' && b !== '' && a !== b;
  const found: (keyof Identity)[] = [];
  if (!namesAgree(known.PatientName, given.PatientName)) found.push('PatientName');
  if (differ(digits(known.PatientBirthDate), digits(given.PatientBirthDate))) found.push('PatientBirthDate');
  if (differ(known.PatientSex.trim().toUpperCase(), given.PatientSex.trim().toUpperCase())) found.push('PatientSex');
  return found;
}
