import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDicomFile } from '../../src/dicom/dicom-file.js';
import { writeDicomSeries } from '../../src/phantom/dicom-series.js';
import { createPatient } from '../../src/phantom/patient.js';
import { scan, type PhantomScan } from '../../src/phantom/scan.js';
import { demoScanner, type ScannerSettings } from '../../src/phantom/scanner.js';
import { loadSourceHead } from '../../src/phantom/source-head.js';
import { applyAffine, invertAffine, multiplyAffine } from '../../src/imaging/affine.js';
import { readNifti } from '../../src/imaging/nifti.js';
import { hasPeer } from '../peers.js';

const run = promisify(execFile);

/** Unequal sides and spacings, so that no mixed-up axis goes unseen. */
const scanners: Record<string, ScannerSettings> = {
  'oblique axial': { ...demoScanner(1), shape: [50, 60, 30], spacingMm: [4.2, 4, 6], tiltDeg: [-11, 2, 1.5] },
  sagittal: {
    ...demoScanner(2),
    shape: [62, 58, 36],
    spacingMm: [4, 4.1, 5],
    orientation: 'sagittal',
    tiltDeg: [1, 0, 0],
  },
};

describe.each(Object.entries(scanners))('a DICOM series of a phantom, %s', (_, scanner) => {
  let folder: string;
  let result: PhantomScan;
  let files: string[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'priora-phantom-'));
    const patient = createPatient(await loadSourceHead(), 5, { timePoints: 2 });
    result = scan(patient, 1, scanner);
    files = await writeDicomSeries(join(folder, 'series'), patient, 1, scanner, result);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('has one image per slice, and identifiers that tell them apart', async () => {
    expect(await readdir(join(folder, 'series'))).toHaveLength(scanner.shape[2]);
    const [one, two] = await Promise.all(files.slice(0, 2).map((path) => readDicomFile(path)));
    expect(one.dataset['SeriesInstanceUID']).toBe(two.dataset['SeriesInstanceUID']);
    expect(one.dataset['SOPInstanceUID']).not.toBe(two.dataset['SOPInstanceUID']);
    expect(one.dataset['PatientID']).toBe('PHANTOM-00005');
    expect(one.dataset['ContrastBolusAgent']).toBe('Gadobutrol');
  });

  describe.skipIf(!hasPeer('dciodvfy'))('dciodvfy', () => {
    it('finds no error', async () => {
      const checks = await Promise.all(
        [files[0], files[files.length - 1]].map((path) =>
          run('dciodvfy', [path]).catch((error: { stderr: string }) => error),
        ),
      );
      for (const { stderr } of checks) {
        expect(stderr).toContain('MRImage');
        expect(stderr).not.toMatch(/^Error/m);
      }
    });
  });

  describe.skipIf(!hasPeer('dcm2niix'))('dcm2niix', () => {
    it('reads the same voxels in the same places', async () => {
      await run('dcm2niix', ['-b', 'n', '-o', folder, '-f', 'peer', join(folder, 'series')]);
      const peer = await readNifti(join(folder, 'peer.nii'));
      const peerFromOurs = multiplyAffine(invertAffine(peer.patientFromVoxel), result.image.patientFromVoxel);
      const [nx, ny, nz] = result.image.shape;
      let index = 0;
      let worstMm = 0;
      let equal = 0;
      for (let k = 0; k < nz; k++)
        for (let j = 0; j < ny; j++)
          for (let i = 0; i < nx; i++, index++) {
            const at = applyAffine(peerFromOurs, [i, j, k]);
            const [x, y, z] = at.map(Math.round);
            worstMm = Math.max(worstMm, ...at.map((value) => Math.abs(value - Math.round(value))));
            if (peer.voxels[x + peer.shape[0] * (y + peer.shape[1] * z)] === result.image.voxels[index]) equal++;
          }
      expect(equal).toBe(nx * ny * nz);
      expect(worstMm).toBeLessThan(1e-3);
    });
  });
});
