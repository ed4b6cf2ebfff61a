import { describe, expect, it } from 'vitest';
import { whyNotAHead } from '../../../src/analysis/prepare/image-gate.js';
import { prepareCurrent } from '../../../src/analysis/prepare/prepare-current.js';
import { sharedData } from '../../peers.js';
import { readSeries } from '../assemble/real-series.js';

const avanto = sharedData('t1gd-siemens-avanto');
const fruit = sharedData('t1-fruit-ge');
const enhanced = sharedData('t1-enhanced-siemens-xa30');

describe('the image gate on real images', () => {
  it.skipIf(!avanto || !fruit)("refuses the fruit's pixels under a head's header", async () => {
    const head = await readSeries(avanto!);
    const pixels = await readSeries(fruit!);
    const [nx, ny, nz] = head.shape;
    const voxels = new Float32Array(nx * ny * nz);
    const nearest = (at: number, axis: number) => Math.floor((at * pixels.shape[axis]) / head.shape[axis]);
    for (let k = 0; k < nz; k++)
      for (let j = 0; j < ny; j++)
        for (let i = 0; i < nx; i++)
          voxels[i + nx * (j + ny * k)] =
            pixels.voxels[nearest(i, 0) + pixels.shape[0] * (nearest(j, 1) + pixels.shape[1] * nearest(k, 2))];
    await expect(prepareCurrent({ ...head, voxels })).rejects.toMatchObject({ code: 'NOT_A_BRAIN' });
  });

  it.skipIf(!avanto)('accepts a post-contrast head', async () => {
    const prepared = await prepareCurrent(await readSeries(avanto!));
    expect(whyNotAHead(prepared.quality)).toBeNull();
    expect(prepared.incompleteCoverage).toBe(false);
    const volumeMl = prepared.brainMask.voxels.filter((value: number) => value > 0).length / 1000;
    expect(volumeMl).toBeGreaterThan(1000);
    expect(volumeMl).toBeLessThan(2000);
  });

  it.skipIf(!enhanced)('accepts a 2 mm head without contrast under a surface coil’s shading', async () => {
    const prepared = await prepareCurrent(await readSeries(enhanced!, /series5/));
    expect(whyNotAHead(prepared.quality)).toBeNull();
    // The right way up: the header of this series is trustworthy.
    const turn = prepared.sourceFromTemplate;
    expect(Math.min(turn[0], turn[5], turn[10])).toBeGreaterThan(0.9);
  });
});
