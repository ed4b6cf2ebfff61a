import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../../imaging/affine.js';
import { componentBox, connectedComponents, type Component } from '../../imaging/components.js';
import { extentOf, type IndexBox } from '../../imaging/crop.js';
import { trilinear } from '../../imaging/trilinear.js';
import { voxelCount, voxelFromIndex, type Grid, type LabelMap, type Volume } from '../../imaging/volume.js';

/** Bits of a voxel on the source grid. */
const FOUND = 1;
export const FOUND_BY_SPECIFICITY = 2;

/** What remains on the source grid of one detection on the template grid. */
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

export interface DetectInput {
  /** Probabilities of M_sens and M_spec on one common (template) grid. */
  readonly sensitivity: Volume;
  readonly specificity: Volume;
  readonly thresholds: { readonly sensitivity: number; readonly specificity: number };
  /** Voxels of the common grid that a finding has at least, as the models' manifests say. */
  readonly minimumVoxels: number;
  /** The source series' own grid. */
  readonly source: Grid;
  /** Patient space of the template → patient space of the source, LPS mm. */
  readonly sourceFromTemplate: Affine;
  /** Mask on the template grid; outside it nothing counts. */
  readonly region?: LabelMap;
}

/**
 * Takes the ensemble's detections from the template grid to the source grid. Only the boxes around detections are
 * sampled, so that the cost depends on the lesions and not on the 100 million voxels a source may have.
 *
 * @throws RangeError if the maps (or the region) do not share one grid.
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
  const sample = sampler(input, templateFromSourceVoxel);
  const [nx, ny, nz] = source.shape;
  const found = new Uint8Array(voxelCount(source));
  const bestVoxel = new Float64Array(components.length + 1).fill(-1);
  const bestValue = new Float32Array(components.length + 1);

  for (const component of components) {
    const { first, last } = sourceBox(
      componentBox(component, sensitivity.shape),
      sourceVoxelFromTemplate,
      source.shape,
    );
    for (let k = first[2]; k <= last[2]; k++)
      for (let j = first[1]; j <= last[1]; j++)
        for (let i = first[0]; i <= last[0]; i++) {
          const index = i + nx * (j + ny * k);
          if (found[index] !== 0) continue;
          const seen = sample(i, j, k);
          const { sens, spec } = seen;
          const bySpecificity = spec >= thresholds.specificity;
          if (!(bySpecificity || sens >= thresholds.sensitivity)) continue;
          const label = labelAt(seen, labels, input);
          if (label === 0) continue;
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
    // Coarse slices may miss a small lesion; a detection keeps at least its peak voxel. A peak that would lie apart
    // from its own lesion is left out, because it would count as a second one.
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
  const peak = voxelFromIndex(peakIndex, sensitivity.shape);
  const confirmed = largestSpecificity >= thresholds.specificity;
  return { peak, sensitivity: largestSensitivity, specificity: largestSpecificity, confirmed };
}

/** What the maps hold at a position: trilinear probabilities; x, y, z in voxels of the maps. */
interface Sample {
  readonly sens: number;
  readonly spec: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}
const nothing: Sample = { sens: 0, spec: 0, x: NaN, y: NaN, z: NaN };

/**
 * Both maps at voxels of the source grid. Half a voxel beyond the outermost centres still belongs to the maps; outside
 * them, and outside the region, there is nothing.
 */
function sampler({ sensitivity, specificity, region }: DetectInput, m: Affine) {
  const [nx, ny, nz] = sensitivity.shape;
  return (i: number, j: number, k: number): Sample => {
    let x = m[0] * i + m[1] * j + m[2] * k + m[3];
    let y = m[4] * i + m[5] * j + m[6] * k + m[7];
    let z = m[8] * i + m[9] * j + m[10] * k + m[11];
    if (!(x >= -0.5 && y >= -0.5 && z >= -0.5 && x <= nx - 0.5 && y <= ny - 0.5 && z <= nz - 0.5)) return nothing;
    x = Math.min(Math.max(x, 0), nx - 1);
    y = Math.min(Math.max(y, 0), ny - 1);
    z = Math.min(Math.max(z, 0), nz - 1);
    if (region && region.voxels[Math.round(x) + nx * (Math.round(y) + ny * Math.round(z))] === 0) return nothing;
    return { sens: trilinear(sensitivity, x, y, z), spec: trilinear(specificity, x, y, z), x, y, z };
  };
}

/** The detection with the largest share in what was sampled at a position; 0 for none. */
function labelAt({ x, y, z }: Sample, labels: Uint32Array, { sensitivity, specificity }: DetectInput): number {
  const { shape } = sensitivity;
  const place = [x, y, z];
  const first = place.map((at, axis) => Math.min(Math.floor(at), Math.max(shape[axis] - 2, 0)));
  let label = 0;
  let strongest = -1;
  for (let corner = 0; corner < 8; corner++) {
    const at = first.map((from, axis) => from + ((corner >> axis) & 1));
    const weight = at.reduce((product, voxel, axis) => product * (1 - Math.abs(place[axis] - voxel)), 1);
    const index = at[0] + shape[0] * (at[1] + shape[1] * at[2]);
    if (weight === 0 || labels[index] === 0) continue;
    const share = weight * Math.max(sensitivity.voxels[index], specificity.voxels[index]);
    if (share <= strongest) continue;
    strongest = share;
    label = labels[index];
  }
  return label;
}

/** The source voxels that a template box (with the reach of the interpolation) can cover. */
function sourceBox({ first, last }: IndexBox, sourceFromTemplateVoxel: Affine, shape: Vector3): IndexBox {
  const reach: IndexBox = {
    first: [first[0] - 1, first[1] - 1, first[2] - 1],
    last: [last[0] + 1, last[1] + 1, last[2] + 1],
  };
  const { lowest, highest } = extentOf(reach, sourceFromTemplateVoxel);
  const from = (axis: 0 | 1 | 2) => Math.max(Math.ceil(lowest[axis] - 1e-6), 0);
  const to = (axis: 0 | 1 | 2) => Math.min(Math.floor(highest[axis] + 1e-6), shape[axis] - 1);
  return { first: [from(0), from(1), from(2)], last: [to(0), to(1), to(2)] };
}

function hasNeighbour(found: Uint8Array, [i, j, k]: readonly number[], [nx, ny, nz]: Vector3): boolean {
  for (let z = Math.max(k - 1, 0); z <= Math.min(k + 1, nz - 1); z++)
    for (let y = Math.max(j - 1, 0); y <= Math.min(j + 1, ny - 1); y++)
      for (let x = Math.max(i - 1, 0); x <= Math.min(i + 1, nx - 1); x++)
        if (found[x + nx * (y + ny * z)] !== 0) return true;
  return false;
}
