import type { Lesion } from '../../model/lesion.js';
import { spacingMm, voxelVolumeMm3, type LabelMap } from '../../imaging/volume.js';
import { detectLesions, type DetectInput } from './detect.js';
import { labelComponents, labelledComponents, type Component } from '../../imaging/components.js';
import { measureComponent } from './component-measures.js';

/** Spacings of the template from which a source is coarse: its slices can pass by what was detected between them. */
const coarseSpacings = 1.5;

export interface Measured {
  /** Largest first, then by position; `lesions[n].number` is n + 1. */
  readonly lesions: readonly Lesion[];
  /** Lesion numbers on the source grid, 0 is background. */
  readonly labels: LabelMap & { readonly voxels: Uint16Array };
}

/**
 * From the two probability maps to measured lesions on the source grid: each map is sampled once, trilinearly, in the
 * source's voxels; the union of both above their thresholds (Huang 2021, II.D) falls into 26-connected components, of which those
 * with `minimumVoxels` count. One that M_spec touches is confirmed, the others are candidates. What the sampling leaves of a detection, or splits off
 * it, is a lesion only where it is as large as a detection has to be: a source of fine voxels would else have lesions of one.
 * Between slices further apart than that a detection can fall; there what holds its peak counts, whatever is left of it.
 *
 * @param drawn lesions that a person has drawn on the source grid, numbered from 1: these are measured instead, each as one
 *   lesion whatever its parts; their probabilities are what the networks saw there.
 * @throws RangeError when the maps (or the region) do not share one grid.
 */
export function measureLesions(input: DetectInput, drawn?: Measured['labels']): Measured {
  const detection = detectLesions(input);
  const anchored = new Set(detection.anchors.map(({ voxel }) => voxel));
  const leastVoxels = (input.minimumVoxels * voxelVolumeMm3(input.sensitivity)) / voxelVolumeMm3(input.source);
  const isCoarse = Math.max(...spacingMm(input.source)) > coarseSpacings * Math.max(...spacingMm(input.sensitivity));
  const counts = (component: Component) =>
    component.length >= leastVoxels - 1e-6 || (isCoarse && component.some((voxel) => anchored.has(voxel)));
  const { components, labels } = drawn
    ? { components: labelledComponents(drawn), labels: drawn }
    : labelComponents(detection.found, input.source, counts);
  const lesions = components.map((component, index) => measureComponent(index + 1, component, labels, detection));
  return { lesions, labels };
}
