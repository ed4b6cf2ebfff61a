import { applyAffine, multiplyAffine, type Affine, type Vector3 } from '../../imaging/affine.js';
import { coarsen } from '../../imaging/block-mean.js';
import { correlate } from '../../imaging/correlation.js';
import { flattenedCeilings } from '../../imaging/flatten.js';
import { mutualInformation } from '../../imaging/mutual-information.js';
import type { Volume } from '../../imaging/volume.js';

/** A rigid pose about the template's centre of mass: angles in radians (x, y, z), then a shift in mm. */
type Pose = readonly [number, number, number, number, number, number];

/** One pass of the search: its resolution, its measure, its steps, and how many candidates enter it. */
interface Pass {
  readonly spacingMm: number;
  readonly rate: (fixed: Volume, moving: Volume, movingFromFixed: Affine) => { agreement: number; overlap: number };
  readonly followed: number;
  /** The steps of the descent. For a head's radius, 1 rad is about 80 mm. */
  readonly steps: readonly { mm: number; radians: number }[];
}
const coarsePass: Pass = {
  spacingMm: 8,
  rate: (fixed, moving, movingFromFixed) => {
    const { correlation, overlap } = correlate(fixed, moving, movingFromFixed);
    return { agreement: correlation, overlap };
  },
  followed: 24,
  steps: [
    { mm: 16, radians: 0.2 },
    { mm: 8, radians: 0.1 },
    { mm: 4, radians: 0.05 },
  ],
};
const finePass: Pass = {
  spacingMm: 4,
  rate: (fixed, moving, movingFromFixed) => {
    const { normalised, overlap } = mutualInformation(fixed, moving, movingFromFixed, flattenedCeilings);
    return { agreement: normalised - 1, overlap };
  },
  followed: 4,
  steps: [
    { mm: 4, radians: 0.05 },
    { mm: 2, radians: 0.025 },
  ],
};
/** Shifts along the body that are tried with each rotation, since images differ in how much of the neck they hold. */
const bodyShiftsMm = [0, 25, 50, -25];

interface Start {
  /** One of the 24 right-angled rotations. */
  readonly turn: Affine;
  /** What is added to it. */
  readonly pose: Pose;
}

/**
 * A rigid start for the fine registration, found without trusting the orientation in the header: all 24 right-angled
 * rotations, each with the centres of mass aligned and a few shifts along the body, are rated by correlation at 8 mm
 * and followed to their optimum. The best few continue at 4 mm by mutual information, which tells front from back where
 * correlation does not, and the best result wins. Deterministic. Mirrored anatomy cannot be told from a mirrored
 * header.
 *
 * @param template flattened head, 4 mm or finer.
 * @param source flattened, 4 mm or finer.
 */
export function alignRoughly(template: Volume, source: Volume): Affine {
  const centre = centreOfMass(coarsen(template, coarsePass.spacingMm));
  const target = centreOfMass(coarsen(source, coarsePass.spacingMm));
  const affineOf = ({ turn, pose }: Start): Affine => {
    const rotation = multiplyAffine(turn, rotationOf(pose));
    const [x, y, z] = applyAffine(rotation, centre);
    // The shift is along the template's axes, so that "along the body" means the same for every rotation.
    const [sx, sy, sz] = applyAffine(turn, [pose[3], pose[4], pose[5]]);
    return multiplyAffine(
      [1, 0, 0, target[0] - x + sx, 0, 1, 0, target[1] - y + sy, 0, 0, 1, target[2] - z + sz, 0, 0, 0, 1],
      rotation,
    );
  };
  const run = (starts: Start[], pass: Pass): Start[] => {
    const fixed = coarsen(template, pass.spacingMm);
    const moving = coarsen(source, pass.spacingMm);
    const rate = (start: Start): number => {
      const { agreement, overlap } = pass.rate(fixed, moving, affineOf(start));
      // Small overlaps agree well by chance.
      return agreement * Math.sqrt(overlap);
    };
    const byScore = (a: { score: number }, b: { score: number }) => b.score - a.score;
    return starts
      .map((start) => ({ ...start, score: rate(start) }))
      .sort(byScore)
      .slice(0, pass.followed)
      .map(({ turn, ...start }) => {
        const ratePose = (pose: Pose) => rate({ turn, pose });
        return { turn, ...pass.steps.reduce((at, step) => descend(ratePose, at, step), start) };
      })
      .sort(byScore);
  };
  const starts = rightAngledTurns().flatMap((turn) =>
    bodyShiftsMm.map((shift): Start => ({ turn, pose: [0, 0, 0, 0, 0, shift] })),
  );
  return affineOf(run(run(starts, coarsePass), finePass)[0]);
}

/** Coordinate descent with one step size until no coordinate improves, at most eight rounds. */
function descend(
  rate: (pose: Pose) => number,
  start: { pose: Pose; score: number },
  { mm, radians }: { mm: number; radians: number },
): { pose: Pose; score: number } {
  let { pose, score } = start;
  for (let round = 0; round < 8; round++) {
    let improved = false;
    for (let axis = 0; axis < 6; axis++)
      for (const sign of [1, -1]) {
        const candidate = pose.map((value, index) =>
          index === axis ? value + sign * (axis < 3 ? radians : mm) : value,
        ) as unknown as Pose;
        const candidateScore = rate(candidate);
        if (candidateScore > score) {
          pose = candidate;
          score = candidateScore;
          improved = true;
          break;
        }
      }
    if (!improved) break;
  }
  return { pose, score };
}

/** Intensity-weighted, above the mean, so that air and its noise have no weight. */
function centreOfMass(volume: Volume): Vector3 {
  const { voxels, shape } = volume;
  const mean = voxels.reduce((sum, value) => sum + value, 0) / voxels.length;
  let weight = 0, x = 0, y = 0, z = 0, index = 0; // prettier-ignore
  for (let k = 0; k < shape[2]; k++)
    for (let j = 0; j < shape[1]; j++)
      for (let i = 0; i < shape[0]; i++, index++) {
        const value = voxels[index] - mean;
        if (!(value > 0)) continue;
        weight += value;
        x += value * i;
        y += value * j;
        z += value * k;
      }
  const middle: Vector3 = [(shape[0] - 1) / 2, (shape[1] - 1) / 2, (shape[2] - 1) / 2];
  return applyAffine(volume.patientFromVoxel, weight > 0 ? [x / weight, y / weight, z / weight] : middle);
}

function rotationOf([a, b, c]: Pose): Affine {
  const [ca, sa, cb, sb, cc, sc] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b), Math.cos(c), Math.sin(c)];
  return [
    cc * cb, cc * sb * sa - sc * ca, cc * sb * ca + sc * sa, 0,
    sc * cb, sc * sb * sa + cc * ca, sc * sb * ca - cc * sa, 0,
    -sb, cb * sa, cb * ca, 0,
    0, 0, 0, 1,
  ]; // prettier-ignore
}

/** The 24 rotations that map axes onto axes; the identity comes first. */
function rightAngledTurns(): Affine[] {
  const turns: Affine[] = [];
  const orders = [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [2, 1, 0], [1, 0, 2]]; // prettier-ignore
  for (const [index, order] of orders.entries())
    for (let signs = 0; signs < 8; signs++) {
      const sign = [signs & 1 ? -1 : 1, signs & 2 ? -1 : 1, signs & 4 ? -1 : 1];
      const even = index < 3;
      if (sign[0] * sign[1] * sign[2] !== (even ? 1 : -1)) continue;
      const turn = new Array<number>(16).fill(0);
      order.forEach((column, row) => (turn[row * 4 + column] = sign[row]));
      turn[15] = 1;
      turns.push(turn);
    }
  return turns;
}
