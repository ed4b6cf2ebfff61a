import type { Dataset } from '../dicom/dataset.js';

/** Instances of one series. */
export interface EvidenceSeries {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  /** Items of a ReferencedSOPSequence. */
  readonly instances: readonly Dataset[];
}

/** Hierarchical SOP Instance Reference Macro (PS3.3 Table C.17-3): one item a study, one a series in it. */
export function evidence(series: readonly EvidenceSeries[]): Dataset[] {
  const studies = new Map<string, Dataset[]>();
  for (const { StudyInstanceUID, SeriesInstanceUID, instances } of series)
    studies.set(StudyInstanceUID, [
      ...(studies.get(StudyInstanceUID) ?? []),
      { SeriesInstanceUID, ReferencedSOPSequence: [...instances] },
    ]);
  return [...studies].map(([StudyInstanceUID, ReferencedSeriesSequence]) => ({
    ReferencedSeriesSequence,
    StudyInstanceUID,
  }));
}
