import type { Dataset } from '../dicom/dataset.js';
import type { SourceFrame } from './types.js';

type FrameReference = Pick<SourceFrame, 'SOPClassUID' | 'SOPInstanceUID' | 'frameNumber'>;

/** One SOP instance reference for each instance, in order of first appearance. */
export function distinctInstances(frames: readonly FrameReference[]): Dataset[] {
  const classOf = new Map(frames.map(({ SOPInstanceUID, SOPClassUID }) => [SOPInstanceUID, SOPClassUID]));
  return [...classOf].map(([SOPInstanceUID, SOPClassUID]) => ({
    ReferencedSOPClassUID: SOPClassUID,
    ReferencedSOPInstanceUID: SOPInstanceUID,
  }));
}

/** As {@link distinctInstances}, with the frames meant where an instance has several. */
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
