import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assembleSeries } from '../../../src/analysis/assemble/assemble-series.js';
import type { Dataset } from '../../../src/dicom/dataset.js';
import { SOPClass } from '../../../src/dicom/uid.js';
import { applyAffine, determinant, invertAffine, type Vector3 } from '../../../src/imaging/affine.js';
import { hasPeer, peerEnvironment } from '../../peers.js';
import { cross, enhancedInstance, syntheticSlices, writeInstances } from './synthetic-series.js';

const assemble = (datasets: readonly Dataset[]) => assembleSeries(writeInstances(datasets));
const refused = (code: string, subject: object = {}) =>
  expect.objectContaining({ code, subject: expect.objectContaining(subject) as object }) as Error;

describe('a single-frame series', () => {
  it('becomes a volume in patient space, with the source of every slice', async () => {
    const slices = syntheticSlices();
    const paths = writeInstances(slices);
    const { volume, frames, header, lossy, notes } = await assembleSeries(paths);
    expect(volume.shape).toEqual([6, 5, 12]);
    expect(volume.patientFromVoxel).toEqual([1.25, 0, 0, -10, 0, 1, 0, 20, 0, 0, 1.5, -30, 0, 0, 0, 1]);
    expect(volume.voxels[3 + 6 * (2 + 5 * 4)]).toBe(1423);
    expect(frames.map(({ k, path, SOPInstanceUID }) => [k, path, SOPInstanceUID])).toEqual(
      slices.map(({ SOPInstanceUID }, k) => [k, paths[k], SOPInstanceUID as string]),
    );
    expect(frames[0]).not.toHaveProperty('frameNumber');
    expect(header).toMatchObject({
      PatientID: '1',
      StudyInstanceUID: '2.25.10',
      SOPInstanceUID: frames[0].SOPInstanceUID,
    });
    expect(header).not.toHaveProperty('PixelData');
    expect({ lossy, notes }).toEqual({ lossy: false, notes: [] });
  });

  it('applies slope and intercept slice by slice', async () => {
    const slices = syntheticSlices({
      value: () => 10,
      attributes: (k) => ({ RescaleSlope: String(k + 1), RescaleIntercept: '-5' }),
    });
    const { volume } = await assemble(slices);
    expect(Array.from({ length: 12 }, (_, k) => volume.voxels[30 * k])).toEqual(
      Array.from({ length: 12 }, (_, k) => 10 * (k + 1) - 5),
    );
  });

  it('reads signed samples and sets padding to the lowest real value', async () => {
    const slices = syntheticSlices({
      value: (i, _, k) => (i === 0 ? -2000 : i - 5 * k),
      attributes: () => ({
        PixelRepresentation: 1,
        PixelPaddingValue: -2000,
        _vrMap: { PixelData: 'OW', PixelPaddingValue: 'SS' },
      }),
    });
    const { volume, notes } = await assemble(slices);
    expect(volume.voxels[0]).toBe(1 - 5 * 11);
    expect(volume.voxels[2]).toBe(2);
    expect(notes).toEqual([{ kind: 'padding', voxels: 60 }]);
  });

  it('notes earlier lossy compression', async () => {
    const { lossy, notes } = await assemble(syntheticSlices({ attributes: () => ({ LossyImageCompression: '01' }) }));
    expect({ lossy, notes }).toEqual({ lossy: true, notes: [{ kind: 'lossy compression' }] });
  });

  it('counts an instance given twice only once', async () => {
    const slices = syntheticSlices();
    expect((await assemble([...slices, slices[3]])).frames).toHaveLength(12);
  });
});

describe('a series of any acquisition', () => {
  const unit = (v: readonly number[]): Vector3 => {
    const norm = Math.hypot(...v);
    return [v[0] / norm, v[1] / norm, v[2] / norm];
  };
  const component = fc.double({ min: -1, max: 1, noNaN: true });
  const direction = fc.tuple(component, component, component).filter((v) => Math.hypot(...v) > 0.2);

  it('gives the same values in patient space, whatever its orientation, direction of stacking and order of files', async () => {
    await fc.assert(
      fc.asyncProperty(
        direction,
        direction.filter((v) => Math.hypot(...v) > 0.2),
        fc.boolean(),
        fc.boolean(),
        fc.infiniteStream(fc.nat(1000)),
        async (a, b, flipRows, flipStack, order) => {
          const rowDirection = unit(a);
          fc.pre(Math.hypot(...cross(rowDirection, unit(b))) > 0.1);
          const columnDirection = unit(cross(rowDirection, unit(b)));
          const base = { rowDirection, columnDirection, origin: [-31.25, 12.5, 40] as Vector3 };
          const straight = await assemble(syntheticSlices(base));
          // The same head, its rows written from the other side and its slices from the other end.
          const negative = (v: Vector3): Vector3 => [-v[0], -v[1], -v[2]];
          const last = (flip: boolean, count: number) => (index: number) => (flip ? count - 1 - index : index);
          const i = last(flipRows, 6);
          const k = last(flipRows !== flipStack, 12);
          const j = last(flipStack, 5);
          const other = syntheticSlices({
            rowDirection: flipRows ? negative(rowDirection) : rowDirection,
            columnDirection: flipStack ? negative(columnDirection) : columnDirection,
            origin: applyAffine(straight.volume.patientFromVoxel, [i(0), j(0), k(0)]),
            value: (x, y, z) => 1000 + i(x) + 10 * j(y) + 100 * k(z),
          });
          const shuffled = other.map((slice) => ({ slice, at: order.next().value as number }));
          const { volume, frames } = await assemble(shuffled.sort((x, y) => x.at - y.at).map(({ slice }) => slice));
          expect(determinant(volume.patientFromVoxel)).toBeGreaterThan(0);
          expect(frames.map((frame) => frame.SOPInstanceUID)).toEqual(
            other.map((slice) => slice['SOPInstanceUID'] as string),
          );
          const straightFromPatient = invertAffine(straight.volume.patientFromVoxel);
          for (const voxel of [
            [0, 0, 0],
            [5, 4, 11],
            [2, 3, 7],
            [1, 0, 10],
          ] as Vector3[]) {
            const [x, y, z] = applyAffine(straightFromPatient, applyAffine(volume.patientFromVoxel, voxel));
            expect(Math.hypot(x - i(voxel[0]), y - j(voxel[1]), z - k(voxel[2]))).toBeLessThan(1e-5);
            const at = (grid: Vector3) => grid[0] + 6 * (grid[1] + 5 * grid[2]);
            expect(volume.voxels[at(voxel)]).toBe(
              straight.volume.voxels[at([Math.round(x), Math.round(y), Math.round(z)])],
            );
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('assembling refuses a series that is not one complete, even stack', () => {
  const slices = syntheticSlices();
  const without = (...missing: number[]) => slices.filter((_, k) => !missing.includes(k));
  const changed = (k: number, change: Dataset) =>
    slices.map((slice, at) => (at === k ? { ...slice, ...change } : slice));
  const uid = (k: number) => ({ SOPInstanceUID: slices[k]['SOPInstanceUID'] as string });

  it('with any one inner slice missing', async () => {
    for (let k = 1; k < 11; k++)
      await expect(assemble(without(k))).rejects.toThrow(refused('GEOMETRY_GAP', uid(k === 11 ? 10 : k + 1)));
  });

  it('with several slices missing', async () => {
    const more = syntheticSlices({ shape: [6, 5, 20] });
    await expect(assemble(more.filter((_, k) => k < 8 || k > 10))).rejects.toThrow(/about 3 missing/);
  });

  it('with an unevenly spaced slice', async () => {
    const moved = changed(6, { ImagePositionPatient: ['-10', '20', String(-30 + 6 * 1.5 + 0.3)] });
    await expect(assemble(moved)).rejects.toThrow(refused('GEOMETRY_GAP'));
  });

  it('with two slices in one position', async () => {
    const twice = [...slices, { ...slices[4], SOPInstanceUID: '2.25.99' }];
    await expect(assemble(twice)).rejects.toThrow(refused('GEOMETRY_DUPLICATE'));
  });

  it.each([
    ['echoes', { EchoTime: '9.8' }, /EchoTime/],
    ['time points', { TemporalPositionIdentifier: '2' }, /TemporalPositionIdentifier/],
    ['inversions', { InversionTime: '2500' }, /InversionTime/],
  ])('with several %s, and says so', async (_, change, message) => {
    const first = slices.map((slice) => ({
      ...slice,
      EchoTime: '3',
      InversionTime: '900',
      TemporalPositionIdentifier: '1',
    }));
    const second = first.map((slice, k) => ({ ...slice, ...change, SOPInstanceUID: `2.25.5${k}` }));
    await expect(assemble([...first, ...second])).rejects.toThrow(refused('GEOMETRY_MIXED'));
    await expect(assemble([...first, ...second])).rejects.toThrow(message);
  });

  it('that is a localiser with three orientations', async () => {
    const sagittal = syntheticSlices({ rowDirection: [0, 1, 0], columnDirection: [0, 0, -1] });
    const mixed = [...slices, ...sagittal.map((slice, k) => ({ ...slice, SOPInstanceUID: `2.25.6${k}` }))];
    await expect(assemble(mixed)).rejects.toThrow(refused('GEOMETRY_MIXED'));
    await expect(assemble(mixed)).rejects.toThrow(/orientations/);
  });

  it.each([
    ['another size', { Rows: 4, PixelData: new Uint16Array(24).buffer }],
    ['another pixel spacing', { PixelSpacing: ['1', '1.5'] }],
    ['another frame of reference', { FrameOfReferenceUID: '2.25.77' }],
    ['another series', { SeriesInstanceUID: '2.25.77' }],
    ['a reformat among originals', { ImageType: ['DERIVED', 'SECONDARY', 'MPR'] }],
  ])('with a slice of %s', async (_, change) => {
    await expect(assemble(changed(5, change))).rejects.toThrow(refused('GEOMETRY_MIXED'));
  });

  it('with a tilted gantry, whose slices are sheared against their normal', async () => {
    const sheared = slices.map((slice, k) => ({
      ...slice,
      ImagePositionPatient: ['-10', String(20 + 0.4 * k), String(-30 + 1.5 * k)],
    }));
    await expect(assemble(sheared)).rejects.toThrow(refused('GEOMETRY_MIXED'));
    await expect(assemble(sheared)).rejects.toThrow(/stacked along their normal/);
  });

  it.each([
    ['no position', { ImagePositionPatient: undefined }],
    ['no orientation', { ImageOrientationPatient: undefined }],
    ['no pixel spacing', { PixelSpacing: undefined }],
    ['a zero pixel spacing', { PixelSpacing: ['0', '0'] }],
    ['a skewed orientation', { ImageOrientationPatient: ['1', '0', '0', '0.1', '1', '0'] }],
    ['an orientation of length zero', { ImageOrientationPatient: ['0', '0', '0', '0', '1', '0'] }],
  ])('with %s, naming the instance', async (_, change) => {
    const { ...slice } = { ...slices[7], ...change } as Dataset;
    for (const [keyword, value] of Object.entries(change)) if (value === undefined) delete slice[keyword];
    await expect(assemble(slices.map((other, k) => (k === 7 ? slice : other)))).rejects.toThrow(
      refused('GEOMETRY_MISSING', uid(7)),
    );
  });

  it('of two slices', async () => {
    await expect(assemble(slices.slice(0, 2))).rejects.toThrow(refused('SERIES_TOO_SMALL'));
  });

  it('of one slice, or of none', async () => {
    await expect(assemble(slices.slice(0, 1))).rejects.toThrow(refused('SERIES_TOO_SMALL'));
    await expect(assemble([])).rejects.toThrow(refused('SERIES_TOO_SMALL'));
  });

  it.each([
    ['CT by its modality', { Modality: 'CT' }],
    ['CT by its tube voltage', { KVP: '120' }],
    ['CT by its units', { RescaleType: 'HU', RescaleSlope: '1', RescaleIntercept: '-1024' }],
    ['another SOP class', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.2' }],
    ['our own segmentation', { SOPClassUID: SOPClass.SegmentationStorage, Modality: 'SEG' }],
  ])('with %s under an MR series', async (_, change) => {
    await expect(assemble(changed(5, change))).rejects.toThrow(refused('DICOM_CLASS_MISMATCH', uid(5)));
  });

  it('with a file cut in its pixels, one cut in its header, or one that is not DICOM', async () => {
    const paths = writeInstances(slices);
    const whole = readFileSync(paths[4]);
    writeFileSync(paths[4], whole.subarray(0, whole.length - 20));
    await expect(assembleSeries(paths)).rejects.toThrow(refused('PIXELS_UNDECODABLE', uid(4)));
    writeFileSync(paths[4], whole.subarray(0, whole.indexOf('ORIGINAL') + 3));
    await expect(assembleSeries(paths)).rejects.toThrow(refused('DICOM_UNREADABLE', { path: paths[4] }));
    writeFileSync(paths[4], 'nothing of the kind');
    await expect(assembleSeries(paths)).rejects.toThrow(refused('DICOM_UNREADABLE', { path: paths[4] }));
  });

  it('with samples declared as RLE', async () => {
    const paths = writeInstances(slices);
    const bytes = readFileSync(paths[2]);
    const at = bytes.indexOf('1.2.840.10008.1.2.1\0');
    bytes.write('1.2.840.10008.1.2.5\0', at, 'latin1');
    writeFileSync(paths[2], bytes);
    await expect(assembleSeries(paths)).rejects.toThrow(refused('PIXELS_UNDECODABLE', uid(2)));
  });
});

describe('an even stack with slices missing at regular intervals', () => {
  const header = (values: Dataset, number = (k: number) => k + 1) =>
    syntheticSlices({
      shape: [6, 5, 36],
      spacingMm: [1.25, 1, 1],
      attributes: (k) => ({ ...values, InstanceNumber: String(number(k)) }),
    });
  const everyNth = (n: number, slices: readonly Dataset[]) => slices.filter((_, k) => k % n === 0);
  const renumbered = (slices: readonly Dataset[]) =>
    slices.map((slice, k) => ({ ...slice, InstanceNumber: String(k + 1) }));
  const thin = { SliceThickness: '1' };
  const spaced = { SliceThickness: '1', SpacingBetweenSlices: '1' };
  const overlapping = { SliceThickness: '2', SpacingBetweenSlices: '1' };

  it.each([
    ['every second, by their numbers', everyNth(2, header(thin)), /InstanceNumber goes up by 2: 1 of every 2/],
    ['every second, counted down', everyNth(2, header(thin, (k) => 40 - k)), /InstanceNumber goes up by 2/],
    ['every third, by their numbers', everyNth(3, header(thin)), /goes up by 3: 2 of every 3/],
    ['every second of overlapping ones', everyNth(2, header(overlapping)), /InstanceNumber goes up by 2/],
    ['every second, numbered anew, by the distance', renumbered(everyNth(2, header(spaced))), /SpacingBetweenSlices is 1\.00 mm: 1 of every 2/],
    ['frames of an Enhanced MR', [enhancedInstance(header(thin).filter((_, k) => k % 2 === 0), (k) => ({
      FrameContentSequence: [{ StackID: '1', InStackPositionNumber: 2 * k + 1, TemporalPositionIndex: 1 }],
    }))], /InStackPositionNumber goes up by 2/],
  ])('is refused: %s', async (_, slices, message) => {
    await expect(assemble(slices)).rejects.toThrow(refused('GEOMETRY_GAP'));
    await expect(assemble(slices)).rejects.toThrow(message);
  }); // prettier-ignore

  const apart = (mm: number, values: Dataset, number?: (k: number) => number) =>
    header(values, number).map((slice, k) => ({ ...slice, ImagePositionPatient: ['-10', '20', String(k * mm)] }));
  it.each([
    ['thin slices with gaps', apart(2, thin)],
    ['the same, their distance told', apart(2, { SliceThickness: '1', SpacingBetweenSlices: '2' })],
    ['the same, numbered two by two', apart(2, { SliceThickness: '1', SpacingBetweenSlices: '2' }, (k) => 2 * k)],
    ['overlapping slices', apart(1, overlapping)],
    ['thick slices, only their gap told', apart(6, { SliceThickness: '5', SpacingBetweenSlices: '1' })],
    ['a reformat with its source’s distance', apart(2, { SliceThickness: '2', SpacingBetweenSlices: '1' })],
    ['abutting slices numbered two by two', apart(1, thin, (k) => 2 * k)],
    ['numbers without a rule', apart(1, thin, (k) => (7 * k) % 36)],
  ])('is not seen in a complete one: %s', async (_, slices) => {
    expect((await assemble(slices)).frames).toHaveLength(36);
  });

  it('is not seen in magnitude images whose phase images have the numbers in between', async () => {
    const component = (name: string) => ({ SliceThickness: '7', ImageType: ['ORIGINAL', 'PRIMARY', name, 'ND'] });
    const magnitude = header(component('M'), (k) => 2 * k + 1);
    const phase = header(component('P'), (k) => 2 * k + 2).map((slice, k) => ({
      ...slice,
      SOPInstanceUID: `2.25.8${k}`,
    }));
    expect((await assemble([...magnitude, ...phase])).notes).toEqual([{ kind: 'frames left out', frames: 36 }]);
  });
});

describe('an Enhanced MR instance', () => {
  const slices = syntheticSlices({ rowDirection: [0, 1, 0], columnDirection: [0, 0, -1] });

  it('gives the same volume as its frames as single-frame instances', async () => {
    const single = await assemble(slices);
    const { volume, frames } = await assemble([enhancedInstance([...slices].reverse())]);
    expect(volume).toEqual(single.volume);
    expect(frames.map(({ frameNumber, k }) => [frameNumber, k])).toEqual(
      Array.from({ length: 12 }, (_, k) => [12 - k, k]),
    );
    expect(new Set(frames.map(({ SOPInstanceUID }) => SOPInstanceUID))).toEqual(new Set(['2.25.13']));
    expect(frames[0].SOPClassUID).toBe(SOPClass.EnhancedMRImageStorage);
  });

  it('prefers a frame’s own functional group to the shared one', async () => {
    const transformation = (slope: number) => ({
      PixelValueTransformationSequence: [{ RescaleSlope: String(slope), RescaleIntercept: '0', RescaleType: 'US' }],
    });
    const instance = enhancedInstance(
      slices,
      (k): Record<string, Dataset[]> => (k === 3 ? transformation(5) : {}),
      transformation(2),
    );
    const { volume } = await assemble([instance]);
    expect([2, 3].map((k) => volume.voxels[30 * k])).toEqual([2 * 1200, 5 * 1300]);
  });

  it('leaves out a survey stack and phase images, and says so', async () => {
    const survey = syntheticSlices({ shape: [6, 5, 3] });
    const frameType = (value: string) => ({
      MRImageFrameTypeSequence: [{ FrameType: ['ORIGINAL', 'PRIMARY', value, 'NONE'] }],
    });
    const instance = enhancedInstance([...slices, ...slices, ...survey], (frame) =>
      frame < 24
        ? frameType(frame < 12 ? 'M' : 'P')
        : { ...frameType('M'), FrameContentSequence: [{ StackID: '2', TemporalPositionIndex: 1 }], PlaneOrientationSequence: [{ ImageOrientationPatient: survey[0]['ImageOrientationPatient'] }] },
    ); // prettier-ignore
    const { volume, notes } = await assemble([instance]);
    expect(volume).toEqual((await assemble(slices)).volume);
    expect(notes).toEqual([{ kind: 'frames left out', frames: 15 }]);
  });

  it('is refused with several temporal positions', async () => {
    const instance = enhancedInstance([...slices, ...slices], (frame) => ({
      FrameContentSequence: [{ StackID: '1', TemporalPositionIndex: frame < 12 ? 1 : 2 }],
    }));
    await expect(assemble([instance])).rejects.toThrow(refused('GEOMETRY_MIXED', { SOPInstanceUID: '2.25.13' }));
    await expect(assemble([instance])).rejects.toThrow(/TemporalPositionIndex 1 and 2/);
  });

  it('is refused with a frame that has no position, naming the frame', async () => {
    const instance = enhancedInstance(slices, (k): Record<string, Dataset[]> =>
      k === 8 ? { PlanePositionSequence: [] } : {},
    );
    await expect(assemble([instance])).rejects.toThrow(
      refused('GEOMETRY_MISSING', { SOPInstanceUID: '2.25.13', frameNumber: 9 }),
    );
  });

  it('is refused with fewer functional groups than frames', async () => {
    const instance = enhancedInstance(slices);
    const groups = (instance['PerFrameFunctionalGroupsSequence'] as Dataset[]).slice(1);
    await expect(assemble([{ ...instance, PerFrameFunctionalGroupsSequence: groups }])).rejects.toThrow(
      refused('GEOMETRY_MISSING'),
    );
  });
});

describe.skipIf(!hasPeer('dcmcrle') || !hasPeer('gdcmconv'))(
  'a series whose slices were compressed in different ways',
  () => {
    it('gives the same volume', async () => {
      const slices = syntheticSlices({ shape: [32, 24, 12] });
      const paths = writeInstances(slices);
      const expected = await assembleSeries(paths);
      const compress = (k: number, command: string, ...options: string[]) => {
        const target = join(dirname(paths[k]), `compressed-${k}.dcm`);
        execFileSync(command, [...options, paths[k], target], { env: peerEnvironment, stdio: 'pipe' });
        return target;
      };
      const mixed = paths.map((path, k) =>
        k % 3 === 0 ? path : k % 3 === 1 ? compress(k, 'dcmcrle') : compress(k, 'gdcmconv', '--j2k'),
      );
      const { volume, lossy } = await assembleSeries(mixed);
      expect(volume).toEqual(expected.volume);
      expect(lossy).toBe(false);
    });

    it.skipIf(!hasPeer('dcmodify'))('is lossy if a codestream is, even if its header does not say so', async () => {
      const options = { env: peerEnvironment, stdio: 'pipe' } as const;
      const paths = writeInstances(syntheticSlices({ shape: [32, 24, 12] })).map((path, k) => {
        const target = join(dirname(path), `irreversible-${k}.dcm`);
        execFileSync('gdcmconv', ['--j2k', '--lossy', '--irreversible', '-r', '2', path, target], options);
        execFileSync('dcmodify', ['--no-backup', '--erase-all', 'LossyImageCompression', target], options);
        return target;
      });
      const { lossy, notes } = await assembleSeries(paths);
      expect({ lossy, notes }).toEqual({ lossy: true, notes: [{ kind: 'lossy compression' }] });
    });
  },
);
