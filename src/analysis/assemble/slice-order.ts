import { PrioraError, type ErrorCode } from '../../core/errors.js';
import type { Affine, Vector3 } from '../../imaging/affine.js';
import type { SliceFrame } from './slice-frame.js';

/** Direction cosines within one series differ by rounding only: 0.03° at most. */
const orientationTolerance = 5e-4;
/** Pixel spacings of one series, relative. */
const spacingTolerance = 1e-3;
/** A slice may lie this far from its position on the even grid, along the normal and across it. */
const placeToleranceMm = 0.1;
/** What writing positions with six or seven digits can add up to. */
const headerRoundingMm = 1e-3;

/** Slices in order, and the grid they fill. */
export interface OrderedSlices {
  /** Along the normal row × column: index in this array is k. */
  readonly slices: readonly SliceFrame[];
  /** Distance between neighbours, mm. */
  readonly spacingMm: number;
  /** Voxel (column i, row j, slice k) → LPS mm; right-handed, its axes perpendicular. */
  readonly patientFromVoxel: Affine;
}

const dot = (a: Vector3, b: Vector3) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector3, b: Vector3): Vector3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const differ = (a: readonly number[], b: readonly number[], tolerance: number) =>
  a.some((value, axis) => Math.abs(value - b[axis]) > tolerance);

/**
 * Orders the planes of one acquisition along their normal and checks that they fill an even grid. Nothing is
 * interpolated: whatever is not a complete, even stack is refused.
 *
 * The spacing comes from the positions alone; whether the headers contradict it is for `thinned-stack.ts`.
 *
 * @throws PrioraError GEOMETRY_MIXED (orientation, size or spacing differ, or slices are sheared), GEOMETRY_DUPLICATE,
 *   GEOMETRY_GAP, SERIES_TOO_SMALL; each names a SOPInstanceUID.
 */
export function orderSlices(frames: readonly SliceFrame[], minimumSlices: number): OrderedSlices {
  const [reference] = frames;
  for (const frame of frames) checkSamePlane(reference, frame);
  const normal = cross(reference.rowDirection, reference.columnDirection);
  // Ties are broken by UID, so that the order of the files never matters.
  const along = frames
    .map((frame) => ({ frame, at: dot(frame.position, normal) }))
    .sort((a, b) => a.at - b.at || (a.frame.SOPInstanceUID < b.frame.SOPInstanceUID ? -1 : 1));
  const gaps = along.slice(1).map(({ at }, index) => at - along[index].at);
  const apart = gaps.filter((gap) => gap > 1e-3).sort((a, b) => a - b);
  const typical = apart[apart.length >> 1]; // The median; undefined if all slices lie in one place.
  gaps.forEach((gap, index) => {
    if (typical === undefined || gap < typical / 10) throw duplicate(along[index].frame, along[index + 1].frame);
  });
  if (frames.length < minimumSlices)
    throw refusal('SERIES_TOO_SMALL', `${frames.length} slices, at least ${minimumSlices} are required`, reference);
  gaps.forEach((gap, index) => {
    if (gap > 1.5 * typical)
      throw refusal(
        'GEOMETRY_GAP',
        `${mm(gap)} between neighbouring slices, elsewhere ${mm(typical)}: about ${Math.round(gap / typical) - 1} missing`,
        along[index + 1].frame,
      );
  });
  const { spacing, origin } = fitGrid(
    along.map(({ frame }) => frame.position),
    normal,
    typical,
  );
  along.forEach(({ frame, at }, k) => {
    const off = at - dot(origin, normal) - k * spacing;
    if (Math.abs(off) > Math.min(placeToleranceMm, spacing / 10))
      throw refusal('GEOMETRY_GAP', `slices are unevenly spaced: one lies ${mm(off)} off the even grid`, frame);
    const shift = frame.position.map((value, axis) => value - origin[axis] - (k * spacing + off) * normal[axis]);
    if (Math.hypot(...shift) > placeToleranceMm)
      throw refusal(
        'GEOMETRY_MIXED',
        `slices are not stacked along their normal: one is shifted by ${mm(Math.hypot(...shift))} in its plane`,
        frame,
      );
  });
  const [rowSpacing, columnSpacing] = reference.pixelSpacingMm;
  const axis = (index: 0 | 1 | 2) => [
    reference.rowDirection[index] * columnSpacing,
    reference.columnDirection[index] * rowSpacing,
    normal[index] * spacing,
    origin[index],
  ];
  return {
    slices: along.map(({ frame }) => frame),
    spacingMm: spacing,
    patientFromVoxel: [...axis(0), ...axis(1), ...axis(2), 0, 0, 0, 1],
  };
}

/**
 * Spacing and first position of the even grid. The ends of the stack give the best estimate of the spacing, unless the
 * usual gap says the same within what headers round (they often keep six digits): then that gap is the nominal spacing,
 * free of rounding. The centre of the grid is the midpoint between the ends of the stack.
 */
function fitGrid(positions: readonly Vector3[], normal: Vector3, typicalGap: number) {
  const steps = positions.length - 1;
  const [start, end] = [positions[0], positions[steps]];
  const mean = (dot(end, normal) - dot(start, normal)) / steps;
  const spacing = Math.abs(typicalGap - mean) * steps <= headerRoundingMm ? typicalGap : mean;
  const at = (axis: 0 | 1 | 2) => (start[axis] + end[axis]) / 2 - (steps / 2) * spacing * normal[axis];
  return { spacing, origin: [at(0), at(1), at(2)] as Vector3 };
}

const mm = (value: number) => `${value.toFixed(2)} mm`;

function refusal(code: ErrorCode, message: string, { SOPInstanceUID, frameNumber }: SliceFrame): PrioraError {
  return new PrioraError(code, message, {
    subject: { SOPInstanceUID, ...(frameNumber !== undefined && { frameNumber }) },
  });
}

function checkSamePlane(a: SliceFrame, b: SliceFrame): void {
  if (a.rows !== b.rows || a.columns !== b.columns)
    throw refusal('GEOMETRY_MIXED', `slices of ${a.columns}×${a.rows} and ${b.columns}×${b.rows} in one series`, b);
  if (
    differ(a.rowDirection, b.rowDirection, orientationTolerance) ||
    differ(a.columnDirection, b.columnDirection, orientationTolerance)
  )
    throw refusal('GEOMETRY_MIXED', 'slices of several orientations in one series (localiser or reformats)', b);
  if (differ(a.pixelSpacingMm, b.pixelSpacingMm, spacingTolerance * a.pixelSpacingMm[0]))
    throw refusal('GEOMETRY_MIXED', 'slices of several pixel spacings in one series', b);
}

/** Two slices in one place; says what tells them apart, if the headers do. */
function duplicate(a: SliceFrame, b: SliceFrame): PrioraError {
  const differences = [...new Set([...Object.keys(a.kind), ...Object.keys(b.kind)])]
    .filter((keyword) => a.kind[keyword] !== b.kind[keyword])
    .map((keyword) => `${keyword} ${a.kind[keyword] ?? 'absent'} and ${b.kind[keyword] ?? 'absent'}`);
  const what = differences.length === 0 ? 'nothing in the headers tells them apart' : differences.join(', ');
  return refusal('GEOMETRY_DUPLICATE', `two slices in one position (${what})`, b);
}
