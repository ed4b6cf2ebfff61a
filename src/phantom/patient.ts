import { invertAffine, type Vector3 } from '../imaging/affine.js';
import { lesionSites } from './lesion-sites.js';
import { randomAppearance, type LesionAppearance, type LesionKind } from './lesion.js';
import { drawDays, drawStory, patientStream, sphereDiameterMm, sphereVolumeMm3 } from './lesion-history.js';
import type { PaintedHead, SourceHead } from './head.js';
import type { Tube } from './tube.js';
import { headFromSource, randomHeadShape, type HeadShape } from './warp.js';

/** A metastasis over all time points. */
export interface LesionCourse {
  readonly id: number;
  readonly appearance: LesionAppearance;
  /** Head space, LPS mm. */
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

  const tubes = source.tubes(random).map((tube) => {
    const from = toHead(tube.from);
    return { ...tube, from, to: tube.to === tube.from ? from : toHead(tube.to) };
  });

  const story = options.lesions
    ? options.lesions.map(({ diametersMm }) => diametersMm.map(sphereVolumeMm3))
    : drawStory(seed, options.timePoints);
  const drafts = story.map((volumesMm3, index) => {
    const script = options.lesions?.[index];
    const largestMm = sphereDiameterMm(Math.max(...volumesMm3));
    return {
      volumesMm3,
      appearance: randomAppearance(random.fork(`lesion ${index}`), largestMm, script?.kind, script?.signal),
    };
  });
  const sites = lesionSites(
    source,
    random.fork('sites'),
    drafts.map(({ appearance, volumesMm3 }) => Math.cbrt(Math.max(...volumesMm3) / appearance.shape.unitVolume)),
    toHead,
    tubes.filter((tube) => tube.fromRadiusMm > 1.3),
  );

  return {
    seed,
    source,
    shape,
    ...source.paint(random),
    tubes,
    // A crowded head may have no room for the last lesion; it is then left out rather than drawn into another.
    lesions: drafts.flatMap((draft, index) => {
      const centreMm = sites[index];
      return centreMm ? [{ id: index + 1, centreMm, ...draft }] : [];
    }),
    days: drawDays(seed, story[0].length),
  };
}
