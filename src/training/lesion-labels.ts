import { PrioraError } from '../core/errors.js';
import { warpLinear } from '../elastix/warp.js';
import { connectedComponents, type Component } from '../measure/components.js';
import { invertAffine, multiplyAffine, type Affine, type Vector3 } from '../volume/affine.js';
import { boxOn, type IndexBox } from '../volume/crop.js';
import { voxelVolumeMm3, type Grid, type LabelMap } from '../volume/volume.js';

/** A metastasis of the label map; evaluation reads these from case.json. */
export interface LabelledLesion {
  /** Its value in the label map. */
  readonly id: number;
  /** As outlined, before it was resampled. */
  readonly volumeMm3: number;
  /** On the target grid. */
  readonly centroidVoxel: Vector3;
}

/** Label maps for training are bytes. */
const mostLesions = 255;

/**
 * Outlines as one label map on `target`: every 26-connected part of every mask is a metastasis with a number of its own. Each is
 * resampled by itself, trilinearly, and a voxel belongs to it from one half on, so that neither volume nor borders drift as they
 * would voxel by voxel; one too small to reach one half anywhere keeps the voxel where it is most.
 *
 * @param targetFromSource patient space of the masks → of the target, rigid.
 * @throws PrioraError LABEL_UNUSABLE for more metastases than a byte counts, or one outside the target.
 */
export function lesionLabels(
  masks: readonly LabelMap[],
  target: Grid,
  targetFromSource: Affine,
): { labels: LabelMap & { voxels: Uint8Array }; lesions: LabelledLesion[] } {
  const voxels = new Uint8Array(target.shape[0] * target.shape[1] * target.shape[2]);
  const strongest = new Float32Array(voxels.length);
  const lesions: LabelledLesion[] = [];
  for (const mask of masks)
    for (const component of connectedComponents(mask.voxels as Uint8Array, mask.shape)) {
      const id = lesions.length + 1;
      if (id > mostLesions) throw new PrioraError('LABEL_UNUSABLE', `there are more than ${mostLesions} metastases`);
      const { box, share } = resampled(mask, component, target, targetFromSource);
      let [count, most, mostAt] = [0, 0, -1];
      const sum: [number, number, number] = [0, 0, 0];
      forEachVoxel(target, box, (index, i, j, k) => {
        const value = share[index];
        if (value > most) [most, mostAt] = [value, index];
        if (value < 0.5) return;
        count++;
        [i, j, k].forEach((at, axis) => (sum[axis] += at));
        if (value <= strongest[index]) return;
        strongest[index] = value;
        voxels[index] = id;
      });
      if (count === 0) {
        if (mostAt < 0) throw new PrioraError('LABEL_UNUSABLE', 'a metastasis lies outside the head');
        if (voxels[mostAt] === 0) voxels[mostAt] = id;
        const [nx, ny] = target.shape;
        [mostAt % nx, Math.floor(mostAt / nx) % ny, Math.floor(mostAt / (nx * ny))].forEach((at, axis) => (sum[axis] = at)); // prettier-ignore
        count = 1;
      }
      lesions.push({
        id,
        volumeMm3: Math.round(component.length * voxelVolumeMm3(mask) * 10) / 10,
        centroidVoxel: sum.map((value) => Math.round((value / count) * 10) / 10) as unknown as Vector3,
      });
    }
  return { labels: { shape: target.shape, patientFromVoxel: target.patientFromVoxel, voxels }, lesions };
}

/** Which share of each target voxel in `box` is the component's (0 to 1), between voxel centres linearly. */
function resampled(mask: LabelMap, component: Component, target: Grid, targetFromSource: Affine) {
  const alone = cutOut(mask, component);
  const whole: IndexBox = { first: [0, 0, 0], last: alone.shape.map((count) => count - 1) as unknown as Vector3 };
  const box = boxOn(target, alone, whole, targetFromSource, 0);
  if (!box) throw new PrioraError('LABEL_UNUSABLE', 'a metastasis lies outside the head');
  const { voxels } = warpLinear(alone, target, box, [
    { kind: 'affine', movingFromFixed: invertAffine(targetFromSource) },
  ]);
  return { box, share: voxels };
}

/** A component by itself, with one voxel of 0 on every side, also where the series ends. */
function cutOut({ shape: [nx, ny], patientFromVoxel }: Grid, component: Component): LabelMap {
  const places = Array.from(component, (voxel): Vector3 => [
    voxel % nx,
    Math.floor(voxel / nx) % ny,
    Math.floor(voxel / (nx * ny)),
  ]);
  const bound = (of: (...values: number[]) => number) =>
    [0, 1, 2].map((axis) => places.reduce((bound, place) => of(bound, place[axis]), places[0][axis]));
  const first = bound(Math.min).map((at) => at - 1);
  const [sx, sy, sz] = bound(Math.max).map((at, axis) => at - first[axis] + 2);
  const voxels = new Uint8Array(sx * sy * sz);
  for (const [i, j, k] of places) voxels[i - first[0] + sx * (j - first[1] + sy * (k - first[2]))] = 1;
  const shift = [1, 0, 0, first[0], 0, 1, 0, first[1], 0, 0, 1, first[2], 0, 0, 0, 1];
  return { shape: [sx, sy, sz], patientFromVoxel: multiplyAffine(patientFromVoxel, shift), voxels };
}

function forEachVoxel(
  { shape: [nx, ny] }: Grid,
  { first, last }: IndexBox,
  visit: (index: number, i: number, j: number, k: number) => void,
): void {
  for (let k = first[2]; k <= last[2]; k++)
    for (let j = first[1]; j <= last[1]; j++)
      for (let i = first[0]; i <= last[0]; i++) visit(i + nx * (j + ny * k), i, j, k);
}
