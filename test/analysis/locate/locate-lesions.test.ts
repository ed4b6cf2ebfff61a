import { beforeAll, describe, expect, it } from 'vitest';
import { locateLesions } from '../../../src/analysis/locate/locate-lesions.js';
import { loadSiteAtlas } from '../../../src/analysis/locate/site-atlas.js';
import { identityAffine, type Vector3 } from '../../../src/imaging/affine.js';
import type { Volume } from '../../../src/imaging/volume.js';

let atlas: Volume;
beforeAll(async () => {
  atlas = await loadSiteAtlas();
});

/** One lesion that fills a cube of `size` mm around a point given in MNI millimetres (x to the right, y forward). */
function siteAround([right, forward, up]: Vector3, size = 3): string {
  const corner: Vector3 = [-right - (size - 1) / 2, -forward - (size - 1) / 2, up - (size - 1) / 2];
  const labels = {
    shape: [size, size, size] as Vector3,
    patientFromVoxel: [1, 0, 0, corner[0], 0, 1, 0, corner[1], 0, 0, 1, corner[2], 0, 0, 0, 1] as const,
    voxels: new Uint8Array(size ** 3).fill(7),
  };
  const site = locateLesions(labels, identityAffine, [], atlas).get(7);
  return site ? `${site.laterality ? `${site.laterality.meaning} ` : ''}${site.structure.meaning}` : 'nowhere';
}

describe('locateLesions', () => {
  // Places that every atlas in MNI space agrees on.
  it.each<[Vector3, string]>([
    [[40, 35, 25], 'Right Frontal lobe'],
    [[-40, 35, 25], 'Left Frontal lobe'],
    [[-45, -45, 50], 'Left Parietal lobe'],
    [[55, -25, -10], 'Right Temporal lobe'],
    [[-10, -90, 5], 'Left Occipital lobe'],
    [[25, -65, -40], 'Right Cerebellum'],
    [[0, -28, -32], 'Brain stem'],
    [[10, -18, 8], 'Right Thalamus'],
    [[-27, 2, 2], 'Left Putamen'],
    [[-28, -22, -14], 'Left Hippocampus'],
    [[38, 5, 0], 'Right Insula'],
  ])('names the location at %j: %s', (place, name) => expect(siteAround(place)).toBe(name));

  it('gives a lesion on the surface its nearest structure, and one far outside none', () => {
    let outside: Vector3 = [0, 60, 20];
    while (siteAround(outside, 1) !== 'nowhere') outside = [outside[0], outside[1] + 1, outside[2]];
    expect(siteAround([outside[0], outside[1] - 1, outside[2]], 1)).toMatch(/Frontal lobe$/);
    expect(siteAround([0, 200, 0])).toBe('nowhere');
  });
});
