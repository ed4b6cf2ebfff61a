import type { EnhancingPart } from './enhancing-part.js';
import type { PaintedHead } from './head.js';
import type { LabelHead } from './label-map.js';
import { LatticeNoise } from './lattice-noise.js';
import type { Random } from './random.js';
import { spreadAlong } from './slice-profile.js';
import type { Phase } from './tube.js';

/** A range to draw from. */
type Range = readonly [low: number, high: number];

interface TissueClass {
  readonly labels: readonly number[];
  /** Signal in post-contrast T1 MPRAGE, cerebral white matter = 1. */
  readonly signal: Range;
  /** Standard deviation of the texture, as a share of the signal. */
  readonly texture: number;
}

/** What the labels' tissues look like before vessels and sheets are laid over them. */
const classes = {
  white: { labels: [2, 41], signal: [1, 1], texture: 0.018 },
  cortex: { labels: [3, 42], signal: [0.67, 0.88], texture: 0.035 },
  cerebellarWhite: { labels: [7, 46], signal: [0.92, 1.02], texture: 0.02 },
  cerebellarCortex: { labels: [8, 47], signal: [0.66, 0.86], texture: 0.06 },
  thalamus: { labels: [10, 49], signal: [0.82, 0.94], texture: 0.025 },
  striatum: { labels: [11, 50, 12, 51, 26, 58], signal: [0.74, 0.89], texture: 0.025 },
  pallidum: { labels: [13, 52], signal: [0.84, 1.02], texture: 0.02 },
  brainStem: { labels: [16, 28, 60], signal: [0.86, 1], texture: 0.025 },
  limbic: { labels: [17, 18, 53, 54], signal: [0.7, 0.86], texture: 0.03 },
  ventricle: { labels: [4, 5, 14, 15, 43, 44, 72], signal: [0.14, 0.32], texture: 0.04 },
  fluid: { labels: [24], signal: [0.15, 0.36], texture: 0.12 },
  damaged: { labels: [25, 57], signal: [0.62, 0.92], texture: 0.04 },
  perforators: { labels: [30, 62], signal: [0.3, 0.7], texture: 0.1 },
  plexus: { labels: [136, 137, 163, 164], signal: [0.45, 0.8], texture: 0.15 },
  nerve: { labels: [85, 530], signal: [0.75, 0.95], texture: 0.04 },
  cord: { labels: [512], signal: [0.85, 1], texture: 0.03 },
  vessel: { labels: [502, 514], signal: [0.25, 0.6], texture: 0.1 },
  eye: { labels: [506], signal: [0.14, 0.34], texture: 0.05 },
  muscle: { labels: [508], signal: [0.7, 0.9], texture: 0.08 },
  softTissue: { labels: [507], signal: [0.6, 0.85], texture: 0.08 },
  mucosa: { labels: [509], signal: [0.5, 0.9], texture: 0.2 },
  skin: { labels: [511], signal: [0.55, 1], texture: 0.12 },
  bone: { labels: [515], signal: [0.04, 0.2], texture: 0.4 },
  marrow: { labels: [516], signal: [0.5, 1.5], texture: 0.2 },
} as const satisfies Record<string, TissueClass>;

/** One patient in five has contrasts far from the usual: other sequences, field strengths and times after injection. */
const unusual = 0.2;

/** Fat under the skin and between the muscles. */
const fatSignal: Range = [0.8, 1.6];

interface EnhancingLabel {
  readonly name: string;
  readonly labels: readonly number[];
  readonly phase: Phase;
  readonly signal: Range;
  /** Standard deviation of the signal within the structure. */
  readonly unevenness: number;
}

/** What takes up contrast as a whole. */
const enhancingLabels: readonly EnhancingLabel[] = [
  { name: 'sinuses', labels: [514], phase: 'venous', signal: [1.15, 1.85], unevenness: 0.09 },
  { name: 'arteries', labels: [502], phase: 'arterial', signal: [1.1, 2.1], unevenness: 0.12 },
  { name: 'mucosa', labels: [509], phase: 'tissue', signal: [1.1, 2], unevenness: 0.2 },
  { name: 'eye muscles', labels: [508], phase: 'tissue', signal: [1, 1.6], unevenness: 0.1 },
  { name: 'plexus', labels: [137, 164], phase: 'tissue', signal: [0.9, 1.5], unevenness: 0.2 },
];

/** Where on a head's grid something enhances and how much of each voxel it fills: the same for every patient. */
export interface PartCover {
  readonly phase: Phase;
  readonly signal: Range;
  readonly unevenness: number;
  readonly indices: Uint32Array;
  readonly cover: Float32Array;
}

/** The voxels that hold anything of `dense`, and how much. */
export function sparse(dense: Float32Array): { indices: Uint32Array; cover: Float32Array } {
  let count = 0;
  for (let index = 0; index < dense.length; index++) if (dense[index] > 0.02) count++;
  const indices = new Uint32Array(count);
  const cover = new Float32Array(count);
  for (let index = 0, n = 0; index < dense.length; index++)
    if (dense[index] > 0.02) {
      indices[n] = index;
      cover[n++] = dense[index];
    }
  return { indices, cover };
}

/** The labelled structures that enhance, their borders smooth. */
export function partCovers({ labels, shape }: LabelHead): PartCover[] {
  return enhancingLabels.map(({ labels: own, phase, signal, unevenness }) => {
    const dense = new Float32Array(labels.length);
    for (let index = 0; index < dense.length; index++)
      if (labels[index] > 0 && own.includes(labels[index])) dense[index] = 1;
    for (const axis of [0, 1, 2] as const) spreadAlong(dense, shape, axis, 0.2);
    return { phase, signal, unevenness, ...sparse(dense) };
  });
}

/** Signal by label for one patient; 0 for labels without a class. */
function drawSignals(random: Random): { signal: Float32Array; texture: Float32Array } {
  const signal = new Float32Array(600);
  const texture = new Float32Array(600);
  const spread = random.chance(unusual) ? random.uniform(0.5, 1.5) : 0;
  for (const { labels, signal: range, texture: share } of Object.values(classes)) {
    const [low, high] = range;
    const margin = low === high ? 0 : spread * (0.1 + 0.5 * (high - low));
    const value = Math.max(0.02, random.uniform(low - margin, high + margin));
    const strength = share * random.uniform(0.6, 1.5);
    for (const label of labels) {
      signal[label] = value;
      texture[label] = strength;
    }
  }
  return { signal, texture };
}

/**
 * Draws a patient's tissues and enhancing parts on the label map's grid.
 *
 * @param distances from the skin and from the brain, in thirds of a voxel.
 */
export function labelTissue(
  { labels, shape }: LabelHead,
  { skin, brain }: { readonly skin: Uint8Array; readonly brain: Uint8Array },
  covers: readonly PartCover[],
  random: Random,
): PaintedHead {
  const { signal, texture } = drawSignals(random.fork('signals'));
  const stream = random.fork('tissue');
  const fat = stream.uniform(...fatSignal);
  const fatReach = stream.uniform(9, 24);
  const [nx, ny, nz] = shape;
  // A voxel of fluid beside the brain holds some of it: hardly any in an atrophic head, most in tight sulci.
  const tightness = stream.uniform(0, 0.6);
  const cortex = signal[3];
  const grain = new LatticeNoise(shape, 1, random.fork('grain'));
  const fine = new LatticeNoise(shape, 2, random.fork('fine texture'));
  const coarse = new LatticeNoise(shape, 6, random.fork('coarse texture'));
  const tissue = new Float32Array(labels.length);
  for (let k = 0, index = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const grainRow = grain.row(j, k);
      const fineRow = fine.row(j, k);
      const coarseRow = coarse.row(j, k);
      for (let i = 0; i < nx; i++, index++) {
        const label = labels[index];
        if (label === 0) continue;
        const noise = grainRow[i] + 0.8 * fineRow[i] + coarseRow[i];
        // Subcutaneous fat lies under the skin; deeper fat fills what lies between muscles.
        const isFat = label === 507 && skin[index] - 6 * coarseRow[i] < fatReach;
        let value = isFat ? fat : signal[label];
        if (label === 24 && brain[index] <= 5) value += (tightness / (brain[index] - 2)) * (cortex - value);
        tissue[index] = value * (1 + texture[label] * noise);
      }
    }
  // Scans are sampled twice on the way to the networks, which softens them: most heads are sharpened beforehand.
  const softness = stream.uniform(-0.12, 0.04);
  for (const axis of [0, 1, 2] as const) spreadAlong(tissue, shape, axis, softness);
  return { tissue, parts: covers.map((cover, number) => draw(cover, shape, random.fork(`part ${number}`))) };
}

/** A part as one patient has it: its signal, uneven within. */
function draw(
  { phase, signal: range, unevenness, indices, cover }: PartCover,
  [nx, ny, nz]: LabelHead['shape'],
  random: Random,
): EnhancingPart {
  const level = random.uniform(...range);
  const noise = new LatticeNoise([nx, ny, nz], 5, random);
  const signal = new Float32Array(indices.length);
  let row = -1;
  let values = noise.row(0, 0);
  for (let n = 0; n < indices.length; n++) {
    const index = indices[n];
    const line = Math.floor(index / nx);
    if (line !== row) values = noise.row(line % ny, Math.floor(line / ny));
    row = line;
    signal[n] = level + (level - 0.5) * unevenness * values[index - line * nx];
  }
  return { phase, indices, cover, signal };
}
