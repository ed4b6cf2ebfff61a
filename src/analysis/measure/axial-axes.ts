import { applyAffine, type Vector3 } from '../../imaging/affine.js';
import { connectedComponents } from '../../imaging/components.js';
import type { Lesion, Segment3d } from '../../model/lesion.js';
import { spacingMm, type Grid } from '../../imaging/volume.js';
import { convexHull, diameter, longestPerpendicularChord, type Point2 } from './convex-polygon.js';
import { faceOffsets } from './surface.js';

type AxialAxes = Pick<Lesion, 'longAxisMm' | 'shortAxisMm' | 'longAxis' | 'shortAxis' | 'axialPlaneMm' | 'axialSlices'>;

/**
 * Long and short axis in the patient's axial planes (z constant), whatever the orientation of the acquisition. Each
 * voxel stands for the octahedron of its six face centres: cut by the plane of an axial slice, these give the outline
 * that marching squares draws, and they can be cut by any other plane as well. In every plane and every connected part
 * of the lesion in it, the longest diameter of the convex hull is the long axis; the longest chord of that hull
 * perpendicular to it is the short axis (RANO-BM: longest diameter and its perpendicular).
 *
 * @param surface voxels [i, j, k] on the lesion's surface.
 */
export function axialAxes(surface: readonly Vector3[], grid: Grid): AxialAxes {
  const voxels = surface.map((voxel) => octahedron(voxel, grid));
  const [, , , , , , , , a, b, c] = grid.patientFromVoxel;
  const halfHeight = (Math.abs(a) + Math.abs(b) + Math.abs(c)) / 2;
  const axialSlices = countAxialSlices(voxels, grid);
  let best: AxialAxes | undefined;
  for (const z of planes(voxels, Math.min(...spacingMm(grid)) / 8)) {
    // Whole voxels decide what is connected: they fill space, while octahedra leave gaps in an oblique plane.
    const cut = voxels.filter(({ centreZ }) => Math.abs(centreZ - z) <= halfHeight);
    for (const part of connectedParts(cut)) {
      const hull = convexHull(part.flatMap((voxel) => section(voxel.faces, z)));
      if (hull.length === 0) continue;
      const long = diameter(hull);
      if (best !== undefined && long.length <= best.longAxisMm + 1e-9) continue;
      const short = longestPerpendicularChord(hull, long.ends);
      best = {
        longAxisMm: long.length,
        shortAxisMm: short.length,
        longAxis: lift(long.ends, z),
        shortAxis: lift(short.ends, z),
        axialPlaneMm: z,
        axialSlices,
      };
    }
  }
  return best!;
}

const lift = ([a, b]: readonly [Point2, Point2], z: number): Segment3d => [
  [a[0], a[1], z],
  [b[0], b[1], z],
];

interface Octahedron {
  readonly voxel: Vector3;
  readonly centreZ: number;
  readonly faces: readonly Vector3[];
}

function octahedron(voxel: Vector3, { patientFromVoxel }: Grid): Octahedron {
  const [i, j, k] = voxel;
  return {
    voxel,
    centreZ: applyAffine(patientFromVoxel, voxel)[2],
    faces: faceOffsets.map(([a, b, c]) => applyAffine(patientFromVoxel, [i + a, j + b, k + c])),
  };
}

/**
 * The number of slices along the patient's z that the voxel centres span, as thick as the grid spacing along its axis
 * nearest to z.
 */
function countAxialSlices(voxels: readonly Octahedron[], grid: Grid): number {
  const { patientFromVoxel: m } = grid;
  const spacing = spacingMm(grid);
  const steepest = [0, 1, 2].reduce((best, axis) =>
    Math.abs(m[8 + axis]) / spacing[axis] > Math.abs(m[8 + best]) / spacing[best] ? axis : best,
  );
  let [lowest, highest] = [Infinity, -Infinity];
  for (const { centreZ } of voxels) {
    lowest = Math.min(lowest, centreZ);
    highest = Math.max(highest, centreZ);
  }
  return Math.floor((highest - lowest) / spacing[steepest] + 1e-6) + 1;
}

/** The axial planes through voxel centres; centres closer than `quantumMm` share one. */
function planes(voxels: readonly Octahedron[], quantumMm: number): number[] {
  const bins = new Map<number, { sum: number; count: number }>();
  const origin = voxels[0].centreZ;
  for (const { centreZ } of voxels) {
    const key = Math.round((centreZ - origin) / quantumMm);
    const bin = bins.get(key) ?? { sum: 0, count: 0 };
    bins.set(key, { sum: bin.sum + centreZ, count: bin.count + 1 });
  }
  return [...bins.values()].map(({ sum, count }) => sum / count).sort((a, b) => a - b);
}

/** Points where the octahedron's twelve edges meet the plane. */
function section(faces: readonly Vector3[], z: number): Point2[] {
  const points: Point2[] = [];
  for (let a = 0; a < 6; a++)
    for (let b = a + 1; b < 6; b++) {
      if (a >> 1 === b >> 1) continue; // facing each other: no edge
      const [p, q] = [faces[a], faces[b]];
      if (Math.min(p[2], q[2]) > z || Math.max(p[2], q[2]) < z) continue;
      if (Math.abs(p[2] - q[2]) < 1e-9) {
        points.push([p[0], p[1]], [q[0], q[1]]);
        continue;
      }
      const t = (z - p[2]) / (q[2] - p[2]);
      points.push([p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]);
    }
  return points;
}

/** Parts of a cut lesion that touch, even at a corner. */
function connectedParts(cut: readonly Octahedron[]): Octahedron[][] {
  const [first, last] = [Math.min, Math.max].map((bound) =>
    [0, 1, 2].map((axis) => cut.reduce((so, { voxel }) => bound(so, voxel[axis]), cut[0].voxel[axis])),
  );
  const shape = last.map((at, axis) => at - first[axis] + 1) as unknown as Vector3;
  const indexOf = ({ voxel: [i, j, k] }: Octahedron) =>
    i - first[0] + shape[0] * (j - first[1] + shape[1] * (k - first[2]));
  const mask = new Uint8Array(shape[0] * shape[1] * shape[2]);
  const at = new Map(cut.map((entry) => [indexOf(entry), entry]));
  for (const index of at.keys()) mask[index] = 1;
  return connectedComponents(mask, shape).map((part) => Array.from(part, (index) => at.get(index)!));
}
