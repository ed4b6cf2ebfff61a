import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../../imaging/affine.js';
import { voxelCount, type Grid, type LabelMap, type Volume } from '../../imaging/volume.js';
import { boundingBox, connectedComponents, type Component } from './components.js';

/** Bits of a voxel on the source grid. */
const FOUND = 1;
export const FOUND_BY_SPECIFICITY = 2;

/** What one detection on the template grid left on the source grid. */
export interface Anchor {
  /** Index of a source voxel that belongs to the detection. */
  readonly voxel: number;
  /** Patient position (source space, mm) of the ensemble's largest probability. */
  readonly peakPatientMm: Vector3;
  readonly sensitivity: number;
  readonly specificity: number;
  readonly confirmed: boolean;
}

export interface Detection {
  /** {@link FOUND} bits on the source grid. */
  readonly found: Uint8Array;
  /** One for each detection on the template grid that lies inside the source's field of view. */
  readonly anchors: readonly Anchor[];
  /** Trilinear probabilities [sensitivity, specificity] at a voxel of the source grid. */
  readonly sampleAt: (i: number, j: number, k: number) => readonly [number, number];
}

interface DetectInput {
  readonly sensitivity: Volume;
  readonly specificity: Volume;
  readonly thresholds: { readonly sensitivity: number; readonly specificity: number };
  /** Smaller detections are left out. */
  readonly minimumVoxels: number;
  readonly source: Grid;
  readonly sourceFromTemplate: Affine;
  readonly region?: LabelMap;
}

/**
 * Takes the ensemble's detections from the template grid to the source grid. Only the boxes around detections are
 * sampled, so that the cost follows the lesions and not the 100 million voxels a source may have.
 *
 * @throws RangeError when the maps (or the region) do not share one grid.
 */
export function detectLesions(input: DetectInput): Detection {
  const { sensitivity, specificity, thresholds, minimumVoxels, source } = input;
  requireOneGrid(input);
  const region = input.region?.voxels;
  const union = new Uint8Array(sensitivity.voxels.length);
  for (let index = 0; index < union.length; index++)
    if (
      (region === undefined || region[index] !== 0) &&
      (sensitivity.voxels[index] >= thresholds.sensitivity || specificity.voxels[index] >= thresholds.specificity)
    )
      union[index] = 1;
  const components = connectedComponents(union, sensitivity.shape).filter(({ length }) => length >= minimumVoxels);
  const labels = new Uint32Array(union.length);
  components.forEach((component, index) => {
    for (const voxel of component) labels[voxel] = index + 1;
  });

  const templateFromSourceVoxel = multiplyAffine(
    invertAffine(sensitivity.patientFromVoxel),
    multiplyAffine(invertAffine(input.sourceFromTemplate), source.patientFromVoxel),
  );
  const sourceVoxelFromTemplate = invertAffine(templateFromSourceVoxel);
  const sample = sampler(input, labels, templateFromSourceVoxel);
  const [nx, ny, nz] = source.shape;
  const found = new Uint8Array(voxelCount(source));
  const bestVoxel = new Float64Array(components.length + 1).fill(-1);
  const bestValue = new Float32Array(components.length + 1);

  for (const component of components) {
    const box = boundingBox(component, sensitivity.shape);
    const [low, high] = sourceBox(box, sourceVoxelFromTemplate, source.shape);
    for (let k = low[2]; k <= high[2]; k++)
      for (let j = low[1]; j <= high[1]; j++)
        for (let i = low[0]; i <= high[0]; i++) {
          const index = i + nx * (j + ny * k);
          if (found[index] !== 0) continue;
          const { sens, spec, label } = sample(i, j, k);
          const bySpecificity = spec >= thresholds.specificity;
          if (label === 0 || !(bySpecificity || sens >= thresholds.sensitivity)) continue;
          found[index] = bySpecificity ? FOUND | FOUND_BY_SPECIFICITY : FOUND;
          const value = Math.max(sens, spec);
          if (value > bestValue[label]) {
            bestValue[label] = value;
            bestVoxel[label] = index;
          }
        }
  }

  const anchors: Anchor[] = [];
  for (const [index, component] of components.entries()) {
    const label = index + 1;
    const detection = summarise(component, input);
    const at = applyAffine(sourceVoxelFromTemplate, detection.peak).map(Math.round);
    const inside = at.every((value, axis) => value >= 0 && value < source.shape[axis]);
    const peakVoxel = inside ? at[0] + nx * (at[1] + ny * at[2]) : -1;
    // Coarse slices may pass a small lesion by; what was detected keeps at least its peak voxel. A peak that would
    // stand apart from its own lesion is left out: it would count as a second one.
    if (inside && found[peakVoxel] === 0 && (bestVoxel[label] < 0 || hasNeighbour(found, at, [nx, ny, nz])))
      found[peakVoxel] = FOUND;
    const voxel = inside && found[peakVoxel] !== 0 ? peakVoxel : bestVoxel[label];
    if (voxel < 0) continue;
    anchors.push({
      voxel,
      peakPatientMm: applyAffine(source.patientFromVoxel, applyAffine(sourceVoxelFromTemplate, detection.peak)),
      sensitivity: detection.sensitivity,
      specificity: detection.specificity,
      confirmed: detection.confirmed,
    });
  }
  return {
    found,
    anchors,
    sampleAt: (i, j, k) => {
      const { sens, spec } = sample(i, j, k);
      return [sens, spec];
    },
  };
}

function requireOneGrid({ sensitivity, specificity, region }: DetectInput): void {
  for (const other of region ? [specificity, region] : [specificity])
    if (
      other.shape.some((size, axis) => size !== sensitivity.shape[axis]) ||
      other.patientFromVoxel.some((value, index) => Math.abs(value - sensitivity.patientFromVoxel[index]) > 1e-6)
    )
      throw new RangeError('probability maps and region must share one grid');
}

/** Peak (template voxel), probabilities and confirmation of one detection. */
function summarise(component: Component, { sensitivity, specificity, thresholds }: DetectInput) {
  const [nx, ny] = sensitivity.shape;
  let peakIndex = component[0];
  let value = -1, largestSensitivity = 0, largestSpecificity = 0; // prettier-ignore
  for (const index of component) {
    const sens = sensitivity.voxels[index];
    const spec = specificity.voxels[index];
    largestSensitivity = Math.max(largestSensitivity, sens);
    largestSpecificity = Math.max(largestSpecificity, spec);
    if (Math.max(sens, spec) <= value) continue;
    value = Math.max(sens, spec);
    peakIndex = index;
  }
  const peak: Vector3 = [peakIndex % nx, Math.floor(peakIndex / nx) % ny, Math.floor(peakIndex / (nx * ny))];
  const confirmed = largestSpecificity >= thresholds.specificity;
  return { peak, sensitivity: largestSensitivity, specificity: largestSpecificity, confirmed };
}

/** Trilinear sampling of both maps, with the label of the detection around (0: none, or outside the region). */
function sampler({ sensitivity, specificity, region }: DetectInput, labels: Uint32Array, m: Affine) {
  const [nx, ny, nz] = sensitivity.shape;
  const strides = [1, nx, nx * ny];
  return (i: number, j: number, k: number): { sens: number; spec: number; label: number } => {
    const x = m[0] * i + m[1] * j + m[2] * k + m[3];
    const y = m[4] * i + m[5] * j + m[6] * k + m[7];
    const z = m[8] * i + m[9] * j + m[10] * k + m[11];
    const nothing = { sens: 0, spec: 0, label: 0 };
    if (!(x >= -0.5 && y >= -0.5 && z >= -0.5 && x <= nx - 0.5 && y <= ny - 0.5 && z <= nz - 0.5)) return nothing;
    const nearest = clamp(Math.round(x), nx) + nx * (clamp(Math.round(y), ny) + ny * clamp(Math.round(z), nz));
    if (region && region.voxels[nearest] === 0) return nothing;
    const x0 = clamp(Math.floor(x), nx - 1), y0 = clamp(Math.floor(y), ny - 1), z0 = clamp(Math.floor(z), nz - 1); // prettier-ignore
    const f = [Math.min(Math.max(x - x0, 0), 1), Math.min(Math.max(y - y0, 0), 1), Math.min(Math.max(z - z0, 0), 1)];
    const step = strides.map((stride, axis) => (sensitivity.shape[axis] > 1 ? stride : 0));
    const base = x0 + nx * (y0 + ny * z0);
    let sens = 0, spec = 0, label = 0, strongest = -1; // prettier-ignore
    for (let corner = 0; corner < 8; corner++) {
      const a = corner & 1, b = (corner >> 1) & 1, c = corner >> 2; // prettier-ignore
      const weight = (a ? f[0] : 1 - f[0]) * (b ? f[1] : 1 - f[1]) * (c ? f[2] : 1 - f[2]);
      if (weight === 0) continue;
      const index = base + a * step[0] + b * step[1] + c * step[2];
      const p = sensitivity.voxels[index];
      const q = specificity.voxels[index];
      sens += weight * p;
      spec += weight * q;
      if (labels[index] !== 0 && weight * Math.max(p, q) > strongest) {
        strongest = weight * Math.max(p, q);
        label = labels[index];
      }
    }
    return { sens, spec, label };
  };
}

const clamp = (value: number, size: number): number => Math.min(Math.max(value, 0), Math.max(size - 1, 0));

/** The source voxels that a template box (with the reach of the interpolation) can cover. */
function sourceBox([low, high]: readonly [Vector3, Vector3], toSource: Affine, shape: Vector3): [number[], number[]] {
  const from = [Infinity, Infinity, Infinity];
  const to = [-Infinity, -Infinity, -Infinity];
  for (let corner = 0; corner < 8; corner++) {
    const at = applyAffine(toSource, [
      corner & 1 ? high[0] + 1 : low[0] - 1,
      corner & 2 ? high[1] + 1 : low[1] - 1,
      corner & 4 ? high[2] + 1 : low[2] - 1,
    ]);
    at.forEach((value, axis) => {
      from[axis] = Math.min(from[axis], value);
      to[axis] = Math.max(to[axis], value);
    });
  }
  return [
    from.map((value) => Math.max(Math.ceil(value - 1e-6), 0)),
    to.map((value, axis) => Math.min(Math.floor(value + 1e-6), shape[axis] - 1)),
  ];
}

function hasNeighbour(found: Uint8Array, [i, j, k]: readonly number[], [nx, ny, nz]: Vector3): boolean {
  for (let z = Math.max(k - 1, 0); z <= Math.min(k + 1, nz - 1); z++)
    for (let y = Math.max(j - 1, 0); y <= Math.min(j + 1, ny - 1); y++)
      for (let x = Math.max(i - 1, 0); x <= Math.min(i + 1, nx - 1); x++)
        if (found[x + nx * (y + ny * z)] !== 0) return true;
  return false;
}
