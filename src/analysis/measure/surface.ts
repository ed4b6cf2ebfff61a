import { applyAffine, type Vector3 } from '../../imaging/affine.js';
import { voxelFromIndex, type Grid, type LabelMap } from '../../imaging/volume.js';
import type { Component } from '../../imaging/components.js';

/** The component's voxels with at least one of their six neighbours outside it. */
export function surfaceVoxels(component: Component, labels: LabelMap): Vector3[] {
  const [nx, ny, nz] = labels.shape;
  const label = labels.voxels[component[0]];
  const inside = (i: number, j: number, k: number) =>
    i >= 0 && j >= 0 && k >= 0 && i < nx && j < ny && k < nz && labels.voxels[i + nx * (j + ny * k)] === label;
  const surface: Vector3[] = [];
  for (const index of component) {
    const [i, j, k] = voxelFromIndex(index, labels.shape);
    if (
      !(inside(i - 1, j, k) && inside(i + 1, j, k) && inside(i, j - 1, k)) ||
      !(inside(i, j + 1, k) && inside(i, j, k - 1) && inside(i, j, k + 1))
    )
      surface.push([i, j, k]);
  }
  return surface;
}

/** Voxel-space offsets of a voxel's six face centres; `2 · axis` and `2 · axis + 1` face each other. */
export const faceOffsets: readonly Vector3[] = [
  [-0.5, 0, 0],
  [0.5, 0, 0],
  [0, -0.5, 0],
  [0, 0.5, 0],
  [0, 0, -0.5],
  [0, 0, 0.5],
];

/** Patient positions of the face centres of `voxels`. */
export function facePoints(voxels: readonly Vector3[], { patientFromVoxel }: Grid): Vector3[] {
  return voxels.flatMap(([i, j, k]) =>
    faceOffsets.map(([a, b, c]) => applyAffine(patientFromVoxel, [i + a, j + b, k + c])),
  );
}

const distanceMm = (a: Vector3, b: Vector3): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** Beyond this many points, those that are outermost in one of {@link directionCount} directions stand for all. */
const exactPointLimit = 3000;
const directionCount = 1500;

/**
 * Largest distance between two of the points: exact for lesions up to some 500 surface voxels, within 0.1 % beyond
 * (the outermost points of a dense fan of directions; the nearest direction is less than 2.5 degrees off).
 */
export function maximumDistanceMm(points: readonly Vector3[]): number {
  const candidates = points.length <= exactPointLimit ? points : outermostPoints(points);
  let largest = 0;
  for (let a = 0; a < candidates.length; a++)
    for (let b = a + 1; b < candidates.length; b++) {
      const distance = distanceMm(candidates[a], candidates[b]);
      if (distance > largest) largest = distance;
    }
  return largest;
}

function outermostPoints(points: readonly Vector3[]): Vector3[] {
  const outermost = new Set<Vector3>();
  const goldenAngle = Math.PI * (3 - Math.sqrt(5));
  for (let n = 0; n < directionCount; n++) {
    // A Fibonacci half sphere: even cover, and each direction gives both of its ends.
    const z = (n + 0.5) / directionCount;
    const radius = Math.sqrt(1 - z * z);
    const x = radius * Math.cos(n * goldenAngle), y = radius * Math.sin(n * goldenAngle); // prettier-ignore
    let low = points[0], high = points[0], least = Infinity, most = -Infinity; // prettier-ignore
    for (const point of points) {
      const projection = point[0] * x + point[1] * y + point[2] * z;
      if (projection < least) { least = projection; low = point; } // prettier-ignore
      if (projection > most) { most = projection; high = point; } // prettier-ignore
    }
    outermost.add(low).add(high);
  }
  return [...outermost];
}
