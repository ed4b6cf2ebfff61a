import { invertAffine, type Vector3 } from '../imaging/affine.js';
import { LesionSites } from './lesion-sites.js';
import { randomAppearance, type LesionAppearance, type LesionKind } from './lesion.js';
import { drawDays, drawStory, patientStream, sphereDiameterMm, sphereVolumeMm3 } from './lesion-history.js';
import type { PaintedHead, SourceHead } from './head.js';
import { drawOtherFindings, otherAppearance, type OtherFinding } from './other-findings.js';
import type { Random } from './random.js';
import type { Tube } from './tube.js';
import { headFromSource, randomHeadShape, type HeadShape } from './warp.js';

/** A metastasis over all time points. */
export interface LesionCourse {
  readonly id: number;
  readonly appearance: LesionAppearance;
  /** Origin of its form in head space, LPS mm. */
  readonly centreMm: Vector3;
  /** One volume a time point; 0 where the lesion is absent. */
  readonly volumesMm3: readonly number[];
}

/** A synthetic patient: one head, its vessels, and its metastases over time. */
export interface PhantomPatient extends PaintedHead {
  readonly seed: number;
  readonly source: SourceHead;
  readonly shape: HeadShape;
  /** Vessels, sinuses, plexus and pituitary in head space. */
  readonly tubes: readonly Tube[];
  readonly lesions: readonly LesionCourse[];
  /** Findings that are no metastases. */
  readonly others: readonly OtherFinding[];
  /** Days from the first scan; one entry a time point. */
  readonly days: readonly number[];
}

/** The folder name and PatientID of a phantom. */
export const phantomName = (seed: number): string => `PHANTOM-${String(seed).padStart(5, '0')}`;

/** A lesion written out instead of drawn: for demonstrations and tests with a known story. */
export interface LesionScript {
  /** Diameter of the sphere of equal volume at each time point; 0 = absent. */
  readonly diametersMm: readonly number[];
  readonly kind: LesionKind;
  readonly signal: number;
}

export interface PatientOptions {
  /** Number of scans; drawn as three or four (31 % of all scans are first ones) when left out. */
  readonly timePoints?: number;
  /** Lesions with a written story instead of random ones. */
  readonly lesions?: readonly LesionScript[];
}

/**
 * Makes a patient. The same head, seed and options give the same patient.
 *
 * @param seed any integer; patients of different seeds share nothing but the source head.
 */
export function createPatient(source: SourceHead, seed: number, options: PatientOptions = {}): PhantomPatient {
  const random = patientStream(seed);
  const shape = randomHeadShape(source, random.fork('shape'));
  const headFromSourceAffine = invertAffine(shape.sourceFromHeadAffine);
  const toHead = (point: Vector3) => headFromSource(shape, headFromSourceAffine, point);

  const tubes = Object.values(source.tubes(random))
    .flat()
    .map((tube) => {
      const from = toHead(tube.from);
      return { ...tube, from, to: tube.to === tube.from ? from : toHead(tube.to) };
    });

  const story = options.lesions
    ? options.lesions.map(({ diametersMm }) => diametersMm.map(sphereVolumeMm3))
    : drawStory(seed, options.timePoints);
  const sites = new LesionSites(
    source,
    toHead,
    tubes.filter((tube) => tube.fromRadiusMm > 1.3),
  );
  const days = drawDays(seed, story[0].length);
  const lesions = options.lesions
    ? placeLesions(story, sites, random, { scripts: options.lesions, clustered: false, onDura: 0 })
    : placeLesions(story, sites, random, { scripts: [], clustered: random.fork('cluster').chance(0.07), onDura: 0.05 });
  const { remaining, cavities } = options.lesions
    ? { remaining: lesions, cavities: [] }
    : resect(lesions, random.fork('surgery'));
  const others = options.lesions ? [] : drawOtherFindings(random.fork('others'), sites, days.length);
  return {
    seed,
    source,
    shape,
    ...source.paint(random),
    tubes,
    lesions: remaining,
    others: [...cavities, ...others],
    days,
  };
}

/** What places metastases beside their story. */
interface Placing {
  readonly scripts: readonly LesionScript[];
  /** Whether all lie within a few centimetres. */
  readonly clustered: boolean;
  /** Share of those from 5 mm on that sit on dura. */
  readonly onDura: number;
}

/**
 * Gives each lesion of a story its look and its place. A crowded head may have no room for the last one; it is then left out
 * rather than drawn into another.
 */
function placeLesions(
  story: readonly (readonly number[])[],
  sites: LesionSites,
  random: Random,
  { scripts, clustered, onDura }: Placing,
): LesionCourse[] {
  const lesions: LesionCourse[] = [];
  let near: { at: Vector3; withinMm: number } | null = null;
  for (const [index, volumesMm3] of story.entries()) {
    const stream = random.fork(`lesion ${index}`);
    const diameterMm = sphereDiameterMm(Math.max(...volumesMm3));
    const on = diameterMm > 5 && stream.chance(onDura) ? 'dura' : 'brain';
    const site = sites.find({ radiusMm: diameterMm / 2, on, near }, stream.fork('site'));
    if (!site) continue;
    if (clustered) near ??= { at: site.at, withinMm: stream.uniform(18, 40) };
    const { kind, signal } = scripts[index] ?? {};
    const appearance = randomAppearance(stream.fork('look'), diameterMm, { kind, signal, outward: site.outward });
    lesions.push({ id: index + 1, appearance, centreMm: site.at, volumesMm3 });
  }
  return lesions;
}

/** Operates on some of the large lesions between two scans: what is left is a cavity. */
function resect(
  lesions: readonly LesionCourse[],
  random: Random,
): { remaining: LesionCourse[]; cavities: OtherFinding[] } {
  const cavities: OtherFinding[] = [];
  const remaining = lesions.map((lesion) => {
    const { id, volumesMm3, centreMm } = lesion;
    const stream = random.fork(id);
    const day = volumesMm3.findIndex(
      (volume, time) => time > 0 && volumesMm3[time - 1] > sphereVolumeMm3(14) && volume > 0,
    );
    if (day < 0 || !stream.chance(0.15)) return lesion;
    const removedMm3 = volumesMm3[day - 1];
    const diameterMm = sphereDiameterMm(removedMm3);
    let left = removedMm3 * stream.uniform(0.5, 1.1);
    const volumes = volumesMm3.map((_, time) => (time < day ? 0 : (left *= stream.uniform(0.85, 1))));
    const appearance = otherAppearance('cavity', diameterMm, null, stream.fork('look'));
    cavities.push({ kind: 'cavity', appearance, centreMm, volumesMm3: volumes });
    return { ...lesion, volumesMm3: volumesMm3.map((volume, time) => (time < day ? volume : 0)) };
  });
  return { remaining, cavities };
}
