import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { encodeNifti, readNifti, writeNifti } from '../../src/imaging/nifti.js';
import { voxelCount, type Grid } from '../../src/imaging/volume.js';
import { hasPythonModule, python } from '../peers.js';
import { grid } from './grids.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'priora-nifti-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const oblique: Grid = {
  shape: [4, 3, 2],
  patientFromVoxel: [0, -0.6, 1.2, 10, 0.5, 0, 0, -20, 0, 0.8, 0.9, 30, 0, 0, 0, 1],
};

describe('a NIfTI-1 image', () => {
  it('comes back as it was written, in every voxel type, at the same places', async () => {
    const path = join(folder, 'back.nii.gz');
    await fc.assert(
      fc.asyncProperty(
        grid,
        fc.constantFrom(Float32Array, Uint8Array, Uint16Array, Int16Array),
        fc.infiniteStream(fc.integer({ min: 0, max: 250 })),
        async (of, Voxels, values) => {
          const voxels = Voxels.from(values.take(voxelCount(of)));
          await writeNifti(path, { ...of, voxels });
          const read = await readNifti(path);
          expect(read.shape).toEqual(of.shape);
          expect([...read.voxels]).toEqual([...voxels]);
          // The file holds the affine in single precision.
          read.patientFromVoxel.forEach((value, index) => expect(value).toBeCloseTo(of.patientFromVoxel[index], 3));
        },
      ),
      { numRuns: 25 },
    );
  });

  it('must have as many voxels as its grid', () => {
    expect(() => encodeNifti({ ...oblique, voxels: new Uint8Array(23) })).toThrow(RangeError);
  });

  it('is scaled as its header says, and read in either byte order', async () => {
    const bytes = encodeNifti({ ...oblique, voxels: Int16Array.from({ length: 24 }, (_, index) => index - 12) });
    bytes.writeFloatLE(2.5, 112);
    bytes.writeFloatLE(-4, 116);
    const path = join(folder, 'scaled.nii');
    writeFileSync(path, bytes);
    expect([...(await readNifti(path)).voxels]).toEqual(
      Array.from({ length: 24 }, (_, index) => (index - 12) * 2.5 - 4),
    );
  });

  it.skipIf(!hasPythonModule('nibabel'))('says the same to nibabel, and understands what nibabel writes', async () => {
    const ours = join(folder, 'ours.nii.gz');
    const voxels = Float32Array.from({ length: 24 }, (_, index) => index / 4);
    await writeNifti(ours, { ...oblique, voxels });
    const script = `
import sys, json, nibabel, numpy as np
folder = sys.argv[1]
image = nibabel.load(folder + '/ours.nii.gz')
data = np.asarray(image.dataobj)
for name, dtype, endian in (('f8', 'f8', '<'), ('i2', 'i2', '>'), ('u1', 'u1', '<'), ('i8', 'i8', '<'), ('f4', 'f4', '>')):
    header = nibabel.Nifti1Header(endianness=endian)
    header.set_data_dtype(np.dtype(endian + dtype))
    other = nibabel.Nifti1Image((data * 4).astype(dtype), image.affine, header)
    other.set_sform(None, code=0)
    other.set_qform(image.affine, code=1)
    nibabel.save(other, f'{folder}/{name}.nii')
print(json.dumps({'affine': image.affine.ravel().tolist(), 'data': data.ravel(order='F').tolist(), 'units': image.header.get_xyzt_units()[0]}))`;
    const said = JSON.parse(execFileSync(python, ['-c', script, folder], { encoding: 'utf8' })) as {
      affine: number[];
      data: number[];
      units: string;
    };
    expect(said.data).toEqual([...voxels]);
    expect(said.units).toBe('mm');
    // RAS against LPS: x and y change sign.
    said.affine.forEach((value, index) =>
      expect(value).toBeCloseTo((index < 8 ? -1 : 1) * oblique.patientFromVoxel[index], 5),
    );
    for (const name of ['f8', 'i2', 'u1', 'i8', 'f4']) {
      const read = await readNifti(join(folder, `${name}.nii`));
      expect([...read.voxels]).toEqual(Array.from(voxels, (value) => value * 4));
      read.patientFromVoxel.forEach((value, index) => expect(value).toBeCloseTo(oblique.patientFromVoxel[index], 4));
    }
  });
});
