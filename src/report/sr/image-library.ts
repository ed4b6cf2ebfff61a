import { codes } from '../codes.js';
import { acquiredAt } from '../source-attributes.js';
import { instancesWithFrames } from '../instance-references.js';
import type { ReportInput, SourceFrame } from '../report-input.js';
import { coded, container, dateItem, image, type ContentItem } from './content-item.js';

/** The images that were analysed: one group for the current series, one for the prior's (TID 1600, 1601, 1602). */
export function imageLibrary({ source, prior }: ReportInput): ContentItem {
  const current = group(source.frames, acquiredAt(source.header).date);
  return container(
    codes.imageLibrary,
    prior === null ? [current] : [current, group(prior.frames, prior.acquiredDate)],
    '1600',
  );
}

type Frame = Pick<SourceFrame, 'SOPClassUID' | 'SOPInstanceUID' | 'frameNumber'>;

const group = (frames: readonly Frame[], acquiredDate: string): ContentItem =>
  container(codes.imageLibraryGroup, [
    coded('HAS ACQ CONTEXT', codes.modality, codes.magneticResonance),
    coded('HAS ACQ CONTEXT', codes.targetRegion, codes.head),
    dateItem('HAS ACQ CONTEXT', codes.acquisitionDate, acquiredDate),
    ...instancesWithFrames(frames).map((reference) =>
      image('CONTAINS', undefined, { ...reference, ReferencedFrameNumber: undefined }),
    ),
  ]);
