import type { Vector3 } from '../imaging/affine.js';
import type { Grid } from '../imaging/volume.js';
import { multiplyAffine, type Affine } from '../imaging/affine.js';
import { Random } from './random.js';
import { rigidAffine } from './rigid.js';

/** How one scan is made. All of it is drawn by {@link randomScanner} or given; the seed drives the noise. */
export interface ScannerSettings {
  readonly seed: number;
  readonly orientation: 'axial' | 'sagittal';
  /** Columns, rows, slices. */
  readonly shape: Vector3;
  /** Column, row and slice spacing in mm. */
  readonly spacingMm: Vector3;
  /** Oblique planning of the volume, degrees about x, y, z. */
  readonly tiltDeg: Vector3;
  /** Where the patient lies: head space → this scan's patient coordinates. */
  readonly positionDeg: Vector3;
  readonly positionMm: Vector3;
  /** Share of a voxel's signal that the point-spread function gives to each neighbour along each axis; negative where the image is sharpened. */
  readonly pointSpread: number;
  /** White matter's value. */
  readonly gain: number;
  /** Standard deviation of the noise in each channel, as a share of white matter. */
  readonly noise: number;
  /** Share of a voxel's noise that its neighbours in the slice have too. */
  readonly noiseCorrelation: number;
  /** Size of the smooth intensity bias; 0.1 is about ±10 %. */
  readonly bias: number;
  /** Strength of the ghost that motion and pulsation leave along the phase encoding. */
  readonly ghost: number;
  /** Contrast timing: multiplies the enhancement of arteries, veins and of other tissue and lesions. */
  readonly arterial: number;
  readonly venous: number;
  readonly tissue: number;
}

/** The middle of the field of view in patient coordinates: the middle of a head in MNI space. */
const isocentreMm: Vector3 = [0, 16, 10];

/** The volume's grid in patient coordinates (LPS mm). */
export function scannerGrid({ orientation, shape, spacingMm, tiltDeg }: ScannerSettings): Grid {
  const [a, b, c] = spacingMm;
  // Axial: columns to the left, rows to posterior, slices up. Sagittal: columns to posterior, rows down, slices to the right.
  const axes: Affine =
    orientation === 'axial'
      ? [a, 0, 0, 0, 0, b, 0, 0, 0, 0, c, 0, 0, 0, 0, 1]
      : [0, 0, -c, 0, a, 0, 0, 0, 0, -b, 0, 0, 0, 0, 0, 1];
  const half = shape.map((count) => (count - 1) / 2);
  const offset = [0, 1, 2].map(
    (row) => isocentreMm[row] - (axes[4 * row] * half[0] + axes[4 * row + 1] * half[1] + axes[4 * row + 2] * half[2]),
  );
  const centred = axes.map((value, index) => (index % 4 === 3 && index < 12 ? offset[(index - 3) / 4] : value));
  return { shape, patientFromVoxel: multiplyAffine(rigidAffine(tiltDeg, [0, 0, 0], isocentreMm), centred) };
}

/** Head space → the scan's patient coordinates; rigid. */
export function patientFromHead({ positionDeg, positionMm }: ScannerSettings): Affine {
  return rigidAffine(positionDeg, positionMm, isocentreMm);
}

/** The demonstration's scanner: axial, 1 mm, 240 × 240 × 170, the patient lying a little differently every time. */
export function demoScanner(seed: number): ScannerSettings {
  const random = new Random(`phantom demo scanner ${seed}`);
  const about = (deviation: number): Vector3 => [
    random.uniform(-deviation, deviation),
    random.uniform(-deviation, deviation),
    random.uniform(-deviation, deviation),
  ];
  return {
    seed,
    orientation: 'axial',
    shape: [240, 240, 170],
    spacingMm: [1, 1, 1],
    tiltDeg: [0, 0, 0],
    positionDeg: about(5),
    positionMm: about(6),
    gain: random.uniform(480, 620),
    noise: random.uniform(0.018, 0.026),
    bias: 0.08,
    ghost: 0.004,
    arterial: random.uniform(0.9, 1.1),
    venous: random.uniform(0.9, 1.1),
    tissue: random.uniform(0.97, 1.05),
    pointSpread: 0.06,
    noiseCorrelation: 0,
  };
}

/** A scanner as a hospital's archive would show it: field strengths, protocols and operators differ from scan to scan. */
export function randomScanner(seed: number): ScannerSettings {
  const random = new Random(`phantom scanner ${seed}`);
  const orientation = random.chance(0.6) ? 'axial' : 'sagittal';
  const inPlane = random.chance(0.25) ? random.uniform(0.65, 0.8) : random.uniform(0.8, 1.05);
  const thickness = random.chance(0.25) ? random.uniform(1.2, 2) : random.uniform(0.85, 1.15);
  const count = (extentMm: number, spacing: number) => 2 * Math.round(extentMm / spacing / 2);
  const shape: Vector3 =
    orientation === 'axial'
      ? [count(236, inPlane), count(244, inPlane), count(random.uniform(164, 186), thickness)]
      : [count(244, inPlane), count(236, inPlane), count(random.uniform(164, 186), thickness)];
  const tilt = random.uniform(-12, 12);
  return {
    seed,
    orientation,
    shape,
    spacingMm: [inPlane, inPlane, thickness],
    tiltDeg:
      orientation === 'axial' ? [tilt, random.uniform(-2, 2), random.uniform(-2, 2)] : [random.uniform(-2, 2), 0, 0],
    positionDeg: [random.normal(0, 4), random.normal(0, 3), random.normal(0, 3)],
    positionMm: [random.normal(0, 4), random.normal(0, 5), random.normal(0, 5)],
    gain: random.uniform(250, 900),
    noise: random.uniform(0.012, 0.055),
    bias: random.uniform(0.02, 0.16),
    ghost: random.chance(0.4) ? random.uniform(0.004, 0.02) : 0.002,
    arterial: random.uniform(0.75, 1.2),
    venous: random.uniform(0.8, 1.15),
    tissue: random.uniform(0.88, 1.12),
    // Filters of the reconstruction blur some images and sharpen others.
    pointSpread: random.uniform(-0.07, 0.08),
    noiseCorrelation: random.chance(0.5) ? random.uniform(0, 0.2) : 0,
  };
}

/** A protocol that no training phantom has: thick slices, more noise and shading, late contrast. For testing only. */
export function heldOutScanner(seed: number): ScannerSettings {
  const random = new Random(`phantom held-out scanner ${seed}`);
  return {
    ...randomScanner(seed),
    orientation: 'axial',
    shape: [256, 256, 66],
    spacingMm: [0.94, 0.94, 2.6],
    tiltDeg: [random.uniform(-20, -12), 0, 0],
    noise: random.uniform(0.055, 0.07),
    bias: random.uniform(0.18, 0.25),
    arterial: random.uniform(0.6, 0.7),
    venous: random.uniform(1.15, 1.25),
  };
}

/** The scanners that `priora phantom` can use. */
export const scanners = { various: randomScanner, 'held-out': heldOutScanner } as const;
export type ScannerName = keyof typeof scanners;
