import type { Vector3 } from '../imaging/affine.js';
import { voxelIndexAt, type SourceHead } from './head.js';
import type { Random } from './random.js';
import { falxPoints, tentoriumPoints } from './dura.js';

/** Relative signal of the tissues, white matter = 1. */
export interface TissueSignal {
  readonly csf: number;
  readonly grey: number;
  readonly fat: number;
  /** Exponent bending the curve between the knots. */
  readonly gamma: number;
}

/** Contrasts as post-contrast MPRAGEs of several scanners show them. */
function randomTissueSignal(random: Random): TissueSignal {
  return {
    csf: random.uniform(0.16, 0.34),
    grey: random.uniform(0.71, 0.85),
    fat: random.uniform(1.25, 1.9),
    gamma: random.uniform(0.9, 1.12),
  };
}

/** Maps the source head's intensities to signal by straight lines between the tissues' levels. */
function signalCurve({ levels }: SourceHead, tissue: TissueSignal, maximum: number): (value: number) => number {
  const bend = (signal: number) => Math.sign(signal) * Math.abs(signal) ** tissue.gamma;
  const knots = [
    [0, 0],
    [0.55 * levels.csf, tissue.csf],
    [levels.csf, tissue.csf + 0.3 * (tissue.grey - tissue.csf)],
    [levels.grey, tissue.grey],
    [levels.white, 1],
    [1.25 * levels.white, 1.12],
    [maximum, tissue.fat],
  ].map(([level, signal]) => [level, bend(signal)]);
  return (value) => {
    let index = 1;
    while (index < knots.length - 1 && value > knots[index][0]) index++;
    const [x0, y0] = knots[index - 1];
    const [x1, y1] = knots[index];
    return y0 + ((value - x0) / (x1 - x0)) * (y1 - y0);
  };
}

/** Mean of the 6 neighbours, for sharpening: the source is an average of many scans and softer than one. */
function neighbourMean(v: Float32Array, index: number, row: number, slice: number): number {
  return (v[index - 1] + v[index + 1] + v[index - row] + v[index + row] + v[index - slice] + v[index + slice]) / 6;
}

/**
 * The patient's unenhanced-by-vessels head in the source's grid, white matter = 1: sharpened, mapped to the patient's
 * contrasts, with faint tissue texture, enhancing mucosa, falx and tentorium.
 */
export function tissueImage(head: SourceHead, random: Random): Float32Array {
  const source = head.image.voxels;
  const [nx, ny, nz] = head.image.shape;
  const slice = nx * ny;
  const curve = signalCurve(
    head,
    randomTissueSignal(random.fork('signal')),
    source.reduce((most, value) => Math.max(most, value), 0),
  );
  const table = Float32Array.from({ length: 4096 }, (_, step) => curve(step / 8));
  const sharpness = random.uniform(0.8, 2);
  const out = new Float32Array(source.length);
  for (let k = 1; k < nz - 1; k++)
    for (let j = 1; j < ny - 1; j++)
      for (let i = 1; i < nx - 1; i++) {
        const index = i + nx * j + slice * k;
        const value = source[index];
        if (value <= 0) continue;
        const sharp = value + sharpness * (value - neighbourMean(source, index, nx, slice));
        out[index] = table[Math.min(4095, Math.max(0, Math.round(sharp * 8)))];
      }
  // The outermost layers are copies of their neighbours, so that the neck goes on below the cut.
  out.copyWithin(0, slice, 2 * slice);
  out.copyWithin((nz - 1) * slice, (nz - 2) * slice, (nz - 1) * slice);

  addTexture(out, head.image.shape, random.fork('texture'));
  enhanceMucosa(out, head, random.fork('mucosa'));
  enhanceDura(out, head, random.fork('dura'));
  return out;
}

/** Tissue is not quite even: faint mottling, correlated over two voxels, that an average of many scans has lost. */
function addTexture(out: Float32Array, [nx, ny, nz]: Vector3, random: Random): void {
  const strength = random.uniform(0.01, 0.03);
  const size = [nx, ny, nz].map((count) => (count >> 1) + 1);
  const coarse = Float32Array.from(
    { length: size[0] * size[1] * size[2] },
    () => random.uniform(-1, 1) * 1.7 * strength,
  );
  let index = 0;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = ((k >> 1) * size[1] + (j >> 1)) * size[0];
      for (let i = 0; i < nx; i++, index++) out[index] *= 1 + coarse[row + (i >> 1)];
    }
}

/**
 * Nasal and sphenoid mucosa and the tissue around them enhance: outside the brain mask but inside the image. The effect
 * fades out from the nose's middle.
 */
function enhanceMucosa(out: Float32Array, head: SourceHead, random: Random): void {
  const gain = random.uniform(0.2, 0.7);
  const { levels } = head;
  for (let z = -70; z <= -18; z++)
    for (let y = -85; y <= 10; y++)
      for (let x = -40; x <= 40; x++) {
        const index = voxelIndexAt(head, [x, y, z]);
        if (index < 0 || head.brain[index]) continue;
        const value = head.image.voxels[index];
        if (value < 0.8 * levels.csf || value > 1.1 * levels.white) continue;
        const distance = (x / 22) ** 2 + ((y + 38) / 28) ** 2 + ((z + 44) / 20) ** 2;
        out[index] *= 1 + gain * Math.exp(-distance);
      }
}

/** Thin bright sheets along the fissures: falx and tentorium. */
function enhanceDura(out: Float32Array, head: SourceHead, random: Random): void {
  const strength = random.uniform(0.3, 0.95);
  const raise = (index: number, signal: number) => {
    if (index >= 0 && out[index] < signal) out[index] = signal;
  };
  for (const point of falxPoints(head)) raise(voxelIndexAt(head, point), strength * random.uniform(0.75, 1.2));
  for (const point of tentoriumPoints(head)) raise(voxelIndexAt(head, point), strength * random.uniform(0.8, 1.25));
}
