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
import { dice, thin } from './brain-truth.js';
import { warpedHead } from './warped-head.js';

let template: Template;
beforeAll(async () => {
  template = await loadTemplate();
});

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

function expectRigid(affine: Affine): void {
  expect(determinant(affine)).toBeCloseTo(1, 6);
  const columns = [0, 1, 2].map((column) => [affine[column], affine[column + 4], affine[column + 8]]);
  for (const [a, first] of columns.entries())
    for (const [b, second] of columns.entries())
      expect(first.reduce((dot, value, axis) => dot + value * second[axis], 0)).toBeCloseTo(a === b ? 1 : 0, 6);
}

describe('prepareCurrent', () => {
  it('finds the brain of a bent, noisy, shaded head with lesions to a Dice of at least 0.95, moving it rigidly', async () => {
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
  });
});
