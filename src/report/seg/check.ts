import { firstItem, items, number, numbers, text, vector, type Dataset } from '../../dicom/dataset.js';

/** Segments, frames and pixels must agree (PS3.3 C.8.20.2, C.8.20.4). */
export function checkSegmentation(dataset: Dataset, breaches: string[]): void {
  const labelMap = text(dataset, 'SegmentationType') === 'LABELMAP';
  const segments = items(dataset, 'SegmentSequence');
  const segmentNumbers = segments.map((segment) => number(segment, 'SegmentNumber') ?? NaN);
  const background = labelMap ? number(dataset, 'PixelPaddingValue') : undefined;
  if (!labelMap && segmentNumbers.some((given, index) => given !== index + 1))
    breaches.push('segments are not numbered 1, 2, …');
  if (new Set(segmentNumbers).size !== segmentNumbers.length) breaches.push('two segments share a number');
  for (const [index, segment] of segments.entries()) checkSegment(segment, segmentNumbers[index], background, breaches);
  const tracked = segments.flatMap((segment) => text(segment, 'TrackingUID') ?? []);
  if (new Set(tracked).size !== tracked.length) breaches.push('two segments share a TrackingUID');

  const frames = items(dataset, 'PerFrameFunctionalGroupsSequence');
  const declared = number(dataset, 'NumberOfFrames');
  if (frames.length !== declared) breaches.push(`${frames.length} per-frame groups for ${declared} frames`);
  const dimensions = items(dataset, 'DimensionIndexSequence').length;
  for (const [index, frame] of frames.entries()) {
    const values = numbers(firstItem(frame, 'FrameContentSequence'), 'DimensionIndexValues');
    if (values.length !== dimensions)
      breaches.push(`frame ${index + 1} has ${values.length} of ${dimensions} dimension indices`);
    if (vector(firstItem(frame, 'PlanePositionSequence'), 'ImagePositionPatient', 3) === undefined)
      breaches.push(`frame ${index + 1} has no position`);
  }
  const [rows, columns, bitsAllocated] = ['Rows', 'Columns', 'BitsAllocated'].map(
    (keyword) => number(dataset, keyword) ?? NaN,
  );
  const bits = frames.length * rows * columns * bitsAllocated;
  const bytes = Math.ceil(bits / 16) * 2;
  const pixels = dataset['PixelData'] as ArrayBuffer | undefined;
  if (pixels === undefined) return;
  if (pixels.byteLength !== bytes) breaches.push(`PixelData has ${pixels.byteLength} bytes instead of ${bytes}`);
  else if (labelMap) checkLabels(dataset, pixels, segmentNumbers, background, breaches);
  else checkBitFrames(frames, new Uint8Array(pixels), rows * columns, segmentNumbers, breaches);
}

function checkSegment(
  segment: Dataset,
  segmentNumber: number,
  background: number | undefined,
  breaches: string[],
): void {
  const needed = [
    'SegmentLabel',
    'SegmentAlgorithmType',
    'SegmentAlgorithmName',
    'SegmentedPropertyCategoryCodeSequence',
    'SegmentedPropertyTypeCodeSequence',
    ...(segmentNumber === background ? [] : ['TrackingID', 'TrackingUID']),
  ];
  for (const keyword of needed) if (!segment[keyword]) breaches.push(`segment ${segmentNumber} lacks ${keyword}`);
}

/** BINARY: each frame shows something of a segment that is described, and each segment has a frame. */
function checkBitFrames(
  frames: readonly Dataset[],
  bytes: Uint8Array,
  frameSize: number,
  segmentNumbers: readonly number[],
  breaches: string[],
): void {
  const shown = new Set<number>();
  for (const [index, frame] of frames.entries()) {
    const segment = number(firstItem(frame, 'SegmentIdentificationSequence'), 'ReferencedSegmentNumber') ?? NaN;
    shown.add(segment);
    if (!segmentNumbers.includes(segment))
      breaches.push(`frame ${index + 1} is of segment ${segment}, which is not described`);
    if (!anyBit(bytes, index * frameSize, frameSize)) breaches.push(`frame ${index + 1} is empty`);
  }
  for (const segment of segmentNumbers) if (!shown.has(segment)) breaches.push(`segment ${segment} has no frame`);
}

function anyBit(bytes: Uint8Array, start: number, length: number): boolean {
  for (let bit = start; bit < start + length;) {
    // Whole bytes at once between the frame's ragged ends.
    if (bit % 8 === 0 && bit + 8 <= start + length) {
      if (bytes[bit / 8] !== 0) return true;
      bit += 8;
    } else {
      if (bytes[Math.floor(bit / 8)] & (1 << (bit % 8))) return true;
      bit++;
    }
  }
  return false;
}

/** LABELMAP: each value is described and each segment occurs; frames belong to no segment (PS3.3 A.51.5). */
function checkLabels(
  dataset: Dataset,
  pixels: ArrayBuffer,
  segmentNumbers: readonly number[],
  background: number | undefined,
  breaches: string[],
): void {
  const frames = items(dataset, 'PerFrameFunctionalGroupsSequence');
  if (frames.some((frame) => items(frame, 'SegmentIdentificationSequence').length > 0))
    breaches.push('a frame of a label map names a segment');
  const found = new Set<number>(
    number(dataset, 'BitsAllocated') === 8 ? new Uint8Array(pixels) : new Uint16Array(pixels),
  );
  for (const value of found) if (!segmentNumbers.includes(value)) breaches.push(`pixel value ${value} is no segment`);
  for (const segment of segmentNumbers)
    if (segment !== background && !found.has(segment)) breaches.push(`segment ${segment} has no pixel`);
}
