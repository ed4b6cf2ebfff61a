import { isUID } from '../../core/identifiers.js';
import type { Confidence, LesionIdentity } from '../../model/lesion.js';
import type { ReadersMeasurements, ReviewVerdict } from '../../model/case-review.js';
import { refusal, type DrawnLesion, type Review } from '../review/review.js';

/** A lesion of a time point after corrections have been applied. */
export interface StandingLesion {
  /** Null for one that a reader has drawn without an identity: it is looked for in the patient's other studies. */
  readonly identity: LesionIdentity | null;
  readonly confidence: Confidence;
  readonly verdict: ReviewVerdict;
  /** Indices on the series' grid, ascending. */
  readonly voxels: Uint32Array;
  /** What the reader's report measures, if it differs from ours. */
  readonly theirs: ReadersMeasurements;
}

/** A lesion as our own report had it, the reference for every correction. */
export interface OwnLesion extends LesionIdentity {
  readonly confidence: Confidence;
  readonly voxels: Uint32Array;
  readonly measurements: Required<ReadersMeasurements>;
}

/** What a correction is compared with. */
export interface ReviewContext {
  /** The lesions of the time point as the networks found them. */
  readonly own: readonly OwnLesion[];
  /** Whether we wrote the object. */
  readonly isOurs: (SOPInstanceUID: string) => boolean;
  /** The patient's lesion with this tracking UID; an unknown UID gets a new tracking identifier. */
  readonly identityOf: (trackingUID: string) => LesionIdentity;
}

/** Share of the smaller mask inside the larger one from which both count as one lesion, redrawn at another size. */
const redrawnLesion = 0.5;
/** Jaccard index from which two masks count as the same lesion whatever they are called. */
const sameLesion = 0.1;

/** The lesions as the networks found them, before any correction. */
export const unreviewed = ({ own }: ReviewContext): StandingLesion[] =>
  own.map(({ trackingUID, trackingID, confidence, voxels }) => ({
    identity: { trackingUID, trackingID },
    confidence,
    verdict: 'kept',
    voxels,
    theirs: {},
  }));

/**
 * The lesions that stand after one more correction. A SEG is complete: its segments are the lesions of the time point.
 * A report says which of our lesions stand, and how certain they are; it does not undo what a reader has drawn and the
 * report does not know of.
 *
 * @throws PrioraError REVIEW_REFUSED if the object has nothing to do with the lesions of this time point.
 */
export function applyReview(
  standing: readonly StandingLesion[],
  review: Review,
  context: ReviewContext,
): StandingLesion[] {
  return review.kind === 'SEG' ? applySegmentation(review.lesions, context) : applyReport(standing, review, context);
}

function applySegmentation(drawn: readonly DrawnLesion[], { own, identityOf }: ReviewContext): StandingLesion[] {
  const shown = withoutOverlap(drawn).filter(({ voxels }) => voxels.length > 0);
  const partners = partnersOf(shown, own);
  const isLesion = (segment: DrawnLesion) => segment.property === 'lesion' || partners.has(segment);
  const namesOurs = drawn.some(({ trackingUID }) => own.some((lesion) => lesion.trackingUID === trackingUID));
  if (!namesOurs && !shown.some(isLesion))
    throw refusal('none of its segments is a lesion or overlaps a lesion of this time point');
  const given = new Set([...partners.values()].map(({ trackingUID }) => trackingUID));
  /** The identity that the reader gave, if it is valid and not that of another lesion. */
  const nameOf = ({ trackingUID }: DrawnLesion): LesionIdentity | null => {
    if (!isUID(trackingUID) || given.has(trackingUID)) return null;
    given.add(trackingUID);
    return identityOf(trackingUID);
  };
  // If all segments are of one type, that is the viewer's habit and no reader's judgement of any of them.
  const marksPersons = new Set(drawn.map(({ algorithmType }) => algorithmType)).size > 1;
  const standing = shown
    .filter((segment) => isLesion(segment) || segment.property === 'unspecific')
    .map((segment): StandingLesion => {
      const { voxels } = segment;
      const automatic = segment.algorithmType === 'AUTOMATIC';
      const ours = partners.get(segment);
      // A segment by another program that the reader let stand is not a person's judgement.
      if (!ours)
        return {
          identity: nameOf(segment),
          confidence: automatic ? 'candidate' : 'confirmed',
          verdict: 'added',
          voxels,
          theirs: {},
        };
      const { trackingUID, trackingID } = ours;
      const lesion = { identity: { trackingUID, trackingID }, voxels, theirs: {} };
      if (!sameVoxels(ours.voxels, voxels)) return { ...lesion, confidence: 'confirmed', verdict: 'edited' };
      return marksPersons && !automatic
        ? { ...lesion, confidence: 'confirmed', verdict: 'accepted' }
        : { ...lesion, confidence: ours.confidence, verdict: 'kept' };
    });
  if (standing.length === own.length && standing.every(({ verdict }) => verdict === 'kept'))
    throw refusal('every voxel in it is as we found it: no person has changed it');
  return standing;
}

/** A voxel belongs to the first segment that has it: a label map holds one lesion per voxel. */
function withoutOverlap(drawn: readonly DrawnLesion[]): DrawnLesion[] {
  const taken = new Set<number>();
  // A segment that is not a lesion (a whole brain) takes nothing away from those that are.
  const order = [...drawn].sort((a, b) => Number(a.property === 'other') - Number(b.property === 'other'));
  return order.map((segment) => {
    const voxels = segment.voxels.filter((voxel) => !taken.has(voxel));
    if (segment.property !== 'other') voxels.forEach((voxel) => taken.add(voxel));
    return { ...segment, voxels };
  });
}

/** Which of our lesions each segment is: by TrackingUID, else the pairs that share most, one to one. */
function partnersOf(drawn: readonly DrawnLesion[], own: readonly OwnLesion[]): Map<DrawnLesion, OwnLesion> {
  const partners = new Map<DrawnLesion, OwnLesion>();
  const given = new Set<OwnLesion>();
  const pair = (segment: DrawnLesion, lesion: OwnLesion) => {
    if (partners.has(segment) || given.has(lesion)) return;
    partners.set(segment, lesion);
    given.add(lesion);
  };
  for (const segment of drawn) {
    const named = own.find(({ trackingUID }) => trackingUID === segment.trackingUID);
    if (named) pair(segment, named);
  }
  const ownerOf = new Map(own.flatMap((lesion) => Array.from(lesion.voxels, (voxel) => [voxel, lesion] as const)));
  drawn
    .flatMap((segment) => {
      const shared = new Map<OwnLesion, number>();
      for (const voxel of segment.voxels) {
        const lesion = ownerOf.get(voxel);
        if (lesion) shared.set(lesion, (shared.get(lesion) ?? 0) + 1);
      }
      return [...shared].map(([lesion, count]) => {
        const jaccard = count / (segment.voxels.length + lesion.voxels.length - count);
        const contained = count / Math.min(segment.voxels.length, lesion.voxels.length);
        return { segment, lesion, jaccard, contained };
      });
    })
    .filter(
      ({ segment, jaccard, contained }) =>
        // A segment that is not a lesion (a whole brain) may well enclose one.
        jaccard >= sameLesion || (segment.property !== 'other' && contained >= redrawnLesion),
    )
    .sort((a, b) => b.jaccard - a.jaccard)
    .forEach(({ segment, lesion }) => pair(segment, lesion));
  return partners;
}

const sameVoxels = (a: Uint32Array, b: Uint32Array): boolean =>
  a.length === b.length && a.every((voxel, index) => voxel === b[index]);

function applyReport(
  standing: readonly StandingLesion[],
  review: Extract<Review, { kind: 'SR' }>,
  { own, isOurs }: ReviewContext,
): StandingLesion[] {
  const ownByUID = new Map(own.map((lesion) => [lesion.trackingUID, lesion]));
  if (!review.lesions.some(({ trackingUID }) => ownByUID.has(trackingUID)) && !review.predecessors.some(isOurs))
    throw refusal('it names no lesion of this time point, and no report of ours as its predecessor');
  const reported = new Map(review.lesions.map((lesion) => [lesion.trackingUID, lesion]));
  return standing.flatMap((lesion): StandingLesion[] => {
    const ours = lesion.identity && ownByUID.get(lesion.identity.trackingUID);
    if (!ours) return [lesion];
    const group = reported.get(ours.trackingUID);
    if (!group) return [];
    const theirs = Object.fromEntries(
      Object.entries(group.measurements).filter(
        // Ours are written with two decimals.
        ([name, value]) => Math.abs(value - ours.measurements[name as keyof typeof ours.measurements]) > 0.006,
      ),
    );
    const confidence = group.confidence ?? lesion.confidence;
    if (confidence === lesion.confidence) return [{ ...lesion, theirs }];
    return [{ ...lesion, confidence, verdict: confidence === 'confirmed' ? 'accepted' : 'doubted', theirs }];
  });
}
