import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readStructureSet, regionMask, type StructureSet } from '../../src/dicom/structure-set-reader.js';
import type { Affine } from '../../src/imaging/affine.js';
import type { Grid } from '../../src/imaging/volume.js';
import { freshFolder, hasPydicom, pythonJson } from '../report/peer-processes.js';
import { smallGrid, syntheticReport } from '../report/synthetic-report.js';

describe('what this node wrote', () => {
  test.each(['axial', 'sagittal'] as const)('fills, as %s, the voxels of each lesion and no others', (plane) => {
    const { input } = syntheticReport({ name: `contours ${plane}`, grid: smallGrid(plane), balls: [[[0, 0, 0], 9], [[24, 0, 0], 5]] }); // prettier-ignore
    const { regions, referencedSeries } = readStructureSet(writeStructureSet(input).bytes);
    expect(referencedSeries).toEqual([input.source.header['SeriesInstanceUID']]);
    expect(regions).toHaveLength(2);
    regions.forEach((region, index) => {
      const { voxels } = regionMask(region, input.source.grid);
      const meant = Uint8Array.from(input.labels.voxels, (value) => (value === input.lesions[index].number ? 1 : 0));
      expect(Buffer.from(voxels).equals(Buffer.from(meant))).toBe(true);
    });
  });
});

/**
 * A structure set on an oblique series: a blob with a hole as two contours, the same as one keyhole contour, and a point. Which pixels
 * are inside, matplotlib says.
 */
const writeWithPydicom = `
import json, sys, numpy as np
from matplotlib.path import Path
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

c, s = np.cos(0.4), np.sin(0.4)
x, y = np.array([c, 0, s]), np.array([0, 1.0, 0])
n = np.cross(x, y)
origin, spacing = np.array([-20.0, 31.5, 7.25]), (0.9, 1.1, 2.5)
columns, rows, slices = 30, 26, 6
affine = np.eye(4)
affine[:3] = np.stack([x * spacing[0], y * spacing[1], n * spacing[2], origin], 1)
angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
def ring(radius, centre, wobble=0.0):
    r = radius * (1 + wobble * np.sin(3 * angle))
    return np.stack([centre[0] + r * np.cos(angle), centre[1] + r * np.sin(angle)], 1)

def item(**values):
    ds = Dataset()
    for key, value in values.items(): setattr(ds, key, value)
    return ds
def contour(points, k, kind='CLOSED_PLANAR'):
    at = np.c_[points, np.full(len(points), k), np.ones(len(points))] @ affine.T
    return item(ContourGeometricType=kind, NumberOfContourPoints=len(points), ContourData=[f'{v:.3f}' for v in at[:, :3].reshape(-1)])

inside = np.zeros((slices, rows, columns), bool)
centres = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), 2).reshape(-1, 2)
two, one = [], []
for k in (1, 2, 4):
    outer, hole = ring(9.3, (14.2, 12.6), 0.2), ring(3.4, (13.1, 12.9))
    two += [contour(outer, k), contour(hole[::-1], k)]
    one += [contour(np.concatenate([outer, outer[:1], hole[:1], hole[::-1]]), k)]
    inside[k] = (Path(outer).contains_points(centres) ^ Path(hole).contains_points(centres)).reshape(rows, columns)

ds = item(SOPClassUID='1.2.840.10008.5.1.4.1.1.481.3', SOPInstanceUID=generate_uid(), Modality='RTSTRUCT', FrameOfReferenceUID='1.2.3.4')
ds.ReferencedFrameOfReferenceSequence = Sequence([item(FrameOfReferenceUID='1.2.3.4', RTReferencedStudySequence=Sequence([
    item(RTReferencedSeriesSequence=Sequence([item(SeriesInstanceUID='1.2.3.5')]))]))])
names = ['GTV 1', 'keyhole', 'isocentre', 'empty']
ds.StructureSetROISequence = Sequence([item(ROINumber=i + 1, ROIName=name) for i, name in enumerate(names)])
ds.ROIContourSequence = Sequence([
    item(ReferencedROINumber=2, ContourSequence=Sequence(one)), item(ReferencedROINumber=1, ContourSequence=Sequence(two)),
    item(ReferencedROINumber=3, ContourSequence=Sequence([contour(np.array([[3.0, 4.0]]), 2, 'POINT')])), item(ReferencedROINumber=4)])
ds.RTROIObservationsSequence = Sequence([item(ReferencedROINumber=1, RTROIInterpretedType='GTV')])
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.is_little_endian, ds.is_implicit_VR = True, False
ds.save_as(f'{sys.argv[1]}/rtstruct.dcm', write_like_original=False)
print(json.dumps({'affine': affine.reshape(-1).tolist(), 'shape': [columns, rows, slices], 'inside': np.flatnonzero(inside).tolist()}))
`;
import { writeStructureSet } from '../../src/report/rtstruct/write.js';

describe.skipIf(!hasPydicom)('a structure set written by pydicom', () => {
  let grid: Grid;
  let inside: number[];
  let structures: StructureSet;
  beforeAll(() => {
    const folder = freshFolder();
    const meant = pythonJson(writeWithPydicom, folder) as { affine: Affine; shape: Grid['shape']; inside: number[] };
    grid = { shape: meant.shape, patientFromVoxel: meant.affine };
    ({ inside } = meant);
    structures = readStructureSet(readFileSync(join(folder, 'rtstruct.dcm')));
  });

  test('gives its regions, their names and what they refer to', () => {
    expect(structures.referencedSeries).toEqual(['1.2.3.5']);
    expect(structures.framesOfReference).toEqual(['1.2.3.4']);
    expect(structures.regions.map(({ ROIName, RTROIInterpretedType }) => [ROIName, RTROIInterpretedType])).toEqual([
      ['GTV 1', 'GTV'],
      ['keyhole', ''],
    ]);
  });

  test.each([0, 1])('fills exactly the pixels inside region %i, with holes left out', (index) => {
    const { voxels } = regionMask(structures.regions[index], grid);
    expect([...voxels.keys()].filter((voxel) => voxels[voxel] === 1)).toEqual(inside);
  });

  test('is refused if its contours lie between the slices of another series', () => {
    const m = grid.patientFromVoxel;
    const shifted = m.map((value, index) => (index % 4 === 3 && index < 12 ? value + 0.5 * m[index - 1] : value));
    expect(() => regionMask(structures.regions[0], { ...grid, patientFromVoxel: shifted })).toThrow(
      /lies in no slice of the series/,
    );
  });
});
