import { PrioraError } from '../../core/errors.js';
import type { SliceFrame } from './slice-frame.js';

/** Header values agree with positions within this fraction: coarser than any rounding, finer than any thinning. */
const tolerance = 0.05;
const agree = (a: number, b: number) => Math.abs(a - b) <= tolerance * b;

/**
 * Refuses a stack with slices missing at regular intervals: every second slice of a series is as even as the whole, and
 * only the headers tell. Slices with gaps and overlapping slices are acquired, too, so no single attribute decides:
 *
 * - Instance numbers that go up by two or more are evidence against the stack, unless the numbers in between belong to
 *   other images of the series (echoes, phase), or SpacingBetweenSlices, or in its absence SliceThickness, equals the
 *   distance found.
 * - A SpacingBetweenSlices that goes into the distance twice or more is evidence against it, unless the slices are as
 *   thick as they lie apart and numbered one by one (a reformat that kept the value of its source), or the value is the
 *   gap between slices, as some scanners write it for slices thicker than their gap.
 * - SliceThickness alone is no evidence: thin slices with gaps are acquired.
 *
 * @param slices in order along the normal.
 * @param all every image plane of the series.
 * @throws PrioraError GEOMETRY_GAP
 */
export function refuseThinnedStack(slices: readonly SliceFrame[], spacingMm: number, all: readonly SliceFrame[]): void {
  const [{ SliceThickness, SpacingBetweenSlices, SOPInstanceUID }] = slices;
  const step = numberStep(slices, all);
  const asThick = SliceThickness !== null && agree(SliceThickness, spacingMm);
  const isGap =
    SliceThickness !== null &&
    SpacingBetweenSlices !== null &&
    SliceThickness > (1 + tolerance) * SpacingBetweenSlices &&
    agree(SliceThickness + SpacingBetweenSlices, spacingMm);
  const refuse = (every: number, evidence: string) => {
    throw new PrioraError(
      'GEOMETRY_GAP',
      `slices lie ${spacingMm.toFixed(2)} mm apart, but ${evidence}: ${every - 1} of every ${every} seem to be missing`,
      { subject: { SOPInstanceUID } },
    );
  };

  const stated = SpacingBetweenSlices === null ? asThick : agree(SpacingBetweenSlices, spacingMm);
  if (step !== null && step > 1 && !stated)
    refuse(
      step,
      `their ${slices[0].frameNumber === undefined ? 'InstanceNumber' : 'InStackPositionNumber'} goes up by ${step}`,
    );

  const times = SpacingBetweenSlices === null ? 1 : Math.round(spacingMm / SpacingBetweenSlices);
  if (times > 1 && agree(times * SpacingBetweenSlices!, spacingMm) && !isGap && !(asThick && step === 1))
    refuse(times, `SpacingBetweenSlices is ${SpacingBetweenSlices!.toFixed(2)} mm`);
}

/** The step by which the numbers go up or down from slice to slice; null if there are none or they follow no rule. */
function numberStep(slices: readonly SliceFrame[], all: readonly SliceFrame[]): number | null {
  const numbers = slices.map(({ number }) => number);
  if (numbers.includes(null)) return null;
  const steps = new Set(numbers.slice(1).map((number, index) => number! - numbers[index]!));
  if (steps.size !== 1) return null;
  const step = Math.abs([...steps][0]);
  if (step < 2) return step;
  // The frames of a multi-frame image are numbered stack by stack: those of other stacks say nothing about this one.
  const given = new Set((slices[0].frameNumber === undefined ? all : slices).map(({ number }) => number));
  const [low, high] = [Math.min(...(numbers as number[])), Math.max(...(numbers as number[]))];
  for (let number = low; number <= high; number++) if (!given.has(number)) return step;
  return 1;
}
