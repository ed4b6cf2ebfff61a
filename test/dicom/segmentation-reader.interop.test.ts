import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { firstItem, items, numbers } from '../../src/dicom/dataset.js';
import { parseFile, writeFile } from '../../src/dicom/dicom-file.js';
import { readSegmentation } from '../../src/dicom/segmentation-reader.js';
import { identityAffine, type Affine } from '../../src/imaging/affine.js';
import { resampleNearest } from '../../src/imaging/resample.js';
import type { Grid } from '../../src/imaging/volume.js';
import { freshFolder, hasPydicom, pythonJson } from '../report/peer-processes.js';
import { smallGrid, syntheticReport } from '../report/synthetic-report.js';
import { writeLabelMap, writeSegmentation } from '../../src/report/seg/write.js';

describe('what this node wrote', () => {
  const { input } = syntheticReport({ name: 'read', grid: smallGrid('sagittal'), balls: [[[0, 0, 0], 6], [[20, 0, 0], 4]] }); // prettier-ignore
  const { bytes } = writeSegmentation(input);

  test.each([
    ['segments of one bit', writeSegmentation],
    ['a label map', writeLabelMap],
  ])('comes back voxel by voxel as %s, with its identities', async (_, write) => {
    const segmentation = await readSegmentation(write(input).bytes);
    expect(segmentation.referencedSeries).toEqual([input.source.header['SeriesInstanceUID']]);
    expect(segmentation.FrameOfReferenceUID).toBe(input.source.header['FrameOfReferenceUID']);
    expect(segmentation.segments.map(({ TrackingUID }) => TrackingUID)).toEqual(
      input.lesions.map(({ trackingUID }) => trackingUID),
    );
    expect(segmentation.segments[0].type).toMatchObject({ value: '14799000', scheme: 'SCT' });
    segmentation.segments.forEach(({ mask }, index) => {
      const { voxels } = resampleNearest(mask, input.source.grid, identityAffine);
      const meant = input.labels.voxels.map((value) => (value === input.lesions[index].number ? 1 : 0));
      expect(Buffer.from(voxels).equals(Buffer.from(Uint8Array.from(meant)))).toBe(true);
    });
  });

  test('is refused if its frames are not a stack, or belong to an undescribed segment', async () => {
    const change = (edit: (dataset: ReturnType<typeof parseFile>['dataset']) => void) => {
      const { dataset } = parseFile(bytes);
      edit(dataset);
      return readSegmentation(writeFile({ ...dataset, _vrMap: { PixelData: 'OB' } }));
    };
    const frame = 'PerFrameFunctionalGroupsSequence';
    await expect(
      change((dataset) => {
        const place = firstItem(items(dataset, frame)[1], 'PlanePositionSequence');
        const [x, y, z] = numbers(place, 'ImagePositionPatient');
        place['ImagePositionPatient'] = [x, y + 5, z];
      }),
    ).rejects.toMatchObject({ code: 'GEOMETRY_MIXED' });
    await expect(
      change((dataset) => {
        firstItem(items(dataset, frame)[1], 'SegmentIdentificationSequence')['ReferencedSegmentNumber'] = 9;
      }),
    ).rejects.toThrow(/describe segment 9/);
    await expect(change((dataset) => (dataset['SOPClassUID'] = '1.2.3'))).rejects.toMatchObject({
      code: 'DICOM_CLASS_MISMATCH',
    });
  });
});

/** Writes three oblique segmentations of the same two boxes, which overlap in one column except in the label map. */
const writeWithPydicom = `
import json, sys, numpy as np, pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, RLELossless, generate_uid

folder = sys.argv[1]
c, s = np.cos(0.3), np.sin(0.3)
x, y, n = np.array([c, s, 0]), np.array([0, 0, -1.0]), None
n = np.cross(x, y)
origin = np.array([-40.0, 12.5, 33.0])
rows, columns, slices = 11, 13, 9
row_mm, column_mm, slice_mm = 1.5, 1.25, 2.0
boxes = np.zeros((2, slices, rows, columns), bool)
boxes[0, 1:4, 2:6, 3:8] = True
boxes[1, 7:8, 5:9, 7:12] = True
boxes[1, 3:4, 5:6, 7:9] = True

def item(**values):
    ds = Dataset()
    for key, value in values.items(): setattr(ds, key, value)
    return ds

def seg(kind):
    ds = item(SOPClassUID='1.2.840.10008.5.1.4.1.1.66.' + ('7' if kind == 'LABELMAP' else '4'), SOPInstanceUID=generate_uid(),
              StudyInstanceUID=generate_uid(), SeriesInstanceUID=generate_uid(), FrameOfReferenceUID='1.2.3.4', Modality='SEG',
              Rows=rows, Columns=columns, SegmentationType=kind, SamplesPerPixel=1, PixelRepresentation=0,
              PhotometricInterpretation='PALETTE COLOR' if kind == 'LABELMAP' else 'MONOCHROME2')
    ds.ReferencedSeriesSequence = Sequence([item(SeriesInstanceUID='1.2.3.5')])
    ds.SegmentSequence = Sequence([item(SegmentNumber=number, SegmentLabel=label) for number, label in ((7, 'right'), (9, 'left'))])
    shared = Dataset()
    shared.PixelMeasuresSequence = Sequence([item(PixelSpacing=[row_mm, column_mm], SliceThickness=3)])
    shared.PlaneOrientationSequence = Sequence([item(ImageOrientationPatient=[f'{v:.8f}' for v in (*x, *y)])])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    groups, frames = [], []
    def frame(k, number, values):
        group = Dataset()
        group.PlanePositionSequence = Sequence([item(ImagePositionPatient=[f'{v:.6f}' for v in origin + k * slice_mm * n])])
        if number: group.SegmentIdentificationSequence = Sequence([item(ReferencedSegmentNumber=number)])
        groups.append(group); frames.append(values)
    for k in reversed(range(slices)):
        if kind == 'LABELMAP':
            if boxes[:, k].any(): frame(k, None, np.where(boxes[1, k], 9, np.where(boxes[0, k], 7, 0)))
        else:
            for box, number in ((0, 7), (1, 9)):
                if boxes[box, k].any(): frame(k, number, boxes[box, k])
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    ds.NumberOfFrames = len(frames)
    frames = np.array(frames)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if kind == 'BINARY':
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = 1, 1, 0
        bits = np.packbits(frames.reshape(-1), bitorder='little').tobytes()
        ds.PixelData = bits + b'\\0' * (len(bits) % 2)
    else:
        if kind == 'FRACTIONAL':
            ds.MaximumFractionalValue = 200
            # Half is in, less is not.
            frames = np.where(frames, np.where(frames.cumsum(2) == 1, 100, 200), 99)
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = (16, 16, 15) if kind == 'LABELMAP' else (8, 8, 7)
        ds.PixelData = frames.astype('<u2' if kind == 'LABELMAP' else 'u1').tobytes()
        if len(ds.PixelData) % 2: ds.PixelData += b'\\0'
    ds.is_little_endian, ds.is_implicit_VR = True, False
    ds['PixelData'].VR = 'OW' if kind == 'LABELMAP' else 'OB'
    if kind == 'FRACTIONAL': ds.compress(RLELossless)
    ds.save_as(f'{folder}/{kind}.dcm', write_like_original=False)

for kind in ('BINARY', 'FRACTIONAL', 'LABELMAP'): seg(kind)
affine = np.eye(4)
affine[:3] = np.stack([x * column_mm, y * row_mm, n * slice_mm, origin], 1)
labelled = np.where(boxes[0] & boxes[1], 0, boxes[0] * 1 + boxes[1] * 2)
print(json.dumps({'affine': affine.reshape(-1).tolist(), 'shape': [columns, rows, slices],
                  'boxes': [np.flatnonzero(b).tolist() for b in boxes],
                  'first': np.flatnonzero(boxes[0] & ~boxes[1]).tolist()}))
`;

describe.skipIf(!hasPydicom)('what pydicom wrote: oblique, frames from the far end, on few slices', () => {
  const folder = freshFolder();
  let meant: { affine: Affine; shape: Grid['shape']; boxes: number[][]; first: number[] };
  beforeAll(() => {
    meant = pythonJson(writeWithPydicom, folder) as typeof meant;
  });

  test.each(['BINARY', 'FRACTIONAL', 'LABELMAP'])('%s', async (kind) => {
    const { segments, referencedSeries } = await readSegmentation(readFileSync(join(folder, `${kind}.dcm`)));
    expect(referencedSeries).toEqual(['1.2.3.5']);
    expect(segments.map(({ SegmentNumber, SegmentLabel, type }) => [SegmentNumber, SegmentLabel, type])).toEqual([
      [7, 'right', null],
      [9, 'left', null],
    ]);
    const grid = { shape: meant.shape, patientFromVoxel: meant.affine };
    const read = segments.map(({ mask }) => {
      const { voxels } = resampleNearest(mask, grid, identityAffine);
      return [...voxels.keys()].filter((index) => voxels[index] === 1);
    });
    expect(read).toEqual(kind === 'LABELMAP' ? [meant.first, meant.boxes[1]] : meant.boxes);
  });
});
