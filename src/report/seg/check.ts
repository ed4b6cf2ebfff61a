import type { Dataset } from '../../dicom/dataset.js';

/** Segments, frames and pixels must agree (PS3.3 C.8.20.2, C.8.20.4). */
export function checkSegmentation(dataset: Dataset, breaches: string[]): void {
  const labelMap = dataset['SegmentationType'] === 'LABELMAP';
  const segments = (dataset['SegmentSequence'] ?? []) as Dataset[];
  const numbers = segments.map(({ SegmentNumber }) => Number(SegmentNumber));
  const background = labelMap ? Number(dataset['PixelPaddingValue']) : undefined;
  if (!labelMap && numbers.some((number, index) => number !== index + 1))
    breaches.push('segments are not numbered 1, 2, …');
  if (new Set(numbers).size !== numbers.length) breaches.push('two segments share a number');
  for (const [index, segment] of segments.entries()) checkSegment(segment, numbers[index], background, breaches);
  const tracked = segments.flatMap(({ TrackingUID }) => (TrackingUID === undefined ? [] : [String(TrackingUID)]));
  if (new Set(tracked).size !== tracked.length) breaches.push('two segments share a TrackingUID');

  const frames = (dataset['PerFrameFunctionalGroupsSequence'] ?? []) as Dataset[];
  if (frames.length !== Number(dataset['NumberOfFrames']))
    breaches.push(`${frames.length} per-frame groups for ${dataset['NumberOfFrames']} frames`);
  const dimensions = ((dataset['DimensionIndexSequence'] ?? []) as Dataset[]).length;
  for (const [index, frame] of frames.entries()) {
    const values = [frame['FrameContentSequence']?.[0]?.['DimensionIndexValues'] as unknown].flat();
    if (values.length !== dimensions)
      breaches.push(`frame ${index + 1} has ${values.length} of ${dimensions} dimension indices`);
    if (frame['PlanePositionSequence']?.[0]?.['ImagePositionPatient'] === undefined)
      breaches.push(`frame ${index + 1} has no position`);
  }
  const bits = frames.length * Number(dataset['Rows']) * Number(dataset['Columns']) * Number(dataset['BitsAllocated']);
  const bytes = Math.ceil(bits / 16) * 2;
  const pixels = dataset['PixelData'] as ArrayBuffer | undefined;
  if (pixels === undefined) return;
  if (pixels.byteLength !== bytes) breaches.push(`PixelData has ${pixels.byteLength} bytes instead of ${bytes}`);
  else if (labelMap) checkLabels(dataset, pixels, numbers, background, breaches);
  else
    checkBitFrames(
      frames,
      new Uint8Array(pixels),
      Number(dataset['Rows']) * Number(dataset['Columns']),
      numbers,
      breaches,
    );
}

function checkSegment(segment: Dataset, number: number, background: number | undefined, breaches: string[]): void {
  const needed = [
    'SegmentLabel',
    'SegmentAlgorithmType',
    'SegmentAlgorithmName',
    'SegmentedPropertyCategoryCodeSequence',
    'SegmentedPropertyTypeCodeSequence',
    ...(number === background ? [] : ['TrackingID', 'TrackingUID']),
  ];
  for (const keyword of needed) if (!segment[keyword]) breaches.push(`segment ${number} lacks ${keyword}`);
}

/** BINARY: each frame shows something of a segment that is described, each segment has a frame. */
function checkBitFrames(
  frames: readonly Dataset[],
  bytes: Uint8Array,
  frameSize: number,
  numbers: readonly number[],
  breaches: string[],
): void {
  const shown = new Set<number>();
  for (const [index, frame] of frames.entries()) {
    const number = Number(frame['SegmentIdentificationSequence']?.[0]?.['ReferencedSegmentNumber']);
    shown.add(number);
    if (!numbers.includes(number)) breaches.push(`frame ${index + 1} is of segment ${number}, which is not described`);
    if (!anyBit(bytes, index * frameSize, frameSize)) breaches.push(`frame ${index + 1} is empty`);
  }
  for (const number of numbers) if (!shown.has(number)) breaches.push(`segment ${number} has no frame`);
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
  numbers: readonly number[],
  background: number | undefined,
  breaches: string[],
): void {
  if (
    (dataset['PerFrameFunctionalGroupsSequence'] as Dataset[]).some((frame) => frame['SegmentIdentificationSequence'])
  )
    breaches.push('a frame of a label map names a segment');
  const found = new Set<number>(dataset['BitsAllocated'] === 8 ? new Uint8Array(pixels) : new Uint16Array(pixels));
  for (const value of found) if (!numbers.includes(value)) breaches.push(`pixel value ${value} is no segment`);
  for (const number of numbers)
    if (number !== background && !found.has(number)) breaches.push(`segment ${number} has no pixel`);
}
