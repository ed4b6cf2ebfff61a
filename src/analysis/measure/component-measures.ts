import { applyAffine, type Vector3 } from '../../imaging/affine.js';
import type { Lesion } from '../../model/lesion.js';
import { voxelFromIndex, voxelVolumeMm3, type LabelMap } from '../../imaging/volume.js';
import { axialAxes } from './axial-axes.js';
import type { Component } from '../../imaging/components.js';
import { FOUND_BY_SPECIFICITY, type Detection } from './detect.js';
import { facePoints, maximumDistanceMm, surfaceVoxels } from './surface.js';

/**
 * Measures one component. Lengths are taken on the contour half a voxel outside the outermost voxel centres, where a
 * viewer draws the mask's outline (marching squares at one half): a single voxel measures its own width, not 0.
 *
 * @param number its value in `labels`.
 */
export function measureComponent(number: number, component: Component, labels: LabelMap, detection: Detection): Lesion {
  const at = (index: number) => voxelFromIndex(index, labels.shape);
  const sum = [0, 0, 0];
  const perSlice = new Map<number, number>();
  let sensitivity = 0;
  let specificity = 0;
  let confirmed = false;
  let peak = component[0];
  let peakValue = -1;
  for (const index of component) {
    const voxel = at(index);
    voxel.forEach((value, axis) => (sum[axis] += value));
    perSlice.set(voxel[2], (perSlice.get(voxel[2]) ?? 0) + 1);
    const [sens, spec] = detection.sampleAt(...voxel);
    sensitivity = Math.max(sensitivity, sens);
    specificity = Math.max(specificity, spec);
    confirmed ||= (detection.found[index] & FOUND_BY_SPECIFICITY) !== 0;
    if (Math.max(sens, spec) > peakValue) {
      peakValue = Math.max(sens, spec);
      peak = index;
    }
  }
  let peakPatientMm = applyAffine(labels.patientFromVoxel, at(peak));
  // The networks' own peaks stand: sampling in other voxels can only lower them.
  for (const anchor of detection.anchors) {
    if (labels.voxels[anchor.voxel] !== number) continue;
    confirmed ||= anchor.confirmed;
    sensitivity = Math.max(sensitivity, anchor.sensitivity);
    specificity = Math.max(specificity, anchor.specificity);
    if (Math.max(anchor.sensitivity, anchor.specificity) < peakValue) continue;
    peakValue = Math.max(anchor.sensitivity, anchor.specificity);
    peakPatientMm = anchor.peakPatientMm;
  }
  const surface = surfaceVoxels(component, labels);
  const axes = axialAxes(surface, labels);
  return {
    number,
    confidence: confirmed ? 'confirmed' : 'candidate',
    voxelCount: component.length,
    volumeMm3: component.length * voxelVolumeMm3(labels),
    ...axes,
    sourceSlice: [...perSlice].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0],
    maximum3dDiameterMm: Math.max(maximumDistanceMm(facePoints(surface, labels)), axes.longAxisMm),
    centroidPatientMm: applyAffine(
      labels.patientFromVoxel,
      sum.map((value) => value / component.length) as unknown as Vector3,
    ),
    peakPatientMm,
    probability: Math.max(sensitivity, specificity),
    probabilities: { sensitivity, specificity },
  };
}
