import { beforeAll, expect, it } from 'vitest';
import { acquire } from '../../src/phantom/acquire.js';
import { createPatient, type PhantomPatient } from '../../src/phantom/patient.js';
import { demoScanner, patientFromHead, scannerGrid, type ScannerSettings } from '../../src/phantom/scanner.js';
import { loadSourceHead } from '../../src/phantom/source-head.js';
import type { Tube } from '../../src/phantom/tube.js';
import { applyAffine, invertAffine, multiplyAffine, type Vector3 } from '../../src/imaging/affine.js';
import { voxelVolumeMm3, type Volume } from '../../src/imaging/volume.js';

/** A thin vein that rises by 13 mm over 60: through thick slices it passes each of them on a slant. */
const vein: Tube = {
  from: [-30, 5, 20],
  to: [30, 12, 33],
  fromRadiusMm: 0.6,
  toRadiusMm: 0.6,
  signal: 2,
  phase: 'venous',
};
const scanner: ScannerSettings = {
  ...demoScanner(1),
  tiltDeg: [0, 0, 0],
  positionDeg: [0, 0, 0],
  positionMm: [0, 0, 0],
  gain: 2000,
  noise: 0,
  bias: 0,
  ghost: 0,
  venous: 1,
};
const thin: ScannerSettings = { ...scanner, shape: [120, 120, 170], spacingMm: [1, 1, 1] };
const thick: ScannerSettings = { ...scanner, shape: [120, 120, 34], spacingMm: [1, 1, 5] };

let bare: PhantomPatient;
beforeAll(async () => {
  const patient = createPatient(await loadSourceHead(), 1, { timePoints: 2 });
  // Even tissue all over: what is left is the vein.
  bare = { ...patient, tissue: patient.tissue.slice().fill(1), tubes: [], lesions: [] };
});

/** What the vein adds to a scan. */
function veinOn(settings: ScannerSettings): Volume {
  const without = acquire(bare, 0, settings);
  const image = acquire({ ...bare, tubes: [vein] }, 0, settings);
  return { ...image, voxels: image.voxels.map((value, index) => value - without.voxels[index]) };
}

/** The brightest of the voxels about each millimetre of the vein's course, its ends left out. */
function alongCourse(volume: Volume, settings: ScannerSettings): number[] {
  const { shape } = scannerGrid(settings);
  const voxelFromHead = multiplyAffine(invertAffine(volume.patientFromVoxel), patientFromHead(settings));
  return Array.from({ length: 51 }, (_, step) => {
    const t = (step + 5) / 60;
    const point = [0, 1, 2].map(
      (axis) => vein.from[axis] + t * (vein.to[axis] - vein.from[axis]),
    ) as unknown as Vector3;
    const [i, j, k] = applyAffine(voxelFromHead, point).map(Math.round);
    let most = 0;
    for (const dj of [-1, 0, 1])
      for (const di of [-1, 0, 1]) most = Math.max(most, volume.voxels[i + di + shape[0] * (j + dj + shape[1] * k)]);
    return most;
  });
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);

it('shows a thin vessel through thick slices as a continuous, paler tube', () => {
  const [throughThin, throughThick] = [thin, thick].map((settings) => ({
    settings,
    image: veinOn(settings),
  }));
  const [bright, pale] = [throughThin, throughThick].map(({ image, settings }) => alongCourse(image, settings));
  // No gaps and no beads: a bead is a stretch much brighter than the rest.
  expect(Math.min(...pale)).toBeGreaterThan(0.4 * Math.max(...pale));
  expect(sum(pale)).toBeLessThan(0.6 * sum(bright));
  // Averaging moves signal; it neither makes nor loses any.
  const [thinSignal, thickSignal] = [throughThin, throughThick].map(
    ({ image }) => sum(image.voxels) * voxelVolumeMm3(image),
  );
  expect(thickSignal / thinSignal).toBeGreaterThan(0.9);
  expect(thickSignal / thinSignal).toBeLessThan(1.1);
});
