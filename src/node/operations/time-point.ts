import { join } from 'node:path';
import type { ResponseAssessment } from '../../model/response.js';
import { english } from '../../report/wording/english.js';
import type { CaseRow, LesionRow, Store } from '../../store/store.js';
import type { CaseResult } from '../../model/case-result.js';

/** One time point of a patient as operators and scripts see it; `priora analyse --json` prints these. */
export interface TimePointSummary {
  readonly PatientID: string;
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string | null;
  readonly status: 'reported' | 'rejected' | 'held';
  /** Why it was rejected or is on hold; null if it was reported. */
  readonly reason: string | null;
  readonly prior: {
    readonly StudyInstanceUID: string;
    readonly SeriesInstanceUID: string;
    readonly verdict: 'accepted' | 'refused';
    /** Normalised mutual information, 1 to 2; null if its images or the search for a transform failed. */
    readonly similarity: number | null;
    readonly reason: string | null;
  } | null;
  /** Why the networks saw no prior; null if they did. */
  readonly noPriorReason: string | null;
  /** Series selection was overridden. */
  readonly forced: boolean;
  readonly notes: readonly string[];
  readonly lesions: readonly LesionRow[];
  /** Lesions of earlier time points that are not found now. */
  readonly gone: CaseResult['gone'];
  /** RANO-BM, radiographic part; null without a report. */
  readonly response: ResponseAssessment | null;
  /**
   * Absolute paths; `seg` is null if nothing was found, all are null without a report. Other kinds of objects are
   * included under their names in lower case (`rtstruct`, `reg`, …) if they were written.
   */
  readonly outputs: Readonly<Record<string, string | null>> & {
    readonly seg: string | null;
    readonly sr: string | null;
    readonly picture: string | null;
  };
  readonly seconds: Readonly<Record<string, number>>;
  readonly models: readonly { readonly name: string; readonly sha256: string }[];
}

/** A finished case as a time point. */
export function timePointOf(store: Store, dataDir: string, finished: CaseRow): TimePointSummary {
  const { PatientID, StudyInstanceUID, SeriesInstanceUID, reason } = finished;
  const status = finished.status as TimePointSummary['status'];
  const identity = { PatientID, StudyInstanceUID, SeriesInstanceUID, status, reason };
  if (finished.status !== 'reported') {
    const series = SeriesInstanceUID === null ? undefined : store.series.find(SeriesInstanceUID);
    return {
      ...identity,
      prior: null,
      noPriorReason: null,
      forced: series?.selection?.forced ?? false,
      notes: [],
      lesions: [],
      gone: [],
      response: null,
      outputs: { seg: null, sr: null, picture: null },
      seconds: {},
      models: [],
    };
  }
  const { result } = finished;
  const objects = result.objects.map(({ kind, path }) => [kind.toLowerCase(), join(dataDir, path)] as const);
  return {
    ...identity,
    prior: priorOf(result),
    noPriorReason: result.noPriorReason && english.remark(result.noPriorReason),
    forced: result.forced,
    notes: result.notes.map(english.remark),
    lesions: store.lesions.ofCase(finished.caseKey),
    gone: result.gone,
    response: result.response,
    outputs: { seg: null, sr: null, ...Object.fromEntries(objects), picture: join(dataDir, result.picture) },
    seconds: result.seconds,
    models: result.models.map(({ name, sha256 }) => ({ name, sha256 })),
  };
}

/** The prior that was found, or that was tried in vain. */
function priorOf({ prior, noPriorReason }: CaseResult): TimePointSummary['prior'] {
  if (prior) {
    const { StudyInstanceUID, SeriesInstanceUID, verdict, similarity, refusal } = prior;
    return { StudyInstanceUID, SeriesInstanceUID, verdict, similarity, reason: refusal && english.refusal(refusal) };
  }
  if (!noPriorReason || !('SeriesInstanceUID' in noPriorReason)) return null;
  const { StudyInstanceUID, SeriesInstanceUID, message } = noPriorReason;
  return { StudyInstanceUID, SeriesInstanceUID, verdict: 'refused', similarity: null, reason: message };
}
