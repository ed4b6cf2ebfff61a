import { expect, test } from 'vitest';
import { measureLesions } from '../../../src/analysis/measure/measure.js';
import { visitLesion } from '../../../src/phantom/lesion-paint.js';
import { randomAppearance } from '../../../src/phantom/lesion.js';
import { Random } from '../../../src/phantom/random.js';
import { identityAffine, type Vector3 } from '../../../src/imaging/affine.js';
import { emptyVolume, type Grid } from '../../../src/imaging/volume.js';
import { sourceGrid } from './probability-maps.js';

const template: Grid = {
  shape: [64, 64, 64],
  patientFromVoxel: [1, 0, 0, -31.5, 0, 1, 0, -31.5, 0, 0, 1, -31.5, 0, 0, 0, 1],
};

/** Few forms, many lesions: a form is slow to make. */
const forms = [6, 7, 8, 9, 10, 12, 14, 18].map((diameterMm) =>
  randomAppearance(new Random(`form ${diameterMm}`), diameterMm),
);

test('given the true mask, every lesion above 0.1 cm³ is measured to within 10 %, whatever the acquisition', () => {
  const errors: number[] = [];
  for (let seed = 0; seed < 32; seed++) {
    const random = new Random(`volume ${seed}`);
    const volumeMm3 = 100 * Math.exp(random.uniform(0, 3.5));
    const centreMm = [0, 1, 2].map(() => random.uniform(-3, 3)) as unknown as Vector3;
    const mask = emptyVolume(template);
    let filledMm3 = 0;
    visitLesion({ ...forms[seed % 8], id: 1, centreMm, volumeMm3 }, template, identityAffine, (index, cover) => {
      filledMm3 += cover;
      if (cover >= 0.5) mask.voxels[index] = 1;
    });
    const spacing = random.pick<Vector3>([[1, 1, 1], [0.5, 0.5, 1], [0.9, 0.9, 1.2]]); // prettier-ignore
    const shape = spacing.map((size) => Math.round(60 / size)) as unknown as Vector3;
    const { lesions } = measureLesions({
      sensitivity: mask,
      specificity: mask,
      thresholds: { sensitivity: 0.5, specificity: 0.5 },
      minimumVoxels: 1,
      source: sourceGrid(random.pick(['axial', 'sagittal', 'coronal', 'oblique'] as const), spacing, shape),
      sourceFromTemplate: identityAffine,
    });
    const found = lesions.reduce((sum, lesion) => sum + lesion.volumeMm3, 0);
    // The supersampled volume agrees with the one that was asked for.
    expect(Math.abs(filledMm3 / volumeMm3 - 1)).toBeLessThan(0.05);
    errors.push(Math.abs(found / filledMm3 - 1));
  }
  errors.sort((a, b) => a - b);
  process.stdout.write(
    `volume errors: median ${(100 * errors[16]).toFixed(1)} %, largest ${(100 * errors.at(-1)!).toFixed(1)} %\n`,
  );
  expect(errors.at(-1)).toBeLessThanOrEqual(0.1);
});
