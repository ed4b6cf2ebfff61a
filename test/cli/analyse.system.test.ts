import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { stages } from '../../src/model/case-result.js';
import type { Analysis as AnalysedFiles } from '../../src/node/operations/analyse-files.js';
import type { Dataset } from '../../src/dicom/dataset.js';
import { readDicomFile } from '../../src/dicom/dicom-file.js';
import { SOPClass } from '../../src/dicom/uid.js';
import { phantomStudies, type PhantomStudy } from '../analysis/pipeline/studies.js';
import { hasPeer } from '../peers.js';
import { validate } from '../report/peer-processes.js';
import { configuration, modelsWith, priora, rewritten, root, temporary } from './priora.js';

/** What `analyse --json` prints. */
type Analysis = AnalysedFiles & { readonly notice: string };

let studies: PhantomStudy[];
beforeAll(async () => {
  studies = await phantomStudies();
});

const folderOf = ({ paths }: PhantomStudy) => dirname(paths[0]);
const analysisOf = (stdout: string) => JSON.parse(stdout) as Analysis;
const sha256 = (name: string) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'test/fixtures/models', name)))
    .digest('hex');

describe('analysing two studies of a patient, the later one given first', () => {
  let stdout: string;
  let stderr: string;
  let code: number | null;
  let analysis: Analysis;
  const out = temporary('out');
  beforeAll(async () => {
    const [baseline, followUp] = studies.map(folderOf);
    const { path } = configuration();
    const wanted = ['--objects', 'SEG,SR,RTSTRUCT,REG', '--json', '--config', path];
    ({ stdout, stderr, code } = await priora('analyse', followUp, baseline, '--out', out, ...wanted));
    analysis = analysisOf(stdout);
  });

  test('exits with 0, with one JSON object on standard output and progress on standard error', () => {
    expect(code).toBe(0);
    expect(Object.keys(analysis)).toEqual(['timePoints', 'refusedFiles', 'failures', 'notice']);
    expect(analysis.refusedFiles).toEqual([]);
    expect(analysis.failures).toEqual([]);
    expect(analysis.notice).toContain('Not for use in diagnostic procedures');
    expect(stderr).toContain('study 1 of 2: prepare');
    expect(stderr).toContain('study 2 of 2: report');
  });

  test('takes them in the order of acquisition, the first as the prior of the second', () => {
    const [first, second] = analysis.timePoints;
    const [baseline, followUp] = studies;
    expect(first).toMatchObject({
      PatientID: baseline.PatientID,
      StudyInstanceUID: baseline.StudyInstanceUID,
      SeriesInstanceUID: baseline.SeriesInstanceUID,
      status: 'reported',
      reason: null,
      prior: null,
      noPriorReason: 'no earlier study of this patient is available',
      forced: false,
    });
    expect(second).toMatchObject({
      StudyInstanceUID: followUp.StudyInstanceUID,
      status: 'reported',
      noPriorReason: null,
      prior: {
        StudyInstanceUID: baseline.StudyInstanceUID,
        SeriesInstanceUID: baseline.SeriesInstanceUID,
        verdict: 'accepted',
        reason: null,
      },
    });
    // Of two images that have nothing to do with each other it is 1.
    expect(second.prior!.similarity).toBeGreaterThan(1.05);
    const seen = new Set(first.lesions.map(({ trackingUID }) => trackingUID));
    expect(first.lesions.every(({ change }) => change === 'baseline')).toBe(true);
    expect(second.lesions.some(({ trackingUID }) => seen.has(trackingUID))).toBe(true);
    for (const { trackingUID, change, splitFrom } of second.lesions) {
      if (seen.has(trackingUID)) expect(change).not.toBe('new');
      // What was not seen before is new, was dimly there, was not shown (baseline), or broke off from a lesion that was.
      else if (splitFrom === null) expect(['new', 'unclear', 'baseline']).toContain(change);
    }
  });

  test('gives every field with its unit', () => {
    for (const timePoint of analysis.timePoints) {
      expect(timePoint.lesions.length).toBeGreaterThan(0);
      for (const lesion of timePoint.lesions) {
        expect(lesion).toEqual({
          number: expect.any(Number) as number,
          trackingUID: expect.stringMatching(/^[\d.]+$/) as string,
          trackingID: expect.stringMatching(/./) as string,
          confidence: expect.stringMatching(/^(confirmed|candidate)$/) as string,
          change: expect.stringMatching(/./) as string,
          volumeMm3: expect.any(Number) as number,
          longAxisMm: expect.any(Number) as number,
          shortAxisMm: expect.any(Number) as number,
          maximum3dDiameterMm: expect.any(Number) as number,
          axialSlices: expect.any(Number) as number,
          centroidPatientMm: [expect.any(Number), expect.any(Number), expect.any(Number)] as number[],
          probability: expect.any(Number) as number,
          probabilities: { sensitivity: expect.any(Number) as number, specificity: expect.any(Number) as number },
          site: lesion.site && {
            structure: {
              value: expect.stringMatching(/^\d+$/) as string,
              scheme: 'SCT',
              meaning: expect.stringMatching(/./) as string,
            },
            laterality: lesion.site.laterality,
          },
          sincePrior: lesion.sincePrior && (expect.any(Object) as object),
          sinceBaseline: lesion.sinceBaseline && (expect.any(Object) as object),
          mergedFrom: expect.any(Array) as unknown[],
          splitFrom: lesion.splitFrom && (expect.any(Object) as object),
        });
        expect(lesion.volumeMm3).toBeGreaterThan(0);
        expect(lesion.probability).toBeGreaterThanOrEqual(0.5);
        expect(lesion.probability).toBeLessThanOrEqual(1);
      }
      expect(timePoint.models).toEqual([
        { name: 'M_sens', sha256: sha256('m-sens.onnx') },
        { name: 'M_spec', sha256: sha256('m-spec.onnx') },
      ]);
      expect(Object.keys(timePoint.seconds)).toEqual(stages);
      expect(Object.values(timePoint.seconds).every((seconds) => seconds >= 0)).toBe(true);
    }
  });

  test('writes what was asked for and a picture each, in separate folders; SEG and SR name each other', async () => {
    for (const [index, { outputs, StudyInstanceUID }] of analysis.timePoints.entries()) {
      const folder = join(out, `time-point-${index + 1}`);
      expect(outputs).toEqual({
        seg: join(folder, 'seg.dcm'),
        sr: join(folder, 'sr.dcm'),
        rtstruct: join(folder, 'rtstruct.dcm'),
        // There is nothing to register the first time point with.
        ...(index === 0 ? {} : { reg: join(folder, 'reg.dcm') }),
        picture: join(folder, 'picture.png'),
      });
      const seg = (await readDicomFile(outputs.seg!)).dataset;
      const sr = (await readDicomFile(outputs.sr!)).dataset;
      expect(seg).toMatchObject({ SOPClassUID: SOPClass.SegmentationStorage, StudyInstanceUID });
      expect(sr).toMatchObject({ SOPClassUID: SOPClass.Comprehensive3DSRStorage, StudyInstanceUID });
      expect(JSON.stringify(sr)).toContain(seg['SOPInstanceUID']);
      expect(readFileSync(outputs.picture!).subarray(1, 4).toString()).toBe('PNG');
    }
  });

  test.skipIf(!hasPeer('dciodvfy'))('writes objects in which dciodvfy finds no error', () => {
    for (const { outputs } of analysis.timePoints)
      for (const path of Object.values(outputs).filter((output) => output?.endsWith('.dcm')))
        expect(
          validate('dciodvfy', '-new', path!)
            .split('\n')
            .filter((line) => line.startsWith('Error')),
        ).toEqual([]);
  });
});

describe('a series that selection refuses', () => {
  let folder: string;
  const nothing = () => configuration({ modelsDir: modelsWith({ threshold: 0.999999 }) }).path;
  beforeAll(() => {
    folder = rewritten(studies[0].paths, () => ({
      ContrastBolusAgent: '',
      ContrastBolusRoute: '',
      ContrastBolusVolume: '',
      SeriesDescription: 't1_mprage_tra_p2_iso',
      ProtocolName: 't1_mprage_tra_p2_iso',
      StudyDescription: 'MRI head',
    }));
  });

  test('is rejected with the reason: 4', async () => {
    const out = temporary('out');
    const { code, stdout } = await priora('analyse', folder, '--out', out, '--config', configuration().path);
    expect(stdout).toContain('rejected: series');
    expect(stdout).toContain('contrast');
    expect(stdout).toContain('Not for use in diagnostic procedures');
    expect(existsSync(join(out, 'time-point-1'))).toBe(false);
    expect(code).toBe(4);
  });

  test('is analysed with --force-series, and JSON and SR say so; without findings there is an SR and no SEG', async () => {
    const out = temporary('out');
    const parameters = [folder, '--out', out, '--force-series', '--json', '--config', nothing()];
    const { code, stdout } = await priora('analyse', ...parameters);
    expect(code).toBe(0);
    const [timePoint] = analysisOf(stdout).timePoints;
    expect(timePoint).toMatchObject({ status: 'reported', forced: true, lesions: [], outputs: { seg: null } });
    const sr: Dataset = (await readDicomFile(timePoint.outputs.sr!)).dataset;
    expect(JSON.stringify(sr)).toContain('Series selection was overridden by an operator.');
    expect(existsSync(join(out, 'time-point-1/seg.dcm'))).toBe(false);
  });
});

test('a study that fails holds back the later ones of its patient only: 1, and the rest is printed', async () => {
  const out = temporary('out');
  writeFileSync(join(out, 'time-point-1'), 'in the way of the first study’s folder');
  const followUp = rewritten(studies[1].paths.slice(50, 52), () => ({}));
  const stranger = rewritten(studies[1].paths.slice(50, 52), (index) => ({
    PatientID: 'SOMEBODY-ELSE',
    StudyInstanceUID: '1.2.3',
    SeriesInstanceUID: '1.2.3.4',
    SOPInstanceUID: `1.2.3.4.${index}`,
    AcquisitionDate: '20300101',
  }));
  const inputs = [folderOf(studies[0]), followUp, stranger];
  const { code, stdout, stderr } = await priora('analyse', ...inputs, '--out', out, '--json', '--config', configuration().path); // prettier-ignore
  expect(code).toBe(1);
  const { timePoints, failures } = analysisOf(stdout);
  expect(timePoints).toMatchObject([{ PatientID: 'SOMEBODY-ELSE', status: 'rejected' }]);
  const reason = expect.stringContaining('an earlier study of this patient failed') as string;
  expect(failures).toMatchObject([
    { StudyInstanceUID: studies[0].StudyInstanceUID, code: 'INTERNAL' },
    { StudyInstanceUID: studies[1].StudyInstanceUID, reason },
  ]);
  expect(stderr).toContain(failures[0].reason);
});

describe('input that is not a series of a brain', () => {
  const analyse = (...paths: string[]) =>
    priora('analyse', ...paths, '--out', temporary('out'), '--json', '--config', configuration().path);

  test('without any DICOM is nothing to do: 3', async () => {
    const folder = temporary('text');
    writeFileSync(join(folder, 'README.txt'), 'no images here');
    const { code, stdout } = await analyse(folder);
    expect(code).toBe(3);
    expect(analysisOf(stdout)).toMatchObject({
      timePoints: [],
      refusedFiles: [{ path: join(folder, 'README.txt'), dicom: false, code: 'DICOM_UNREADABLE' }],
    });
  });

  test('of two slices or CT is rejected, and a contradictory birth date puts the study on hold, each with its reason: 4', async () => {
    const slices = ({ paths }: PhantomStudy, changes: Dataset) => rewritten(paths.slice(50, 52), () => changes);
    const two = slices(studies[0], {});
    const contradicting = slices(studies[1], { PatientBirthDate: '19010101' });
    const ct = rewritten(studies[0].paths.slice(50, 60), (index) => ({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      Modality: 'CT',
      PatientID: 'SOMEBODY-ELSE',
      StudyInstanceUID: '1.2.3',
      SeriesInstanceUID: '1.2.3.4',
      SOPInstanceUID: `1.2.3.4.${index}`,
      AcquisitionDate: '20300101',
    }));
    const { code, stdout } = await analyse(two, ct, contradicting);
    expect(code).toBe(4);
    const { timePoints } = analysisOf(stdout);
    const nothing = { lesions: [], models: [], outputs: { seg: null, sr: null, picture: null } };
    expect(timePoints).toMatchObject([
      { StudyInstanceUID: studies[0].StudyInstanceUID, status: 'rejected', ...nothing },
      { status: 'held', reason: 'PatientBirthDate contradicts what is known', ...nothing },
      { StudyInstanceUID: '1.2.3', PatientID: 'SOMEBODY-ELSE', status: 'rejected', ...nothing },
    ]);
    expect(timePoints[0].reason).toContain(studies[0].SeriesInstanceUID);
    expect(timePoints[2].reason).toContain('modality MR');
  });

  test('of two slices under --force-series is rejected because of their number: 4', async () => {
    const two = rewritten(studies[0].paths.slice(50, 52), () => ({}));
    const { code, stdout } = await analyse(two, '--force-series');
    const [timePoint] = analysisOf(stdout).timePoints;
    expect(timePoint).toMatchObject({ status: 'rejected', forced: true });
    expect(timePoint.reason).toMatch(/2 slices/);
    expect(code).toBe(4);
  });

  test('of truncated files, files without PatientID, or CT under an MR class is refused by name: 4', async () => {
    const [cut, nobody, ct] = [
      rewritten(studies[0].paths.slice(50, 51), () => ({})),
      rewritten(studies[0].paths.slice(51, 52), () => ({ PatientID: '' })),
      rewritten(studies[0].paths.slice(52, 53), () => ({ Modality: 'CT' })),
    ].map((folder) => join(folder, '0.dcm'));
    writeFileSync(cut, readFileSync(cut).subarray(0, -1000));
    const { code, stdout } = await analyse(cut, nobody, ct);
    expect(code).toBe(4);
    expect(analysisOf(stdout)).toMatchObject({
      timePoints: [],
      refusedFiles: [
        { path: cut, dicom: true, code: 'DICOM_UNREADABLE' },
        { path: nobody, dicom: true, code: 'DICOM_MISSING_ATTRIBUTE', reason: /PatientID is missing/ },
        { path: ct, dicom: true, code: 'DICOM_CLASS_MISMATCH' },
      ].map((file) => (file.reason ? { ...file, reason: expect.stringMatching(file.reason) as string } : file)),
    });
  });
});
