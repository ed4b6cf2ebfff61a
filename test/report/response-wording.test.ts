import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadMapping } from '../../src/core/mapping-file.js';
import { responseCriteriaSchema } from '../../src/model/criteria.js';
import { describeResponse } from '../../src/report/wording/sentences.js';
import { wordings } from '../../src/report/wording/language.js';
import type { LedgerTimePoint } from '../../src/analysis/respond/ledger.js';
import { assessResponse } from '../../src/analysis/respond/rano-bm.js';

const path = resolve(import.meta.dirname, '../../mappings/response-criteria.yaml');
const { response: criteria } = loadMapping(path, responseCriteriaSchema);

/** Time points six weeks apart, each a row of lengths by name; × marks a lesion that is new, ? one that is equivocal. */
const course = (...rows: Record<string, number>[]): LedgerTimePoint[] =>
  rows.map((row, index) => ({
    order: index + 1,
    acquiredAt: index * 42 * 86_400_000,
    followed: index > 0,
    gone: [],
    lesions: Object.entries(row).map(([name, longAxisMm]) => ({
      trackingUID: `2.25.${name}`,
      trackingID: name,
      confidence: 'confirmed',
      change: name.startsWith('×') ? 'new' : name.startsWith('?') ? 'equivocal' : 'stable',
      longAxisMm,
      shortAxisMm: longAxisMm,
      axialSlices: 9,
      splitFrom: null,
    })),
  }));
const said = (language: 'en' | 'de', ...rows: Record<string, number>[]) =>
  describeResponse(assessResponse(course(...rows), criteria, 'unknown'), wordings[language]);
describe('the response in words', () => {
  test('names the targets at baseline', () => {
    expect(said('en', { A: 20, B: 6 }).slice(0, 3)).toEqual([
      'RANO-BM, radiographic part: baseline.',
      'Target lesions selected at time point 1, longest diameters in mm: A 20.0. Sum 20.0 mm.',
      'Non-target lesions, in mm: B 6.0.',
    ]);
  });

  test('states later how the numbers compare with baseline and nadir, and how long it has lasted', () => {
    expect(said('en', { A: 20, B: 6 }, { A: 10, B: 6 }, { A: 11, B: 5 })).toEqual([
      'RANO-BM, radiographic part: partial response (PR).',
      'Response confirmed: sustained for 42 days (28 required).',
      'Targets: partial response (PR). Sum of longest diameters 11.0 mm; baseline 20.0 mm (-45 %), nadir 10.0 mm at time point 2 (+10 %).',
      'Target lesions, baseline → nadir → current, in mm: A 20.0 → 10.0 → 11.0.',
      'Non-targets: neither complete response nor progressive disease (non-CR/non-PD). Smallest so far → current, in mm: B 6.0 → 5.0.',
      'No new lesions.',
      'Candidates are counted neither as new lesions nor as progression.',
      'RANO-BM also considers corticosteroid dose and clinical status, which are not assessed here.',
    ]);
  });

  test('tells what is equivocal, and from when progression is dated once it is not', () => {
    const equivocal = said('en', { A: 20 }, { A: 20, '?C': 3 });
    expect(equivocal[0]).toBe('RANO-BM, radiographic part: stable disease (SD).');
    expect(equivocal).toContain(
      'Equivocal new, to be confirmed, in mm: ?C 3.0, first seen at time point 2. Not counted as progression.',
    );
    const later = said('en', { A: 20 }, { A: 20, '?C': 3 }, { A: 20, '?C': 6 });
    expect(later[0]).toBe('RANO-BM, radiographic part: progressive disease (PD).');
    expect(later).toContain(
      'Progression is dated back to time point 2, when what is now known to be new was first seen.',
    );
  });

  test('writes a length as it was measured, and says where it counts more', () => {
    const short = said('en', { A: 20 }, { A: 1.2 });
    expect(short).toContain('Target lesions, baseline → nadir → current, in mm: A 20.0 → 20.0 → 1.2.');
    expect(short).toContain('In the sums, a visualised lesion shorter than 5 mm counts 5 mm.');
    expect(said('en', { A: 20 }, { A: 12 }).join()).not.toContain('counts 5 mm');
    expect(said('en', { A: 20 }, {})).toContain(
      'Target lesions, baseline → nadir → current, in mm: A 20.0 → 20.0 → resolved.',
    );
  });

  test('states both if a new lesion decides and the therapy is unknown, in German, too', () => {
    expect(said('de', { A: 20 }, { A: 19.5, '×C': 7 })).toEqual([
      'RANO-BM, radiologischer Teil: progrediente Erkrankung (PD).',
      'Unter Immuntherapie gelten neue Läsionen allein nicht als Progress; das Ansprechen wäre dann: stabile Erkrankung (SD).',
      'Ob der Patient eine Immuntherapie erhält, ist nicht bekannt.',
      'Zielläsionen: stabile Erkrankung (SD). Summe der längsten Durchmesser 19,5 mm; Ausgangswert 20,0 mm (-3 %), Nadir 20,0 mm zum Zeitpunkt 1 (-3 %).',
      'Zielläsionen, Ausgangswert → Nadir → aktuell, in mm: A 20,0 → 20,0 → 19,5.',
      'Neu seit dem Ausgangsbefund, in mm: ×C 7,0, erstmals abgrenzbar zum Zeitpunkt 2.',
      'Kandidaten werden weder als neue Läsionen noch als Progress gewertet.',
      'RANO-BM berücksichtigt auch Steroiddosis und klinischen Zustand; beides wird hier nicht beurteilt.',
    ]);
  });
});
