import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { assembleSeries } from '../../src/analysis/assemble/assemble-series.js';
import { inputFiles } from '../../src/node/operations/input-files.js';
import { loadMapping } from '../../src/core/mapping-file.js';
import { loadMappings } from '../../src/node/mappings.js';
import { demoPatient } from '../../src/phantom/demo-patient.js';
import { seriesIdentity, writeDicomSeries } from '../../src/phantom/dicom-series.js';
import { scan } from '../../src/phantom/scan.js';
import type { ScannerSettings } from '../../src/phantom/scanner.js';
import { loadSourceHead } from '../../src/phantom/source-head.js';
import { dicomScans } from '../../src/training-data/dicom-scans.js';
import { Pseudonyms } from '../../src/training-data/pseudonyms.js';
import { trainingSettingsSchema } from '../../src/training-data/training-settings.js';
import { writeTrainingData, type TrainingDataSummary } from '../../src/training-data/write-training-data.js';
import { identityAffine } from '../../src/imaging/affine.js';
import { resampleNearest } from '../../src/imaging/resample.js';
import { voxelVolumeMm3 } from '../../src/imaging/volume.js';
import { hasPythonModule, python } from '../peers.js';

const repository = resolve(import.meta.dirname, '../..');
const drawer = resolve(import.meta.dirname, '../peers/draw_metastases.py');

/** nibabel and training/data/ on what was written. */
const readBack = `
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import nibabel, numpy as np
from training.data.cases import Cases
out = {}
for folder in sorted(Path(sys.argv[1]).glob('*/*/t*')):
    load = lambda name: nibabel.load(folder / f'{name}.nii.gz')
    image, label, mask = (np.asarray(load(n).dataobj) for n in ('image', 'label', 'mask'))
    ring = np.zeros(label.shape, bool)
    inside = {int(n): float(image[label == n].mean()) for n in np.unique(label) if n > 0}
    out[folder.name] = {
        'shape': list(image.shape), 'origin': load('image').affine[:3, 3].tolist(), 'type': str(label.dtype),
        'volumes': {n: int((label == n).sum()) for n in inside}, 'inside': inside, 'brain': float(image[mask > 0].mean()),
        'brainVoxels': int(mask.sum()),
        'priorCorrelation': float(np.corrcoef(np.asarray(load('prior').dataobj)[mask > 0], image[mask > 0])[0, 1]) if (folder / 'prior.nii.gz').exists() else None,
    }
cases = [c for split in ('training', 'validation', 'test') for c in Cases(sys.argv[1], split, sys.argv[1] + '.cache')]
out['cases'] = [[len(c.lesion_centres), c.has_prior] for c in cases]
print(json.dumps(out))
`;

interface ReadTimePoint {
  readonly shape: number[];
  readonly origin: number[];
  readonly type: string;
  readonly volumes: Record<string, number>;
  readonly inside: Record<string, number>;
  readonly brain: number;
  readonly brainVoxels: number;
  readonly priorCorrelation: number | null;
}

const hasPeers = ['pydicom', 'nibabel', 'torch', 'contourpy'].map(hasPythonModule).every(Boolean);

describe.skipIf(!hasPeers)('a patient with a SEG at the first and an RTSTRUCT at the second time point', () => {
  const folder = mkdtempSync(join(tmpdir(), 'priora-training-'));
  const input = join(folder, 'input');
  const out = join(folder, 'out');
  const mappings = loadMappings(join(repository, 'mappings'));
  const settings = loadMapping(join(repository, 'mappings/training-data.yaml'), trainingSettingsSchema);
  const run = async () =>
    writeTrainingData(await dicomScans(inputFiles([input]), { selection: mappings.selection, settings, zone: 'UTC' }), {
      ...mappings,
      out,
      pseudonyms: Pseudonyms.fromFile(join(folder, 'key'), settings.splits),
      biasCorrection: 'none',
    });
  const truth: { volumesMm3: number[]; brightness: number; PatientID: string; uids: string[] }[] = [];
  let summary: TrainingDataSummary;
  let read: Record<'t0' | 't1', ReadTimePoint> & { cases: [number, boolean][] };

  beforeAll(async () => {
    const demo = demoPatient(await loadSourceHead());
    mkdirSync(input, { recursive: true });
    for (const time of [0, 1]) {
      const scanner: ScannerSettings = { ...demo.scanners[time], shape: [150, 170, 117], spacingMm: [1.5, 1.5, 1.5] };
      const made = scan(demo.patient, time, scanner);
      const series = join(input, `study ${time}`);
      const paths = await writeDicomSeries(series, demo.patient, time, scanner, made);
      const { volume } = await assembleSeries(paths);
      const labels = resampleNearest(made.labels, volume, identityAffine);
      const bytes = Uint8Array.from(labels.voxels);
      writeFileSync(join(folder, 'labels.raw'), bytes);
      const kind = ['SEG', 'RTSTRUCT'][time];
      execFileSync(python, [drawer, kind, series, join(folder, 'labels.raw'), join(input, `${kind}.dcm`)]);
      const numbers = [...new Set(bytes)].filter((number) => number > 0);
      const values = [...volume.voxels].filter((_, index) => bytes[index] > 0);
      const { PatientID, StudyInstanceUID, SeriesInstanceUID } = seriesIdentity(demo.patient, time, scanner);
      truth.push({
        volumesMm3: numbers.map((number) => bytes.filter((value) => value === number).length * voxelVolumeMm3(volume)),
        brightness: values.reduce((sum, value) => sum + value, 0) / values.length,
        PatientID,
        uids: [StudyInstanceUID, SeriesInstanceUID],
      });
    }
    writeFileSync(join(input, 'notes.txt'), 'no DICOM');
    summary = await run();
    read = JSON.parse(execFileSync(python, ['-c', readBack, out, repository], { encoding: 'utf8' })) as typeof read;
  });

  test('become time points of one patient in one split, on the template grid', () => {
    expect(summary).toMatchObject({ written: 2, kept: 0 });
    expect(summary.refused).toMatchObject([{ name: join(input, 'notes.txt'), code: 'DICOM_UNREADABLE' }]);
    for (const { shape, origin, type } of [read.t0, read.t1]) {
      expect(shape).toEqual([240, 240, 155]);
      expect(origin).toEqual([120, 103, -69]);
      expect(type).toBe('uint8');
    }
  });

  test.each([0, 1] as const)('have every metastasis at time point %i, in its position and of its size', (time) => {
    const { volumes, inside, brain } = read[`t${time}`];
    const byVolume = (values: number[]) => [...values].sort((a, b) => b - a);
    const [found, meant] = [byVolume(Object.values(volumes)), byVolume(truth[time].volumesMm3)];
    expect(found).toHaveLength(meant.length);
    found.forEach((volume, index) => {
      expect(Math.abs(volume - meant[index])).toBeLessThan(1);
    });
    // Where the label is, the image is as bright as it was where the outline was.
    const voxels = Object.values(volumes).reduce((sum, count) => sum + count, 0);
    const mean = Object.entries(inside).reduce((sum, [id, value]) => sum + (value * volumes[id]) / voxels, 0);
    expect(mean / truth[time].brightness).toBeGreaterThan(0.93);
    expect(mean / truth[time].brightness).toBeLessThan(1.07);
    expect(mean / brain).toBeGreaterThan(1.2);
  });

  test('have the earlier scan registered as the prior of the later one, and the brain where it should be', () => {
    expect(read.t0.priorCorrelation).toBeNull();
    expect(read.t1.priorCorrelation).toBeGreaterThan(0.9);
    for (const { brainVoxels } of [read.t0, read.t1]) expect(brainVoxels).toBeGreaterThan(1_000_000);
    expect(read.cases).toEqual([
      [truth[0].volumesMm3.length, false],
      [truth[1].volumesMm3.length, true],
    ]);
  });

  test('name neither patient, nor study, nor date', () => {
    const identifying = truth.flatMap(({ PatientID, uids }) => [PatientID, ...uids]);
    const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(join(out, name)).isFile(),
    );
    expect(files.length).toBeGreaterThan(9);
    for (const name of files) {
      const bytes = readFileSync(join(out, name));
      const text = name + (name.endsWith('.gz') ? gunzipSync(bytes).subarray(0, 352) : bytes).toString('latin1');
      for (const word of identifying) expect(text.includes(word), `${name} holds ${word}`).toBe(false);
      if (name.endsWith('.json')) expect(text).not.toMatch(/(19|20)\d\d[-.]?(0\d|1[0-2])[-.]?([0-2]\d|3[01])/);
    }
  });

  test('are not written twice', async () => {
    expect(await run()).toMatchObject({ written: 0, kept: 2 });
  });
});
