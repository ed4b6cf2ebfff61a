import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { inputFiles } from '../../src/node/operations/input-files.js';
import { loadMapping } from '../../src/core/mapping-file.js';
import { dataSetScans } from '../../src/training-data/data-set-scans.js';
import { isMetastasis } from '../../src/training-data/drawn-metastases.js';
import { Pseudonyms } from '../../src/training-data/pseudonyms.js';
import { trainingSettingsSchema } from '../../src/training-data/training-settings.js';
import { readNifti } from '../../src/imaging/nifti.js';
import { hasPythonModule, python } from '../peers.js';

const mappings = resolve(import.meta.dirname, '../../mappings');
const settings = loadMapping(join(mappings, 'training-data.yaml'), trainingSettingsSchema);
const dataSet = (name: string) => settings.dataSets.find((entry) => entry.name === name)!;

/** Files of each data set's layout; `!` in front: not an image of it. */
const trees: Record<string, { files: string[]; tables?: Record<string, string>; patients: Record<string, boolean[]> }> =
  {
    'brats-mets': {
      files: [
        'train/BraTS-MET-00012-000/BraTS-MET-00012-000-t1c.nii.gz',
        'train/BraTS-MET-00012-000/BraTS-MET-00012-000-t1n.nii.gz',
        'train/BraTS-MET-00012-000/BraTS-MET-00012-000-seg.nii.gz',
        'train/BraTS-MET-00012-001/BraTS-MET-00012-001-t1c.nii.gz',
        'train/BraTS-MET-00012-001/BraTS-MET-00012-001-seg.nii.gz',
        'train/BraTS-MET-00100-000/BraTS-MET-00100-000-t1c.nii.gz',
      ],
      patients: { '00012': [true, true], '00100': [false] },
    },
    'ucsf-bmsr': {
      files: [
        'UCSF_BrainMetastases_TRAIN/100101A/100101A_T1post.nii.gz',
        'UCSF_BrainMetastases_TRAIN/100101A/100101A_T1pre.nii.gz',
        'UCSF_BrainMetastases_TRAIN/100101A/100101A_seg.nii.gz',
        'UCSF_BrainMetastases_TRAIN/100101B/100101B_T1post.nii.gz',
        'UCSF_BrainMetastases_TRAIN/100101B/100101B_BraTS-seg.nii.gz',
      ],
      patients: { '100101': [true, false] },
    },
    brainmetshare: {
      files: [
        'train/Mets_005/bravo.nii.gz',
        'train/Mets_005/t1_gd.nii.gz',
        'train/Mets_005/seg.nii.gz',
        'train/Mets_005/flair.nii.gz',
        'test/Mets_106/bravo.nii.gz',
      ],
      patients: { Mets_005: [true], Mets_106: [false] },
    },
    'yale-longitudinal': {
      files: [
        'YG_01M98E/2015-03-02/YG_01M98E_2015-03-02_POST.nii.gz',
        'YG_01M98E/2015-03-02/YG_01M98E_2015-03-02_FLAIR.nii.gz',
        'YG_01M98E/2014-11-20/YG_01M98E_2014-11-20_POST.nii.gz',
        'YG_01M98E/2015-03-02/YG_01M98E_2015-03-02_POST_seg.nii.gz',
      ],
      patients: { YG_01M98E: [false, true] },
    },
    nyumets: {
      files: [
        'imaging/patientId/10000001/studyId/1111111111/RTSTRUCT_MRI.nii.gz',
        'imaging/patientId/10000001/studyId/1111111111/CT1.nii.gz',
        'imaging/patientId/10000001/studyId/2222222222/RTSTRUCT_MRI.nii.gz',
        'imaging/patientId/10000001/studyId/2222222222/RTSTRUCT_segmentation.nii.gz',
        'imaging/patientId/10000001/studyId/3333333333/CT1.nii.gz',
      ],
      // The later number is the earlier visit; pandas writes numbers beside empty cells as floating point.
      tables: {
        'images.csv':
          'PatientID,StudyID,RelativeTimepoint,CT1\n10000001,1111111111.0,90.0,1\n10000001,2222222222.0,0.0,0\n',
        'clinical.csv': 'patient_identifier,note\n10000001,"a, b"\n',
      },
      patients: { '10000001': [true, false] },
    },
  };

describe('data sets of public layouts', () => {
  test('every data set of the mapping has a tree here', () => {
    expect(Object.keys(trees).sort()).toEqual(settings.dataSets.map(({ name }) => name).sort());
  });

  test.each(Object.entries(trees))(
    '%s: gives patients, their time points in order, and which are labelled',
    (name, tree) => {
      const root = mkdtempSync(join(tmpdir(), 'priora-data-set-'));
      for (const file of tree.files) {
        mkdirSync(dirname(join(root, file)), { recursive: true });
        writeFileSync(join(root, file), '');
      }
      for (const [table, text] of Object.entries(tree.tables ?? {})) writeFileSync(join(root, table), text);
      const { patients, refused } = dataSetScans(root, inputFiles([root]), dataSet(name));
      expect(refused).toEqual([]);
      expect(
        Object.fromEntries([...patients].map(([key, scans]) => [key, scans.map((scan) => scan.metastases !== null)])),
      ).toEqual(
        Object.fromEntries(Object.entries(tree.patients).map(([key, labelled]) => [`${name}/${key}`, labelled])),
      );
    },
  );

  test('refuses visits with random numbers if no table gives their order', () => {
    const root = mkdtempSync(join(tmpdir(), 'priora-data-set-'));
    for (const study of ['1111111111', '2222222222']) {
      const folder = join(root, 'imaging/patientId/10000001/studyId', study);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'RTSTRUCT_MRI.nii.gz'), '');
    }
    const scans = () => dataSetScans(root, inputFiles([root]), dataSet('nyumets'));
    expect(scans).toThrow(/no CSV file there has the columns StudyID and RelativeTimepoint/);
    writeFileSync(join(root, 'images.csv'), 'StudyID,RelativeTimepoint\n1111111111,0\n2222222222,\n');
    const { patients, refused } = scans();
    expect([...patients.values()].map((found) => found.length)).toEqual([1]);
    expect(refused).toMatchObject([{ code: 'LABEL_UNUSABLE', reason: 'no table says when visit 2222222222 was' }]);
  });

  test('refuses a folder of something else', () => {
    const root = mkdtempSync(join(tmpdir(), 'priora-data-set-'));
    writeFileSync(join(root, 'readme.txt'), '');
    expect(() => dataSetScans(root, inputFiles([root]), dataSet('brats-mets'))).toThrow(/no file below/);
  });

  test.skipIf(!hasPythonModule('nibabel'))(
    'images and labels that nibabel wrote are read, by sform or by qform alone',
    async () => {
      const root = mkdtempSync(join(tmpdir(), 'priora-data-set-'));
      const script = `
import sys, numpy as np, nibabel
affine = np.array([[-0.9, 0.1, 0, 80], [0.09, 0.8, 0.3, -90], [-0.02, -0.24, 1.1, -40], [0, 0, 0, 1]])
q, _ = np.linalg.qr(affine[:3, :3])
affine[:3, :3] = q * np.array([0.9, 0.8, 1.2])
image = np.arange(4 * 5 * 6).reshape(4, 5, 6)
for time, code in (('000', 's'), ('001', 'q')):
    for kind, data in (('t1c', image.astype(np.int16)), ('seg', (image % 4).astype(np.int64 if code == 'q' else np.uint8))):
        nii = nibabel.Nifti1Image(data, affine, dtype=data.dtype)
        nii.set_sform(affine, code=1 if code == 's' else 0)
        nii.set_qform(affine, code=1 if code == 'q' else 0)
        nibabel.save(nii, f'{sys.argv[1]}/BraTS-MET-00001-{time}-{kind}.nii.gz')
`;
      execFileSync(python, ['-c', script, root]);
      const { patients } = dataSetScans(root, inputFiles([root]), dataSet('brats-mets'));
      const [first, second] = patients.get('brats-mets/00001')!;
      const [image, other] = [await first.image(), await second.image()];
      image.patientFromVoxel.forEach((value, index) => expect(other.patientFromVoxel[index]).toBeCloseTo(value, 4));
      for (const [scan, volume] of [
        [first, image],
        [second, other],
      ] as const) {
        // prettier-ignore
        const [mask] = await scan.metastases!(volume);
        // nibabel's last axis runs fastest in its numbering, the file's first one in ours: the values say what is what.
        expect([...mask.voxels]).toEqual([...volume.voxels].map((value) => ([1, 3].includes(value % 4) ? 1 : 0)));
        await expect(scan.metastases!({ ...volume, shape: [5, 4, 6] })).rejects.toMatchObject({
          code: 'LABEL_UNUSABLE',
        });
      }
      expect((await readNifti(join(root, 'BraTS-MET-00001-001-seg.nii.gz'))).shape).toEqual([4, 5, 6]);
    },
  );
});

test('outlines named as metastases are taken, what surrounds them is left out', () => {
  const taken = ['Metastasis 1', 'GTV_met3', 'gtv', 'Tumor', 'Lesion 4', 'Neoplasm, Secondary', 'mets', 'Met 2', 'BM1'];
  const left = ['PTV_met3', 'Edema around lesion', 'Brainstem', 'Resection cavity', 'Skull', 'Parameters', 'CTV tumor'];
  expect(taken.filter((name) => !isMetastasis([name, ''], settings.metastases))).toEqual([]);
  expect(left.filter((name) => isMetastasis([name, ''], settings.metastases))).toEqual([]);
});

test('pseudonyms and splits follow from patient and key alone; shares are kept', () => {
  const folder = mkdtempSync(join(tmpdir(), 'priora-key-'));
  const shares = { training: 0.7, validation: 0.15, test: 0.15 };
  const one = Pseudonyms.fromFile(join(folder, 'data.key'), shares);
  const again = Pseudonyms.fromFile(join(folder, 'data.key'), shares);
  const other = Pseudonyms.fromFile(join(folder, 'other.key'), shares);
  const patients = Array.from({ length: 2000 }, (_, index) => `patient ${index}`);
  const names = patients.map((patient) => one.patient(patient));
  expect(patients.map((patient) => again.patient(patient))).toEqual(names);
  expect(new Set([...names, ...patients.map((patient) => other.patient(patient))]).size).toBe(4000);
  const training = patients.filter((patient) => one.split(patient) === 'training').length;
  expect(training).toBeGreaterThan(1320);
  expect(training).toBeLessThan(1480);
  expect(new Set(patients.map((patient) => one.split(patient)))).toEqual(new Set(['training', 'validation', 'test']));
});
