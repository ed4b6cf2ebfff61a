import { beforeAll, describe, expect, it } from 'vitest';
import { prepareCurrent, type Prepared } from '../../../src/analysis/prepare/prepare-current.js';
import { locateLesions } from '../../../src/analysis/locate/locate-lesions.js';
import { loadSiteAtlas, siteOf } from '../../../src/analysis/locate/site-atlas.js';
import { loadTemplate, type Template } from '../../../src/analysis/prepare/template.js';
import {
  applyAffine,
  determinant,
  invertAffine,
  multiplyAffine,
  type Affine,
  type Vector3,
} from '../../../src/imaging/affine.js';
import { templateGrid, type Volume } from '../../../src/imaging/volume.js';
import { warpedHead, type Head } from './warped-head.js';

const timeout = 240_000;
let template: Template;
beforeAll(async () => {
  template = await loadTemplate();
});

const thin: Head = {
  seed: 1,
  spacing: [1.6, 1.6, 2],
  shape: [142, 158, 100],
  rotation: [8, -4, 6],
  shiftMm: [5, -10, 12],
  scale: [0.94, 1.05, 0.96],
  warpMm: 4,
  noise: 0.04,
  bias: 0.3,
  lesions: 4,
};
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

/** Dice of the mask against the truth, over every third point of the template grid. */
function dice({ brainMask, sourceFromTemplate }: Prepared, isBrain: (point: Vector3) => boolean): number {
  const sourceFromVoxel = multiplyAffine(sourceFromTemplate, templateGrid.patientFromVoxel);
  let both = 0;
  let sum = 0;
  for (let k = 0; k < 155; k += 3)
    for (let j = 0; j < 240; j += 3)
      for (let i = 0; i < 240; i += 3) {
        const found = brainMask.voxels[i + 240 * (j + 240 * k)] !== 0;
        const truth = isBrain(applyAffine(sourceFromVoxel, [i, j, k]));
        sum += Number(found) + Number(truth);
        if (found && truth) both++;
      }
  return (2 * both) / sum;
}

/** The share of single-voxel lesions, 9 mm apart, whose structure, and whose structure and side, is that of the unbent atlas. */
async function agreementOfSites(
  { sourceFromTemplate, atlasFromTemplate }: Prepared,
  image: Volume,
  templateVoxelOf: (point: Vector3) => Vector3,
): Promise<{ structures: number; sites: number }> {
  const atlas = await loadSiteAtlas();
  const labels = { ...image, voxels: new Uint16Array(image.voxels.length) };
  const truth: ReturnType<typeof siteOf>[] = [];
  const step = [6, 6, 5];
  for (let k = 0; k < image.shape[2]; k += step[2])
    for (let j = 0; j < image.shape[1]; j += step[1])
      for (let i = 0; i < image.shape[0]; i += step[0]) {
        const [x, y, z] = templateVoxelOf(applyAffine(image.patientFromVoxel, [i, j, k])).map(Math.round);
        const outside = [x, y, z].some((value, axis) => value < 0 || value >= atlas.shape[axis]);
        const site = outside ? null : siteOf(atlas.voxels[x + atlas.shape[0] * (y + atlas.shape[1] * z)]);
        if (!site) continue;
        truth.push(site);
        labels.voxels[i + image.shape[0] * (j + image.shape[1] * k)] = truth.length;
      }
  const found = locateLesions(labels, invertAffine(sourceFromTemplate), atlasFromTemplate, atlas);
  const share = (agrees: (a: (typeof truth)[number], b: (typeof truth)[number]) => boolean) =>
    truth.filter((site, index) => agrees(site, found.get(index + 1) ?? null)).length / truth.length;
  const sameStructure = share((a, b) => a?.structure.value === b?.structure.value);
  const same = share(
    (a, b) => a?.structure.value === b?.structure.value && a?.laterality?.value === b?.laterality?.value,
  );
  return { structures: sameStructure, sites: same };
}

/** The share of the brain's points, every few millimetres, where `holds` does. */
function shareOfBrain(isBrain: (point: Vector3) => boolean, holds: (point: Vector3) => boolean): number {
  let some = 0;
  let all = 0;
  for (let x = -100; x <= 100; x += 5)
    for (let y = -130; y <= 110; y += 5)
      for (let z = -120; z <= 140; z += 2) {
        if (!isBrain([x, y, z])) continue;
        all++;
        if (holds([x, y, z])) some++;
      }
  return some / all;
}

function expectRigid(affine: Affine): void {
  expect(determinant(affine)).toBeCloseTo(1, 6);
  const columns = [0, 1, 2].map((column) => [affine[column], affine[column + 4], affine[column + 8]]);
  for (const [a, first] of columns.entries())
    for (const [b, second] of columns.entries())
      expect(first.reduce((dot, value, axis) => dot + value * second[axis], 0)).toBeCloseTo(a === b ? 1 : 0, 6);
}

describe('prepareCurrent', () => {
  it(
    'finds the brain of a bent, noisy, shaded head with lesions to a Dice of at least 0.95, moving it rigidly',
    { timeout },
    async () => {
      const { image, isBrain, templateVoxelOf } = warpedHead(template, thin);
      const prepared = await prepareCurrent(image, { template });
      expect(dice(prepared, isBrain)).toBeGreaterThanOrEqual(0.95);
      expectRigid(prepared.sourceFromTemplate);
      expect(prepared.image.shape).toEqual(templateGrid.shape);
      expect(prepared.incompleteCoverage).toBe(false);
      // Raw intensities: what lies in the middle of the template's grid is what the source holds there.
      const at = applyAffine(
        multiplyAffine(
          invertAffine(image.patientFromVoxel),
          multiplyAffine(prepared.sourceFromTemplate, templateGrid.patientFromVoxel),
        ),
        [120, 120, 77],
      ).map(Math.floor);
      const around = [0, 1, 2, 3, 4, 5, 6, 7].map(
        (corner) =>
          image.voxels[at[0] + (corner & 1) + 142 * (at[1] + ((corner >> 1) & 1) + 158 * (at[2] + (corner >> 2)))],
      );
      const value = prepared.image.voxels[120 + 240 * (120 + 240 * 77)];
      expect(value).toBeGreaterThanOrEqual(Math.min(...around));
      expect(value).toBeLessThanOrEqual(Math.max(...around));
      const { sites, structures } = await agreementOfSites(prepared, image, templateVoxelOf);
      expect(structures).toBeGreaterThanOrEqual(0.9);
      expect(sites).toBeGreaterThanOrEqual(0.9);
    },
  );

  it('turns a head with thick slices under an upside-down header the right way up', { timeout }, async () => {
    const { image, isBrain } = warpedHead(template, thick);
    const turned: Affine = [1, 0, 0, 20, 0, -1, 0, 0, 0, 0, -1, 40, 0, 0, 0, 1];
    const upsideDown: Volume = { ...image, patientFromVoxel: multiplyAffine(turned, image.patientFromVoxel) };
    const prepared = await prepareCurrent(upsideDown, { template });
    const truth = (point: Vector3) => isBrain(applyAffine(invertAffine(turned), point));
    expect(dice(prepared, truth)).toBeGreaterThanOrEqual(0.95);
  });

  it('reports a brain that the field of view cuts off', { timeout }, async () => {
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

  it('reports a brain that is taller than the template grid', { timeout }, async () => {
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
