import type { Vector3 } from '../imaging/affine.js';
import type { Random } from './random.js';
import { isBrain, voxelIndexAt, type SourceHead } from './head.js';
import type { Phase, Tube } from './tube.js';

interface Walk {
  readonly start: Vector3;
  readonly direction: Vector3;
  readonly lengthMm: number;
  readonly radiusMm: number;
  readonly signal: number;
  readonly phase: Phase;
  /** Spread of the direction's change a step; large = tortuous. */
  readonly tortuosity: number;
  readonly branching: number;
}

const stepMm = 1.4;

/** Where vessels may run: the brain and a shell of `reachMm` around it, so the fissures and the subarachnoid space too. */
function nearBrain(head: SourceHead, [x, y, z]: Vector3, reachMm: number): boolean {
  if (isBrain(head, [x, y, z])) return true;
  for (const axis of [0, 1, 2])
    for (const sign of [-1, 1]) {
      const point: [number, number, number] = [x, y, z];
      point[axis] += sign * reachMm;
      if (isBrain(head, point)) return true;
    }
  return false;
}

const normalise = ([x, y, z]: Vector3): Vector3 => {
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
};

/**
 * A tortuous vessel that prefers to follow dark voxels (sulci, fissures) and splits on its way. Each split makes a
 * junction slightly wider than its branches; now and then the vessel makes a small loop.
 */
export function walkVessel(head: SourceHead, walk: Walk, random: Random, depth = 0): Tube[] {
  const tubes: Tube[] = [];
  let at = walk.start;
  let direction = normalise(walk.direction);
  let radius = walk.radiusMm;
  const steps = Math.round(walk.lengthMm / stepMm);
  const add = (to: Vector3, toRadius: number) => {
    tubes.push({
      from: at,
      to,
      fromRadiusMm: radius,
      toRadiusMm: toRadius,
      signal: walk.signal,
      phase: walk.phase,
    });
    at = to;
    radius = toRadius;
  };
  for (let step = 0; step < steps; step++) {
    let best: Vector3 | null = null;
    let bestScore = Infinity;
    for (let trial = 0; trial < 9; trial++) {
      const bend = random.direction();
      const candidate = normalise([
        direction[0] + walk.tortuosity * bend[0],
        direction[1] + walk.tortuosity * bend[1],
        direction[2] + walk.tortuosity * bend[2],
      ]);
      const ahead: Vector3 = [at[0] + 2.2 * candidate[0], at[1] + 2.2 * candidate[1], at[2] + 2.2 * candidate[2]];
      if (!nearBrain(head, ahead, 3)) continue;
      const index = voxelIndexAt(head, ahead);
      const score = head.image.voxels[index] / head.levels.grey + random.uniform(0, 0.25);
      if (score < bestScore) [bestScore, best] = [score, candidate];
    }
    if (!best) break;
    direction = best;
    const next: Vector3 = [at[0] + stepMm * best[0], at[1] + stepMm * best[1], at[2] + stepMm * best[2]];
    // Calibre wanders a little, which also makes short bright stretches of a thin vessel.
    add(next, Math.max(0.3, walk.radiusMm * (1 - (0.55 * step) / steps) * random.uniform(0.85, 1.15)));
    if (depth < 3 && random.chance(walk.branching)) {
      const bend = random.direction();
      const widened = radius * random.uniform(1.1, 1.6);
      tubes.push({ ...tubes[tubes.length - 1], from: at, to: at, fromRadiusMm: widened, toRadiusMm: widened });
      tubes.push(
        ...walkVessel(
          head,
          {
            ...walk,
            start: at,
            direction: [direction[0] + 1.2 * bend[0], direction[1] + 1.2 * bend[1], direction[2] + 1.2 * bend[2]],
            lengthMm: walk.lengthMm * (1 - step / steps) * random.uniform(0.4, 0.9),
            radiusMm: radius * random.uniform(0.6, 0.95),
          },
          random,
          depth + 1,
        ),
      );
    }
    if (random.chance(0.012)) for (const point of loopFrom(at, direction, random)) add(point, radius);
  }
  return tubes;
}

/** One turn of a helix of 1.2–2.8 mm radius, starting at `at`. */
function loopFrom(at: Vector3, direction: Vector3, random: Random): Vector3[] {
  const size = random.uniform(1.2, 2.8);
  const other = random.direction();
  const u = normalise([
    direction[1] * other[2] - direction[2] * other[1],
    direction[2] * other[0] - direction[0] * other[2],
    direction[0] * other[1] - direction[1] * other[0],
  ]);
  const rise = random.uniform(0.4, 1.6);
  return Array.from({ length: 10 }, (_, index) => {
    const angle = ((index + 1) * 2 * Math.PI) / 10;
    const [a, b, c] = [size * Math.sin(angle), size * (1 - Math.cos(angle)), (rise * (index + 1)) / 10];
    const w = normalise([
      u[1] * direction[2] - u[2] * direction[1],
      u[2] * direction[0] - u[0] * direction[2],
      u[0] * direction[1] - u[1] * direction[0],
    ]);
    return [0, 1, 2].map((axis) => at[axis] + a * direction[axis] + b * u[axis] + c * w[axis]) as unknown as Vector3;
  });
}

/** A random voxel's centre (source space) for which `accept` holds; null after too many misses. */
export function randomPoint(head: SourceHead, random: Random, accept: (index: number) => boolean): Vector3 | null {
  const [nx, ny, nz] = head.image.shape;
  const m = head.image.patientFromVoxel;
  for (let trial = 0; trial < 4000; trial++) {
    const i = random.integer(nx);
    const j = random.integer(ny);
    const k = random.integer(nz);
    const index = i + nx * (j + ny * k);
    if (!accept(index)) continue;
    return [
      m[0] * i + m[1] * j + m[2] * k + m[3],
      m[4] * i + m[5] * j + m[6] * k + m[7],
      m[8] * i + m[9] * j + m[10] * k + m[11],
    ];
  }
  return null;
}

/** Whether a voxel lies in white matter. */
export const isWhite =
  ({ brain, image, levels }: SourceHead) =>
  (index: number): boolean =>
    brain[index] === 1 && image.voxels[index] > 0.97 * levels.white;

/** Thin vessels of the white matter that lead towards the ventricles, from random places. */
function towardsVentricles(
  head: SourceHead,
  random: Random,
  count: number,
  draw: (stream: Random) => Pick<Walk, 'lengthMm' | 'radiusMm' | 'signal' | 'phase'>,
): Tube[] {
  return Array.from({ length: Math.round(count * random.uniform(0.5, 1.5)) }, (_, index) => {
    const stream = random.fork(index);
    const start = randomPoint(head, stream, isWhite(head));
    if (!start) return [];
    const direction: Vector3 = [-start[0], 0.6 * (18 - start[1]), 12 - start[2]];
    return walkVessel(head, { start, direction, tortuosity: 0.12, branching: 0.02, ...draw(stream) }, stream);
  }).flat();
}

/** Thin straight veins of the white matter. */
export const medullaryVeins = (head: SourceHead, random: Random): Tube[] =>
  towardsVentricles(head, random, 50, (stream) => ({
    lengthMm: stream.uniform(6, 26),
    radiusMm: stream.uniform(0.2, 0.45),
    signal: stream.uniform(1.15, 1.6),
    phase: 'venous',
  }));

/** Dark threads of fluid along the arteries of the white matter. */
export const perivascularSpaces = (head: SourceHead, random: Random): Tube[] =>
  towardsVentricles(head, random, 40, (stream) => ({
    lengthMm: stream.uniform(4, 20),
    radiusMm: stream.uniform(0.25, 0.55),
    signal: stream.uniform(0.3, 0.6),
    phase: 'none',
  }));
