import { beforeAll, describe, expect, it } from 'vitest';
import { prepareCurrent } from '../../../src/analysis/prepare/prepare-current.js';
import { loadTemplate, type Template } from '../../../src/analysis/prepare/template.js';
import { applyAffine, invertAffine, multiplyAffine, type Affine, type Vector3 } from '../../../src/imaging/affine.js';
import { templateGrid, type Volume } from '../../../src/imaging/volume.js';
import { dice, shareOfBrain, thin } from './brain-truth.js';
import { warpedHead, type Head } from './warped-head.js';

let template: Template;
beforeAll(async () => {
  template = await loadTemplate();
});

const thick: Head = {
  ...thin,
  seed: 2,
  spacing: [1.4, 1.4, 3],
  shape: [150, 170, 60],
  rotation: [-6, 5, -9],
  shiftMm: [-8, 14, -6],
  scale: [1.06, 0.97, 1.04],
  noise: 0.06,
  bias: -0.4,
  lesions: 6,
};

describe('prepareCurrent', () => {
  it('turns a head with thick slices under an upside-down header the right way up', async () => {
    const { image, isBrain } = warpedHead(template, thick);
    const turned: Affine = [1, 0, 0, 20, 0, -1, 0, 0, 0, 0, -1, 40, 0, 0, 0, 1];
    const upsideDown: Volume = { ...image, patientFromVoxel: multiplyAffine(turned, image.patientFromVoxel) };
    const prepared = await prepareCurrent(upsideDown, { template });
    const truth = (point: Vector3) => isBrain(applyAffine(invertAffine(turned), point));
    expect(dice(prepared, truth)).toBeGreaterThanOrEqual(0.95);
  });

  it('reports a brain that the field of view cuts off', async () => {
    // 104 mm of slices, about the brain's middle.
    const { image, isBrain } = warpedHead(template, { ...thin, shape: [142, 158, 52], lesions: 0 });
    const prepared = await prepareCurrent(image, { template });
    const sourceFromPatient = invertAffine(image.patientFromVoxel);
    const inside = shareOfBrain(isBrain, (point) => {
      const k = applyAffine(sourceFromPatient, point)[2];
      return k >= -0.5 && k <= 51.5;
    });
    expect(inside).toBeLessThan(0.95);
    expect(prepared.incompleteCoverage).toBe(true);
    expect(Math.abs(prepared.coverage - inside)).toBeLessThan(0.05);
  });

  it('reports a brain that is taller than the template grid', async () => {
    // 1.2 times the template's brain of 151 mm.
    const tall: Head = { ...thin, scale: [1, 1, 1 / 1.2], rotation: [0, 0, 0], shape: [142, 158, 120], lesions: 0 };
    const { image, isBrain } = warpedHead(template, tall);
    const prepared = await prepareCurrent(image, { template });
    const templateFromSource = multiplyAffine(
      invertAffine(templateGrid.patientFromVoxel),
      invertAffine(prepared.sourceFromTemplate),
    );
    const onGrid = shareOfBrain(isBrain, (point) => {
      const k = applyAffine(templateFromSource, point)[2];
      return k >= -0.5 && k <= templateGrid.shape[2] - 0.5;
    });
    expect(onGrid).toBeLessThan(0.98);
    expect(prepared.incompleteCoverage).toBe(true);
    expect(Math.abs(prepared.coverage - onGrid)).toBeLessThan(0.03);
  });
});
