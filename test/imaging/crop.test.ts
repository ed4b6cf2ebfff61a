import { describe, expect, it } from 'vitest';
import { applyAffine, identityAffine, type Affine } from '../../src/imaging/affine.js';
import { boundingBox, boxOn, crop } from '../../src/imaging/crop.js';
import type { LabelMap, Volume } from '../../src/imaging/volume.js';

const patientFromVoxel: Affine = [2, 0, 0, -5, 0, 2, 0, 7, 0, 0, 2, 1, 0, 0, 0, 1];
const shape = [10, 8, 6] as const;
const volume: Volume = { shape, patientFromVoxel, voxels: Float32Array.from({ length: 480 }, (_, index) => index) };

describe('boxes', () => {
  it('surround the labels, and are null without any', () => {
    const labels: LabelMap = { shape, patientFromVoxel, voxels: new Uint8Array(480) };
    expect(boundingBox(labels)).toBeNull();
    labels.voxels[3 + 10 * (2 + 8 * 1)] = 1;
    labels.voxels[5 + 10 * (1 + 8 * 4)] = 2;
    expect(boundingBox(labels)).toEqual({ first: [3, 1, 1], last: [5, 2, 4] });
  });

  it('cut out voxels without moving them', () => {
    const part = crop(volume, { first: [2, 3, 1], last: [6, 5, 4] });
    expect(part.shape).toEqual([5, 3, 4]);
    for (let k = 0; k < 4; k++)
      for (let j = 0; j < 3; j++)
        for (let i = 0; i < 5; i++) expect(part.voxels[i + 5 * (j + 3 * k)]).toBe(i + 2 + 10 * (j + 3 + 8 * (k + 1)));
    expect(applyAffine(part.patientFromVoxel, [0, 0, 0])).toEqual(applyAffine(patientFromVoxel, [2, 3, 1]));
  });

  it('are found on another grid, with a margin, cropped to it, or not at all', () => {
    const fine = { shape: [40, 40, 40], patientFromVoxel: identityAffine } as const;
    const box = { first: [4, 1, 1], last: [6, 3, 4] } as const;
    // x: 2·4 − 5 = 3 to 2·6 − 5 = 7, and 2 mm around.
    expect(boxOn(fine, volume, box, identityAffine, 2)).toEqual({ first: [1, 7, 1], last: [9, 15, 11] });
    expect(boxOn(fine, volume, box, identityAffine, 10)!.first).toEqual([0, 0, 0]);
    const away: Affine = [1, 0, 0, 500, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    expect(boxOn(fine, volume, box, away, 2)).toBeNull();
  });
});
