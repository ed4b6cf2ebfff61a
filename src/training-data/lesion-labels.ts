import { PrioraError } from '../core/errors.js';
import { warpLinear } from '../imaging/elastix/warp.js';
import { invertAffine, multiplyAffine, type Affine, type Vector3 } from '../imaging/affine.js';
import { componentBox, connectedComponents, type Component } from '../imaging/components.js';
import { boxOn, wholeBox } from '../imaging/crop.js';
import { voxelFromIndex, voxelVolumeMm3, type Grid, type LabelMap } from '../imaging/volume.js';

/** A metastasis of the label map; the evaluation reads these from case.json. */
export interface LabelledLesion {
  /** Its value in the label map. */
  readonly id: number;
  /** As outlined, before resampling. */
  readonly volumeMm3: number;
  /** On the target grid. */
  readonly centroidVoxel: Vector3;
}

/** Label maps for training are bytes. */
const mostLesions = 255;

/**
 * Outlines as one label map on `target`: every 26-connected part of every mask is a metastasis with a number of its
 * own. Each is resampled separately and trilinearly, and takes as many voxels as its volume requires, beginning with
 * those it fills most: with a fixed limit of one half, a metastasis of a few voxels would lose half of them. Where two
 * meet, the one that fills a voxel more has it.
 *
 * @param targetFromSource patient space of the masks → of the target, rigid.
 * @throws PrioraError LABEL_UNUSABLE for more metastases than a byte can count, or one outside the target.
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
      const volumeMm3 = component.length * voxelVolumeMm3(mask);
      const count = Math.max(1, Math.round(volumeMm3 / voxelVolumeMm3(target)));
      const filled = shares(mask, component, target, targetFromSource).slice(0, count);
      if (filled.length === 0) throw new PrioraError('LABEL_UNUSABLE', 'a metastasis lies outside the head');
      const sum: [number, number, number] = [0, 0, 0];
      for (const { index, share } of filled) {
        voxelFromIndex(index, target.shape).forEach((at, axis) => (sum[axis] += at));
        if (share <= strongest[index]) continue;
        strongest[index] = share;
        voxels[index] = id;
      }
      lesions.push({
        id,
        volumeMm3: Math.round(volumeMm3 * 10) / 10,
        centroidVoxel: sum.map((value) => Math.round((value / filled.length) * 10) / 10) as unknown as Vector3,
      });
    }
  return { labels: { shape: target.shape, patientFromVoxel: target.patientFromVoxel, voxels }, lesions };
}

/**
 * The target voxels that hold some of a component (0 to 1, linear between voxel centres), beginning with those it fills
 * most.
 */
function shares(mask: LabelMap, component: Component, target: Grid, targetFromSource: Affine) {
  const alone = cutOut(mask, component);
  const box = boxOn(target, alone, wholeBox(alone), targetFromSource, 0);
  if (!box) return [];
  const movingFromFixed = invertAffine(targetFromSource);
  const { voxels } = warpLinear(alone, target, box, [{ kind: 'affine', movingFromFixed }]);
  const held: { index: number; share: number }[] = [];
  const { first, last } = box;
  for (let k = first[2]; k <= last[2]; k++)
    for (let j = first[1]; j <= last[1]; j++)
      for (let i = first[0]; i <= last[0]; i++) {
        const index = i + target.shape[0] * (j + target.shape[1] * k);
        if (voxels[index] > 0) held.push({ index, share: voxels[index] });
      }
  return held.sort((a, b) => b.share - a.share || a.index - b.index);
}

/** A component by itself, with one voxel of 0 on every side, even where the series ends. */
function cutOut({ shape, patientFromVoxel }: Grid, component: Component): LabelMap {
  const { first, last } = componentBox(component, shape);
  const origin = first.map((at) => at - 1);
  const [sx, sy, sz] = last.map((at, axis) => at - origin[axis] + 2);
  const voxels = new Uint8Array(sx * sy * sz);
  for (const index of component) {
    const [i, j, k] = voxelFromIndex(index, shape);
    voxels[i - origin[0] + sx * (j - origin[1] + sy * (k - origin[2]))] = 1;
  }
  const shift = [1, 0, 0, origin[0], 0, 1, 0, origin[1], 0, 0, 1, origin[2], 0, 0, 0, 1];
  return { shape: [sx, sy, sz], patientFromVoxel: multiplyAffine(patientFromVoxel, shift), voxels };
}
