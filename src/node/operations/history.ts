import type { GoneLesion, LesionHistory, LesionIdentity } from '../../model/lesion.js';
import type { ResponseAssessment } from '../../model/response.js';
import type { LesionRow, PatientRow } from '../../store/store.js';
import { english } from '../../report/wording/english.js';
import type { CaseReview } from '../../model/case-review.js';
import type { StandingTimePoint } from '../../analysis/case/case.js';
import { isAnalysisPending } from '../queue/case-jobs.js';
import type { OpenNode } from './open-node.js';
import { lesionHistories, standingTimePoints } from '../../analysis/case/time-points.js';

/** What a time point knows about a lesion: its measurements, or why there are none. */
export type LesionEntry =
  ({ readonly seen: true } & LesionRow) | ({ readonly seen: false } & Pick<GoneLesion, 'status' | 'mergedInto'>);

/** A patient's lesions over time, according to the reports that stand; `priora history --json` prints it. */
export interface PatientHistory {
  readonly IssuerOfPatientID: string;
  readonly PatientID: string;
  /** In order of acquisition. */
  readonly timePoints: readonly {
    /** From 1. */
    readonly order: number;
    /** ISO 8601, UTC. */
    readonly acquiredAt: string;
    readonly StudyInstanceUID: string;
    readonly SeriesInstanceUID: string;
    /** Why nothing was compared with a prior; null if it was. */
    readonly noPriorReason: string | null;
    readonly response: ResponseAssessment;
    /** What readers have made of it; null if nobody has corrected it. */
    readonly review: CaseReview | null;
    /**
     * Something it depends on has changed since, such as a correction of an earlier time point; its analysis is queued.
     */
    readonly beingReadAgain: boolean;
  }[];
  /** In the order in which they were first seen. */
  readonly lesions: readonly (LesionIdentity & {
    /** As last seen. */
    readonly site: LesionHistory['site'];
    /** One per time point; null before the lesion was first seen, and if nothing could be compared. */
    readonly entries: readonly (LesionEntry | null)[];
  })[];
}

/** Everything the reports that stand say about a patient's lesions. */
export function patientHistory(
  { store, queue }: Pick<OpenNode, 'store' | 'queue'>,
  { patientKey, IssuerOfPatientID, PatientID }: Pick<PatientRow, 'patientKey' | 'IssuerOfPatientID' | 'PatientID'>,
): PatientHistory {
  const timePoints = standingTimePoints(store, patientKey);
  return {
    IssuerOfPatientID,
    PatientID,
    timePoints: timePoints.map(({ row, result, order, acquiredAt }) => {
      const { noPriorReason, response, review } = result;
      return {
        order,
        acquiredAt: new Date(acquiredAt).toISOString(),
        StudyInstanceUID: row.StudyInstanceUID,
        SeriesInstanceUID: row.SeriesInstanceUID,
        noPriorReason: noPriorReason && english.remark(noPriorReason),
        response,
        review,
        beingReadAgain: isAnalysisPending(queue, row.StudyInstanceUID),
      };
    }),
    lesions: [...lesionHistories(timePoints).values()].map(({ trackingUID, trackingID, site }) => ({
      trackingUID,
      trackingID,
      site,
      entries: timePoints.map((timePoint) => entryOf(timePoint, trackingUID)),
    })),
  };
}

function entryOf({ result, lesions }: StandingTimePoint, trackingUID: string): LesionEntry | null {
  const lesion = lesions.find((candidate) => candidate.trackingUID === trackingUID);
  if (!lesion) {
    const gone = result.gone.find((candidate) => candidate.trackingUID === trackingUID);
    return gone ? { seen: false, status: gone.status, mergedInto: gone.mergedInto } : null;
  }
  return { seen: true, ...lesion };
}
