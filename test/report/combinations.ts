import type { ReportInput } from '../../src/report/report-input.js';
import type { Vector3 } from '../../src/imaging/affine.js';
import { sourceGrid } from '../analysis/measure/probability-maps.js';
import { followUp, refusedPrior } from './cases.js';
import { followedUp } from './followed-up.js';
import { syntheticReport, type SyntheticReport } from './synthetic-report.js';

const names = ['Muster^Person', 'Jäger^Jörg Übel', 'Yamada^Tarou=山田^太郎=やまだ^たろう', 'Ķēniņš^Žanis'];
const orientations = ['axial', 'sagittal', 'coronal', 'oblique'] as const;

interface Situation {
  readonly found: boolean;
  readonly input: Partial<ReportInput>;
  readonly history?: 'en' | 'de';
}
/** What a time point can be, besides its geometry. */
const everywhere: Record<string, Situation> = {
  'first scan, nothing found': { found: false, input: { noPriorReason: { kind: 'no earlier study' } } },
  'first scan, a lesion': { found: true, input: { noPriorReason: { kind: 'no earlier study' } } },
  'follow-up, German, all gone': { found: false, input: followUp, history: 'de' },
};
/** Situations that geometry adds nothing to but the validator's time: each with some orientations, single- and multi-frame. */
const somewhere: Record<string, Situation> = {
  'prior refused': { found: true, input: { ...followUp, prior: refusedPrior } },
  'follow-up, English': { found: true, input: followUp, history: 'en' },
};

const geometries = orientations.flatMap((orientation) =>
  [false, true].map((multiFrame) => ({ orientation, multiFrame })),
);
type Geometry = (typeof geometries)[number];

/** Few slices: DicomSRValidator's time rises faster than the number of a report's content items, of which each image is one. */
const gridOf = ({ orientation }: Geometry) => sourceGrid(orientation, [2, 2, 3], [52, 46, 12]);
const nameOf = ({ orientation, multiFrame }: Geometry, situation: string) =>
  `${orientation}, ${multiFrame ? 'multi-frame' : 'single-frame'}, ${situation}`;

/** Forty lesions of one voxel each. */
const forty = syntheticReport({
  name: 'forty',
  grid: gridOf({ orientation: 'oblique', multiFrame: true }),
  multiFrame: true,
  balls: Array.from({ length: 40 }, (_, index): [Vector3, number] => [
    [((index % 5) - 2) * 14, (Math.floor(index / 5) % 4) * 14 - 21, Math.floor(index / 20) * 10 - 5],
    1,
  ]),
  input: followUp,
});

/**
 * Every orientation, single- and multi-frame, in the situations whose objects depend on it; the others with every orientation;
 * names in several scripts with all of it; and forty lesions at once.
 */
export const combinations: SyntheticReport[] = [
  ...geometries.flatMap((geometry) => Object.entries(everywhere).map((situation) => ({ geometry, situation }))),
  ...Object.entries(somewhere).flatMap((situation, turn) =>
    orientations.map((orientation, index) => ({
      geometry: { orientation, multiFrame: (index + turn) % 2 === 1 },
      situation,
    })),
  ),
]
  .map(({ geometry, situation: [situation, { found, input, history }] }, index) => {
    const made = syntheticReport({
      name: nameOf(geometry, situation),
      grid: gridOf(geometry),
      multiFrame: geometry.multiFrame,
      balls: found ? [[[14, -9, 11], 3]] : [],
      header: { PatientName: names[index % names.length], PatientID: `P-${index}` },
      input,
    });
    return history ? followedUp(made, { language: history }) : made;
  })
  .concat(forty);
