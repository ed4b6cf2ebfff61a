import { join } from 'node:path';
import { assembleSeries } from '../assemble/assemble-series.js';
import { asPrioraError } from '../../core/errors.js';
import type { CaseReview } from '../../model/case-review.js';
import type { Confidence, LesionIdentity } from '../../model/lesion.js';
import { readReview } from '../review/read-review.js';
import type { ReviewedSeries } from '../review/review.js';
import type { CaseRow, InstanceRow, ReviewRow, SeriesRow, Store } from '../../store/store.js';
import { identityAffine } from '../../imaging/affine.js';
import { resampleNearest } from '../../imaging/resample.js';
import type { Grid, LabelMap } from '../../imaging/volume.js';
import { applyReview, unreviewed, type OwnLesion, type ReviewContext, type StandingLesion } from './apply-review.js';
import { CaseFolder } from './case-folder.js';

/** The lesions of a time point that readers have corrected: the last word on what they are and where they lie. */
export interface ReviewedTimePoint {
  /** On the grid of the series; lesions are numbered from 1, largest first. */
  readonly labels: LabelMap & { readonly voxels: Uint16Array };
  /** What readers have said about a lesion, by its number: its identity, if they gave one, and how certain it is. */
  readonly saidOf: (lesion: { readonly number: number }) => { named: LesionIdentity | null; confidence: Confidence };
  /** For the fingerprint. */
  readonly instances: readonly InstanceRow[];
  /** The verdict on the time point, once its lesions have their identities. */
  readonly verdict: (lesions: readonly (LesionIdentity & { readonly number: number })[]) => CaseReview;
  /** The readers' objects behind it, and the persons they name. */
  readonly applied: readonly { readonly SOPInstanceUID: string; readonly observer: string | null }[];
}

/**
 * What readers have sent for a study: the lesions that follow from it, and what corrects nothing, each with its reason.
 */
export interface StudyReview {
  readonly review: ReviewedTimePoint | null;
  readonly refused: readonly { readonly SOPInstanceUID: string; readonly reason: string }[];
}

/**
 * Reads what readers have sent for a study, in order of arrival, and applies it to what the networks found. Nothing a
 * reader sends can fail a case.
 *
 * @returns no review if there is nothing to apply, or nothing yet to apply it to: the networks analyse a series first.
 */
export async function reviewedTimePoint(
  store: Store,
  dataDir: string,
  series: SeriesRow,
  stop: { signal?: AbortSignal },
): Promise<StudyReview> {
  const { StudyInstanceUID, SeriesInstanceUID, patientKey } = series;
  const candidates = store.reviews.ofStudy(StudyInstanceUID).filter(({ state }) => state !== 'refused');
  const corrected = candidates.length > 0 ? networksCase(store, SeriesInstanceUID) : undefined;
  if (!corrected) return { review: null, refused: [] };
  const { volume, header } = await assembleSeries(
    store.instances.ofSeries(SeriesInstanceUID).map(({ path }) => join(dataDir, path)),
    stop,
  );
  const target: ReviewedSeries = {
    StudyInstanceUID,
    FrameOfReferenceUID: header['FrameOfReferenceUID'] as string,
    grid: volume,
  };
  const identities = store.lesions.identities(patientKey);
  const newNames = new Map<string, LesionIdentity>();
  const unusedName = () => {
    const taken = new Set([...identities, ...newNames.values()].map(({ trackingID }) => trackingID));
    let number = identities.length + 1;
    while (taken.has(`Lesion ${number}`)) number++;
    return `Lesion ${number}`;
  };
  const context: ReviewContext = {
    own: await ownLesions(store, dataDir, corrected, volume),
    isOurs: (SOPInstanceUID) => store.objects.find(SOPInstanceUID) !== undefined,
    identityOf: (trackingUID) => {
      const known = identities.find((identity) => identity.trackingUID === trackingUID);
      const identity = known ?? newNames.get(trackingUID) ?? { trackingUID, trackingID: unusedName() };
      newNames.set(trackingUID, identity);
      return identity;
    },
  };

  let standing = unreviewed(context);
  const applied: { instance: InstanceRow; observer: string | null }[] = [];
  const refused: StudyReview['refused'][number][] = [];
  for (const { SOPInstanceUID } of candidates) {
    const instance = store.instances.find(SOPInstanceUID)!;
    try {
      const review = await readReview(join(dataDir, instance.path), target);
      standing = applyReview(standing, review, context);
      applied.push({ instance, observer: review.observer });
    } catch (thrown) {
      const error = asPrioraError(thrown);
      if (error.class === 'transient') throw error;
      refused.push({ SOPInstanceUID, reason: error.message });
    }
  }
  if (applied.length === 0) return { review: null, refused };

  const lesions = [...standing].sort((a, b) => b.voxels.length - a.voxels.length || a.voxels[0] - b.voxels[0]);
  const review: ReviewedTimePoint = {
    labels: labelMap(lesions, volume),
    saidOf: ({ number }) => ({ named: lesions[number - 1].identity, confidence: lesions[number - 1].confidence }),
    instances: applied.map(({ instance }) => instance),
    verdict: (named) => {
      const present = new Set(named.map(({ trackingUID }) => trackingUID));
      return {
        objects: applied.map(({ instance }) => instance.SOPInstanceUID),
        lesions: named.map(({ number, trackingUID, trackingID }) => {
          const { verdict, theirs } = lesions[number - 1];
          return { trackingUID, trackingID, verdict, theirs };
        }),
        rejected: context.own
          .filter(({ trackingUID }) => !present.has(trackingUID))
          .map(({ trackingUID, trackingID }) => ({ trackingUID, trackingID })),
        correctedCaseKey: corrected.caseKey,
      };
    },
    applied: applied.map(({ instance, observer }) => ({ SOPInstanceUID: instance.SOPInstanceUID, observer })),
  };
  return { review, refused };
}

/** Records what corrects nothing, with its reason. Called in the transaction that opens the case. */
export function noteRefused({ reviews }: Store, refused: StudyReview['refused']): void {
  for (const { SOPInstanceUID, reason } of refused)
    reviews.judge(SOPInstanceUID, { state: 'refused', reason, observer: null });
}

/** Records the readers' objects whose lesions stand now. Called in the transaction that finishes the case. */
export function noteApplied({ reviews }: Store, applied: ReviewedTimePoint['applied']): void {
  for (const { SOPInstanceUID, observer } of applied)
    reviews.judge(SOPInstanceUID, { state: 'applied', reason: null, observer });
}

/** Whether a study has corrections that no analysis has considered. */
export const awaitsReview = (store: Store, StudyInstanceUID: string): boolean =>
  store.reviews.ofStudy(StudyInstanceUID).some(({ state }: ReviewRow) => state === 'waiting');

/** The latest case in which the networks alone analysed the series. */
function networksCase(store: Store, SeriesInstanceUID: string): CaseRow | undefined {
  let found = store.cases.latestReportedOfSeries(SeriesInstanceUID);
  while (found && (found.SeriesInstanceUID !== SeriesInstanceUID || found.result.review))
    found = found.supersededCaseKey === null ? undefined : store.cases.reported(found.supersededCaseKey);
  return found;
}

/** A case's lesions with their voxels on `grid`; the series may have received slices since. */
async function ownLesions(store: Store, dataDir: string, { caseKey }: CaseRow, grid: Grid): Promise<OwnLesion[]> {
  const { voxels } = resampleNearest(await new CaseFolder(dataDir, caseKey).readLabels(), grid, identityAffine);
  const rows = store.lesions.ofCase(caseKey);
  const members = new Map(rows.map(({ number }) => [number, [] as number[]]));
  voxels.forEach((number, index) => {
    if (number !== 0) members.get(number)?.push(index);
  });
  return rows
    .map(({ number, trackingUID, trackingID, confidence, volumeMm3, longAxisMm, shortAxisMm }) => ({
      trackingUID,
      trackingID,
      confidence,
      voxels: Uint32Array.from(members.get(number)!),
      measurements: { volumeMm3, longAxisMm, shortAxisMm },
    }))
    .filter((lesion) => lesion.voxels.length > 0);
}

function labelMap(lesions: readonly StandingLesion[], { shape, patientFromVoxel }: Grid) {
  const voxels = new Uint16Array(shape[0] * shape[1] * shape[2]);
  lesions.forEach((lesion, index) => lesion.voxels.forEach((voxel) => (voxels[voxel] = index + 1)));
  return { shape, patientFromVoxel, voxels };
}
