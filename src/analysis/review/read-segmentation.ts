import { items, number, personName, text } from '../../dicom/dataset.js';
import { readSegmentation, type Segment } from '../../dicom/segmentation-reader.js';
import { applyAffine, invertAffine, multiplyAffine, type Vector3 } from '../../imaging/affine.js';
import type { Grid } from '../../imaging/volume.js';
import { propertyOf } from './property-type.js';
import { refusal, type DrawnLesion, type Review, type ReviewedSeries } from './review.js';

/** A frame lies on a slice of the grid if its corners are this close (voxels): what headers round, and no more. */
const placeTolerance = 0.1;

/**
 * Reads a reader's segmentation as lesions on the grid of the series. A segment without a frame is kept, empty: its
 * lesion was erased.
 *
 * @throws PrioraError REVIEW_REFUSED if a frame lies on another grid; what
 *   `dicom/segmentation-reader` throws if it cannot be read.
 * @see PS3.3 C.8.20
 */
export async function readDrawnLesions(
  bytes: Uint8Array,
  { FrameOfReferenceUID, grid }: ReviewedSeries,
): Promise<Review> {
  const { dataset, segments, ...read } = await readSegmentation(bytes);
  const described = items(dataset, 'SegmentSequence');
  if (read.FrameOfReferenceUID !== FrameOfReferenceUID)
    throw refusal('it lies in another frame of reference than the analysed series');
  const masks = new Map(segments.map((segment) => [segment.SegmentNumber, segment]));
  return {
    kind: 'SEG',
    observer: personName(dataset, 'ContentCreatorName') ?? personName(dataset, 'OperatorsName') ?? null,
    lesions: described.map((item): DrawnLesion => {
      const segmentNumber = number(item, 'SegmentNumber') ?? NaN;
      const segment = masks.get(segmentNumber);
      return {
        segmentNumber,
        trackingUID: text(item, 'TrackingUID') ?? null,
        algorithmType: text(item, 'SegmentAlgorithmType') ?? '',
        property: propertyOf(item),
        voxels: segment ? voxelsOn(grid, segment) : new Uint32Array(),
      };
    }),
  };
}

/**
 * A segment's voxels as indices on the grid, ascending. @throws PrioraError REVIEW_REFUSED if its frames lie on another
 * one.
 */
function voxelsOn(grid: Grid, { mask }: Segment): Uint32Array {
  const [columns, rows, slices] = mask.shape;
  const sliceSize = columns * rows;
  const gridFromMask = multiplyAffine(invertAffine(grid.patientFromVoxel), mask.patientFromVoxel);
  const elsewhere = refusal('it lies on another grid than the analysed series');
  if (columns !== grid.shape[0] || rows !== grid.shape[1]) throw elsewhere;
  const near = (mine: Vector3, k: number): boolean =>
    applyAffine(gridFromMask, mine).every(
      (value, axis) => Math.abs(value - [mine[0], mine[1], k][axis]) <= placeTolerance,
    );
  const found: number[] = [];
  for (let slice = 0; slice < slices; slice++) {
    const k = Math.round(applyAffine(gridFromMask, [0, 0, slice])[2]);
    const members = indicesOfOnes(mask.voxels.subarray(slice * sliceSize, (slice + 1) * sliceSize));
    if (members.length === 0) continue;
    if (k < 0 || k >= grid.shape[2] || !near([0, 0, slice], k) || !near([columns - 1, rows - 1, slice], k))
      throw elsewhere;
    for (const index of members) found.push(k * sliceSize + index);
  }
  return Uint32Array.from(found).sort();
}

function indicesOfOnes(values: Uint8Array | Uint16Array): number[] {
  const indices: number[] = [];
  values.forEach((value, index) => {
    if (value !== 0) indices.push(index);
  });
  return indices;
}
