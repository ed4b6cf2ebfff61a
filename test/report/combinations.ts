import type { ReportInput } from '../../src/report/types.js';
import { followUp, refusedPrior } from './cases.js';
import { followedUp } from './followed-up.js';
import { smallGrid, syntheticReport, type SyntheticReport } from './synthetic-report.js';

const names = ['Muster^Person', 'Jäger^Jörg Übel', 'Yamada^Tarou=山田^太郎=やまだ^たろう', 'Ķēniņš^Žanis'];

/** What a time point can be, besides its geometry. */
const situations: Record<string, { found: boolean; input: Partial<ReportInput>; history?: 'en' | 'de' }> = {
  'first scan, nothing found': { found: false, input: { noPriorReason: { kind: 'no earlier study' } } },
  'first scan, a lesion': { found: true, input: { noPriorReason: { kind: 'no earlier study' } } },
  'prior refused': { found: true, input: { ...followUp, prior: refusedPrior } },
  'follow-up, English': { found: true, input: followUp, history: 'en' },
  'follow-up, German, all gone': { found: false, input: followUp, history: 'de' },
};

/** Every orientation, single- and multi-frame, in every situation, with names in several scripts; and one with forty lesions. */
export const combinations: SyntheticReport[] = (['axial', 'sagittal', 'coronal', 'oblique'] as const)
  .flatMap((orientation) =>
    [false, true].flatMap((multiFrame) =>
      Object.entries(situations).map(([situation, { found, input, history }]) => ({
        label: `${orientation}, ${multiFrame ? 'multi-frame' : 'single-frame'}, ${situation}`,
        orientation,
        multiFrame,
        found,
        input,
        history,
      })),
    ),
  )
  .map(({ label, orientation, multiFrame, found, input, history }, index) => {
    const made = syntheticReport({
      name: label,
      grid: smallGrid(orientation),
      multiFrame,
      balls: found ? [[[14, -9, 11], 3]] : [],
      header: { PatientName: names[index % names.length], PatientID: `P-${index}` },
      input,
    });
    return history ? followedUp(made, { language: history }) : made;
  });
