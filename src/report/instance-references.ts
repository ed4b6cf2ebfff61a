import type { Dataset } from '../dicom/dataset.js';
import type { SourceFrame } from './report-input.js';

type FrameReference = Pick<SourceFrame, 'SOPClassUID' | 'SOPInstanceUID' | 'frameNumber'>;

/** One SOP instance reference for each instance, in order of first appearance. */
export function distinctInstances(frames: readonly FrameReference[]): Dataset[] {
  const classOf = new Map(frames.map(({ SOPInstanceUID, SOPClassUID }) => [SOPInstanceUID, SOPClassUID]));
  return [...classOf].map(([SOPInstanceUID, SOPClassUID]) => ({
    ReferencedSOPClassUID: SOPClassUID,
    ReferencedSOPInstanceUID: SOPInstanceUID,
  }));
}

/** As {@link distinctInstances}, with the frames concerned if an instance has several. */
export function instancesWithFrames(frames: readonly FrameReference[]): Dataset[] {
  const numbers = new Map<string, number[]>();
  for (const { SOPInstanceUID, frameNumber } of frames)
    if (frameNumber !== undefined)
      numbers.set(
        SOPInstanceUID,
        [...(numbers.get(SOPInstanceUID) ?? []), frameNumber].sort((a, b) => a - b),
      );
  return distinctInstances(frames).map((reference) => ({
    ...reference,
    ReferencedFrameNumber: numbers.get(reference['ReferencedSOPInstanceUID'] as string)?.map(String),
  }));
}

/** Instances of one series. */
export interface EvidenceSeries {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  /** Items of a ReferencedSOPSequence. */
  readonly instances: readonly Dataset[];
}

/** Hierarchical SOP Instance Reference Macro (PS3.3 Table C.17-3): one item per study, and one per series within it. */
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

/** SOPInstanceUIDs that a value refers to at any depth. */
export function namedInstances(value: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const item of value) namedInstances(item, found);
  else if (value !== null && typeof value === 'object' && !(value instanceof ArrayBuffer))
    for (const [keyword, entry] of Object.entries(value as Dataset))
      if (keyword === 'ReferencedSOPInstanceUID') found.add(String(entry));
      else namedInstances(entry, found);
  return found;
}
