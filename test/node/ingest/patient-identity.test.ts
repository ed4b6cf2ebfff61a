import { describe, expect, it } from 'vitest';
import { contradictions } from '../../../src/node/ingest/patient-identity.js';

const known = { PatientName: 'Müller^Jürgen', PatientBirthDate: '19600102', PatientSex: 'M' };
const against = (given: Partial<typeof known>) => contradictions(known, { ...known, ...given });

describe('contradictions', () => {
  it.each<[Partial<typeof known>, string]>([
    [{ PatientName: '', PatientBirthDate: '', PatientSex: '' }, 'empty values'],
    [{ PatientName: 'MÜLLER^JÜRGEN' }, 'case'],
    [{ PatientName: ' Müller ^Jürgen^^^' }, 'spaces and carets'],
    [{ PatientName: 'Mueller^Juergen' }, 'written-out umlauts'],
    [{ PatientName: 'MULLER^JURGEN' }, 'dropped umlauts'],
    [{ PatientName: 'Mu\u0308ller^Ju\u0308rgen' }, 'decomposed characters'],
    [{ PatientName: 'Müller Jürgen' }, 'no carets'],
    [{ PatientName: 'Müller^Jürgen^Karl^Dr.' }, 'components the other leaves empty'],
    [{ PatientName: 'Müller^Jürgen=ミュラー^ユルゲン' }, 'a group the other does not have'],
    [{ PatientBirthDate: '1960.01.02' }, 'a dotted date'],
    [{ PatientSex: 'm ' }, 'a small letter'],
  ])('%j: none (%s)', (given) => {
    expect(against(given)).toEqual([]);
  });

  it.each<[Partial<typeof known>, string[]]>([
    [{ PatientName: 'Müller^Hans' }, ['PatientName']],
    [{ PatientName: 'Miller^Jürgen' }, ['PatientName']],
    [{ PatientBirthDate: '19600201' }, ['PatientBirthDate']],
    [{ PatientSex: 'F' }, ['PatientSex']],
    [
      { PatientName: 'Other', PatientBirthDate: '19700101', PatientSex: 'O' },
      ['PatientName', 'PatientBirthDate', 'PatientSex'],
    ],
  ])('%j: %j', (given, expected) => {
    expect(against(given)).toEqual(expected);
  });

  it('compares ideographic groups with each other', () => {
    const yamada = (ideographic: string) => ({ ...known, PatientName: `Yamada^Tarou=${ideographic}` });
    expect(contradictions(yamada('山田^太郎'), yamada('山田^太郎'))).toEqual([]);
    expect(contradictions(yamada('山田^太郎'), yamada('山田^次郎'))).toEqual(['PatientName']);
  });
});
