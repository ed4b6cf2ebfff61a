import { describe, expect, it } from 'vitest';
import { gateLimits, whyNotAHead } from '../../../src/analysis/prepare/image-gate.js';
import { prepareCurrent } from '../../../src/analysis/prepare/prepare-current.js';
import { emptyVolume, templateGrid, type Volume } from '../../../src/imaging/volume.js';
import { loadTemplate } from '../../../src/analysis/prepare/template.js';
import { seeded, warpedHead } from './warped-head.js';

/** Cubes of `size` voxels, each somewhere else. */
function scrambled(volume: Volume, size: number): Volume {
  const random = seeded(3);
  const [nx, ny, nz] = volume.shape;
  const blocks = volume.shape.map((length) => Math.floor(length / size));
  const order = Array.from({ length: blocks[0] * blocks[1] * blocks[2] }, (_, index) => index);
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  const corner = (block: number) =>
    size *
    ((block % blocks[0]) +
      nx * ((Math.floor(block / blocks[0]) % blocks[1]) + ny * Math.floor(block / blocks[0] / blocks[1])));
  const voxels = new Float32Array(nx * ny * nz);
  for (const [to, from] of order.entries())
    for (let k = 0; k < size; k++)
      for (let j = 0; j < size; j++) {
        const offset = nx * (j + ny * k);
        voxels.set(volume.voxels.subarray(corner(from) + offset, corner(from) + offset + size), corner(to) + offset);
      }
  return { ...volume, voxels };
}

describe('the image gate', () => {
  it('names every measure that fails, and passes only an image that reaches all limits', () => {
    expect(whyNotAHead(gateLimits)).toBeNull();
    expect(whyNotAHead({ similarity: 1, correlation: NaN, edges: 1 })).toMatch(/similarity.*correlation/);
  });

  it('refuses an empty image and values that are not numbers at once', async () => {
    await expect(prepareCurrent(emptyVolume(templateGrid))).rejects.toMatchObject({ code: 'NOT_A_BRAIN' });
    const image = emptyVolume({ ...templateGrid, shape: [20, 20, 20] });
    image.voxels[5] = NaN;
    await expect(prepareCurrent(image)).rejects.toMatchObject({ code: 'NOT_A_BRAIN' });
  });

  it('refuses a scrambled head', async () => {
    const { image } = warpedHead(await loadTemplate(), {
      seed: 4,
      spacing: [2, 2, 2],
      shape: [112, 125, 95],
      rotation: [3, 0, 0],
      shiftMm: [0, 0, 0],
      scale: [1, 1, 1],
      warpMm: 3,
      noise: 0.03,
      bias: 0.1,
      lesions: 0,
    });
    await expect(prepareCurrent(scrambled(image, 12))).rejects.toMatchObject({ code: 'NOT_A_BRAIN' });
  });
});
