import { drawStory } from '../../../src/phantom/lesion-history.js';
import { randomAppearance } from '../../../src/phantom/lesion.js';
import type { LesionCourse, PhantomPatient } from '../../../src/phantom/patient.js';
import { Random } from '../../../src/phantom/random.js';
import { rigidAffine } from '../../../src/phantom/rigid.js';
import { labelsOn } from '../../../src/phantom/scan.js';
import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../../../src/imaging/affine.js';
import type { Grid, LabelMap } from '../../../src/imaging/volume.js';
import type { FoundLesion } from '../../../src/analysis/track/match-lesions.js';
import type { Scan } from './simulated-node.js';

const grid: Grid = { shape: [130, 150, 110], patientFromVoxel: [1, 0, 0, -65, 0, 1, 0, -75, 0, 0, 1, -55, 0, 0, 0, 1] };

/** Few forms, many lesions: a form is slow to make. */
const appearances = Array.from({ length: 12 }, (_, index) =>
  randomAppearance(new Random(`form ${index}`), index < 4 ? 4 : 10),
);

/** Volumes and centroids of the labelled lesions. */
function measured({ shape, voxels, patientFromVoxel }: LabelMap): FoundLesion[] {
  const sums = new Map<number, [number, number, number, number]>();
  for (let index = 0; index < voxels.length; index++) {
    if (voxels[index] === 0) continue;
    const sum = sums.get(voxels[index]) ?? [0, 0, 0, 0];
    sum[0] += index % shape[0];
    sum[1] += Math.floor(index / shape[0]) % shape[1];
    sum[2] += Math.floor(index / (shape[0] * shape[1]));
    sum[3]++;
    sums.set(voxels[index], sum);
  }
  return [...sums].map(([number, [i, j, k, volumeMm3]]) => ({
    number,
    volumeMm3,
    centroidPatientMm: applyAffine(patientFromVoxel, [i / volumeMm3, j / volumeMm3, k / volumeMm3]),
  }));
}

/** Random sites within the head, as far from each other as those of the phantom patients. */
function sites(random: Random, radiiMm: readonly number[]): Vector3[] {
  const placed: Vector3[] = [];
  while (placed.length < radiiMm.length) {
    const radius = radiiMm[placed.length];
    const at = [45, 55, 38].map((reach) => random.uniform(-reach, reach)) as unknown as Vector3;
    const free = placed.every(
      (other, index) =>
        Math.hypot(...at.map((value, axis) => value - other[axis])) > 1.4 * (radius + radiiMm[index]) + 3,
    );
    if (free) placed.push(at);
  }
  return placed;
}

/** A patient's scans with true lesions, each scan in a pose of its own; one lesion in twelve is missed each time. */
export function phantomCourse(seed: number): Scan[] {
  const random = new Random(`course ${seed}`);
  const story = drawStory(seed);
  const radius = (volume: number, index: number) => Math.cbrt(volume / appearances[index % 12].shape.unitVolume);
  const centres = sites(random.fork('sites'), story.map((volumes, index) => radius(Math.max(...volumes), index))); // prettier-ignore
  const lesions: LesionCourse[] = story.map((volumesMm3, index) => ({
    id: index + 1,
    appearance: appearances[index % 12],
    centreMm: centres[index],
    volumesMm3,
  }));
  const poses = story[0].map((_, time): Affine => {
    const pose = random.fork(`pose ${time}`);
    const three = (reach: number) => [0, 1, 2].map(() => pose.uniform(-reach, reach)) as unknown as Vector3;
    return rigidAffine(three(6), three(4));
  });
  const scans: (Scan & { pose: Affine })[] = poses.map((pose, time) => {
    const labels = labelsOn({ lesions } as unknown as PhantomPatient, time, grid, invertAffine(pose));
    const seen = measured(labels).filter(({ number }) => !random.fork(`missed ${time} ${number}`).chance(1 / 12));
    return {
      day: 40 * time,
      pose,
      labels,
      lesions: seen,
      registration: (other, errorMm) => {
        const direction = random.fork(`error ${time} ${other.day}`).direction();
        const error = rigidAffine([0, 0, 0], direction.map((value) => value * errorMm) as unknown as Vector3);
        const { pose: there } = other as Scan & { pose: Affine };
        return multiplyAffine(there, multiplyAffine(error, invertAffine(pose)));
      },
    };
  });
  return scans;
}
