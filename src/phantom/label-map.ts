import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { multiplyAffine, type Affine, type Vector3 } from '../imaging/affine.js';
import { readNifti } from '../imaging/nifti.js';
import { anatomyDigests } from './anatomies.js';
import { rigidFit } from './rigid-fit.js';

/** A head's label map, cut to the head, its axes to the left, to posterior and up. */
export interface LabelHead {
  readonly shape: Vector3;
  readonly labels: Uint16Array;
  /**
   * Source space (LPS mm, structures where Colin27 in MNI space has them, the cerebrum as large as Colin27's) ← voxels.
   */
  readonly sourceFromVoxel: Affine;
  /** How much larger than the person the head stands in source space, along x, y and z. */
  readonly scale: Vector3;
}

/**
 * Where Colin27 has its structures in MNI space (RAS mm), by FreeSurfer's labels on the right and on the left: centroids
 * of AAL's regions (`assets/colin27/sites.nii.gz`).
 */
const landmarks: readonly { readonly labels: readonly number[]; readonly atMni: Vector3 }[] = [
  { labels: [49], atMni: [12, -17.6, 8.1] },
  { labels: [10], atMni: [-11.8, -17.6, 8] },
  { labels: [50], atMni: [13.8, 12.1, 9.4] },
  { labels: [11], atMni: [-12.5, 11, 9.2] },
  { labels: [51], atMni: [26.8, 4.9, 2.5] },
  { labels: [12], atMni: [-24.9, 3.9, 2.4] },
  { labels: [52], atMni: [20.2, 0.2, 0.2] },
  { labels: [13], atMni: [-18.7, 0, 0.2] },
  { labels: [53], atMni: [28.2, -19.8, -10.3] },
  { labels: [17], atMni: [-26, -20.7, -10.1] },
  { labels: [54], atMni: [26.3, 0.6, -17.5] },
  { labels: [18], atMni: [-24.3, -0.7, -17.1] },
  { labels: [46, 47], atMni: [26.9, -59.2, -35.7] },
  { labels: [7, 8], atMni: [-25.5, -59.3, -34.1] },
  { labels: [41, 42], atMni: [30.7, -14.7, 18.5] },
  { labels: [2, 3], atMni: [-29.2, -14.7, 18.5] },
];

/** The cerebrum of Colin27 reaches from here to there (LPS mm), a hundredth of it left out on each side. */
const cerebrumMm = { low: [-66, -64, -39], high: [63, 95, 77] } as const;
const cerebrumLabels = new Set([2, 3, 41, 42]);

/** Below the cerebellum so much neck is kept, in voxels of 1 mm: more than any scan shows. */
const neck = 45;
const cerebellumLabels = new Set([7, 8, 46, 47]);

/** Turns a label map of axes left, inferior, anterior into one of axes left, posterior, superior, cut to what is labelled. */
function upright(map: Awaited<ReturnType<typeof readNifti>>): Omit<LabelHead, 'scale'> {
  const [nx, ny, nz] = map.shape;
  const low = [nx, ny, nz];
  const high = [0, 0, 0];
  let lowestCerebellum = 0;
  for (let k = 0, index = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, index++) {
        const label = map.voxels[index];
        if (label === 0) continue;
        if (i < low[0]) low[0] = i;
        if (i > high[0]) high[0] = i;
        if (j < low[1]) low[1] = j;
        if (j > high[1]) high[1] = j;
        if (k < low[2]) low[2] = k;
        if (k > high[2]) high[2] = k;
        if (j > lowestCerebellum && cerebellumLabels.has(label)) lowestCerebellum = j;
      }
  high[1] = Math.min(high[1], lowestCerebellum + neck);
  // Two empty voxels around: distances and gradients need neighbours, and a head that ends has nothing below.
  const margin = 2;
  const [sx, si, sa] = [0, 1, 2].map((axis) => high[axis] - low[axis] + 1 + 2 * margin);
  const labels = new Uint16Array(sx * sa * si);
  for (let k = low[2]; k <= high[2]; k++)
    for (let j = low[1]; j <= high[1]; j++) {
      const row = sx * (high[2] - k + margin + sa * (high[1] - j + margin)) + margin;
      for (let i = low[0]; i <= high[0]; i++) labels[row + i - low[0]] = map.voxels[i + nx * (j + ny * k)];
    }
  const originalFromUpright: Affine = [
    1, 0, 0, low[0] - margin,
    0, 0, -1, high[1] + margin,
    0, -1, 0, high[2] + margin,
    0, 0, 0, 1,
  ]; // prettier-ignore
  return { shape: [sx, sa, si], labels, sourceFromVoxel: multiplyAffine(map.patientFromVoxel, originalFromUpright) };
}

/** Calls `visit` with the position (LPS mm, by `patientFromVoxel`) of every voxel whose label is wanted. */
function visitLabels(
  { shape: [nx, ny, nz], labels }: Pick<LabelHead, 'shape' | 'labels'>,
  m: Affine,
  visit: (label: number, point: Vector3) => void,
): void {
  for (let k = 0, index = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, index++)
        if (labels[index] > 0 && labels[index] < 100)
          visit(labels[index], [
            m[0] * i + m[1] * j + m[2] * k + m[3],
            m[4] * i + m[5] * j + m[6] * k + m[7],
            m[8] * i + m[9] * j + m[10] * k + m[11],
          ]);
}

/** Rigidly where Colin27's structures lie, then as large as its cerebrum. */
function standing(head: Omit<LabelHead, 'scale'>): LabelHead {
  const sums = new Map<number, number[]>();
  visitLabels(head, head.sourceFromVoxel, (label, [x, y, z]) => {
    let sum = sums.get(label);
    if (!sum) sums.set(label, (sum = [0, 0, 0, 0]));
    sum[0] += x;
    sum[1] += y;
    sum[2] += z;
    sum[3]++;
  });
  const pairs = landmarks.map(({ labels, atMni: [x, y, z] }) => {
    const total = [0, 1, 2, 3].map((n) => labels.reduce((sum, label) => sum + (sums.get(label)?.[n] ?? 0), 0));
    if (total[3] === 0) throw new Error(`the label map has no label ${labels.join(' or ')}`);
    return {
      from: [total[0] / total[3], total[1] / total[3], total[2] / total[3]] as Vector3,
      to: [-x, -y, z] as Vector3,
    };
  });
  const rigid = multiplyAffine(rigidFit(pairs), head.sourceFromVoxel);
  const along: number[][] = [[], [], []];
  visitLabels(head, rigid, (label, point) => {
    if (cerebrumLabels.has(label)) along.forEach((list, axis) => list.push(point[axis]));
  });
  const scaled = along.map((list, axis) => {
    const sorted = Float32Array.from(list).sort();
    const [a, b] = [0.01, 0.99].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
    const scale = (cerebrumMm.high[axis] - cerebrumMm.low[axis]) / (b - a);
    return { scale, shift: cerebrumMm.low[axis] - scale * a };
  });
  const [x, y, z] = scaled;
  const sourceFromRigid: Affine = [
    x.scale, 0, 0, x.shift,
    0, y.scale, 0, y.shift,
    0, 0, z.scale, z.shift,
    0, 0, 0, 1,
  ]; // prettier-ignore
  return {
    ...head,
    sourceFromVoxel: multiplyAffine(sourceFromRigid, rigid),
    scale: [x.scale, y.scale, z.scale],
  };
}

/**
 * Reads `seg_<name>.nii.gz` of a folder and stands it where Colin27 stands.
 *
 * @throws Error when the file is missing or is not the label map it is named after.
 */
export async function readLabelMap(folder: string, name: string): Promise<LabelHead> {
  const path = join(folder, `seg_${name}.nii.gz`);
  const sha256 = createHash('sha256').update(await readFile(path)).digest('hex'); // prettier-ignore
  if (sha256 !== anatomyDigests[name])
    throw new Error(`${path} is not SynthSeg's training_seg_${name}.nii.gz: its SHA-256 is ${sha256}`);
  return standing(upright(await readNifti(path)));
}
