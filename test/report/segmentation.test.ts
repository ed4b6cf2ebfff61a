import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { functionalGroup } from '../../src/dicom/dataset.js';
import { parseFile } from '../../src/dicom/dicom-file.js';
import { applyAffine, type Vector3 } from '../../src/imaging/affine.js';
import { hasPeer } from '../peers.js';
import { cases } from './cases.js';
import {
  compileSegmentationReader,
  freshFolder,
  hasDcmsegHeaders,
  hasPydicom,
  pythonJson,
  validate,
} from './peer-processes.js';
import { smallGrid, syntheticReport } from './synthetic-report.js';

const folder = freshFolder();
const withLesions = cases.filter(({ input }) => input.lesions.length > 0);
const path = (name: string) => join(folder, `${name}.seg.dcm`);

beforeAll(() => {
  for (const { name, input } of withLesions) writeFileSync(path(name), writeSegmentation(input).bytes);
});

/** Voxel indices of a lesion, ascending. */
const voxelsOf = (voxels: Uint8Array | Uint16Array, number: number): number[] =>
  [...voxels.keys()].filter((index) => voxels[index] === number);

describe.skipIf(!hasDcmsegHeaders || !hasPeer('g++'))("DCMTK's dcmseg", () => {
  let reader: string;
  beforeAll(() => {
    reader = compileSegmentationReader(folder);
  });

  // DCMTK 3.6.7 misreads later frames where a frame does not end on a whole byte; pydicom below reads those as well.
  const wholeBytes = withLesions.filter(
    ({ input }) => (input.source.grid.shape[0] * input.source.grid.shape[1]) % 8 === 0,
  );
  test.each(wholeBytes)('$name: reads exactly the voxels that were meant', ({ name, input }) => {
    const lines = validate(reader, path(name)).trim().split('\n');
    const { grid } = input.source;
    expect(lines[0]).toBe(`file ${grid.shape[1]} ${grid.shape[0]}`);
    expect(lines.filter((line) => line.startsWith('segment'))).toEqual(
      input.lesions.map(
        ({ trackingUID, trackingID, confidence }, index) =>
          `segment ${index + 1} ${trackingUID} ${trackingID}${confidence === 'confirmed' ? '' : ' (candidate)'}`,
      ),
    );
    const read = input.lesions.map((): number[] => []);
    for (const line of lines.filter((entry) => entry.startsWith('frame'))) {
      const [head, pixels] = line.split(' :');
      const [, segment, ...position] = head.split(' ').map(Number);
      const k = sliceAt(grid, position as unknown as Vector3);
      const inFrame = pixels.trim().split(' ').map(Number);
      expect(inFrame.length).toBeGreaterThan(0);
      read[segment - 1].push(...inFrame.map((pixel) => pixel + k * grid.shape[0] * grid.shape[1]));
    }
    input.lesions.forEach(({ number }, index) => expect(read[index]).toEqual(voxelsOf(input.labels.voxels, number)));
  });
});

/** The slice whose origin lies at `position`, within what DS can say. */
function sliceAt(grid: (typeof cases)[number]['input']['source']['grid'], position: Vector3): number {
  for (let k = 0; k < grid.shape[2]; k++) {
    const origin = applyAffine(grid.patientFromVoxel, [0, 0, k]);
    if (Math.hypot(...origin.map((value, axis) => value - position[axis])) < 1e-4) return k;
  }
  throw new Error(`no slice at ${position.join(', ')}`);
}

/** Centroid of each segment in patient coordinates from the SEG's own geometry alone, and what it refers to. */
const readWithPydicom = `
import json, sys, numpy, pydicom
out = []
for path in sys.argv[1:]:
    ds = pydicom.dcmread(path)
    shared = ds.SharedFunctionalGroupsSequence[0]
    orientation = [float(v) for v in shared.PlaneOrientationSequence[0].ImageOrientationPatient]
    spacing = [float(v) for v in shared.PixelMeasuresSequence[0].PixelSpacing]
    bits = numpy.unpackbits(numpy.frombuffer(ds.PixelData, numpy.uint8), bitorder='little')
    size = ds.Rows * ds.Columns
    points = {}
    references = {}
    for index, frame in enumerate(ds.PerFrameFunctionalGroupsSequence):
        number = frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        origin = numpy.array([float(v) for v in frame.PlanePositionSequence[0].ImagePositionPatient])
        rows, columns = numpy.nonzero(bits[index * size:(index + 1) * size].reshape(ds.Rows, ds.Columns))
        x, y = numpy.array(orientation[:3]), numpy.array(orientation[3:])
        p = origin + columns[:, None] * spacing[1] * x + rows[:, None] * spacing[0] * y
        points.setdefault(number, []).extend(p.tolist())
        source = frame.DerivationImageSequence[0].SourceImageSequence[0]
        references.setdefault(number, []).append([source.ReferencedSOPInstanceUID, source.get('ReferencedFrameNumber')])
    out.append({
        'name': str(ds.PatientName), 'charset': ds.SpecificCharacterSet, 'frameOfReference': ds.FrameOfReferenceUID,
        'study': ds.StudyInstanceUID, 'description': ds.SeriesDescription, 'overlap': ds.SegmentsOverlap,
        'referencedSeries': ds.ReferencedSeriesSequence[0].SeriesInstanceUID,
        'referencedInstances': len(ds.ReferencedSeriesSequence[0].ReferencedInstanceSequence),
        'centroids': [numpy.mean(points[n], axis=0).tolist() for n in sorted(points)],
        'counts': [len(points[n]) for n in sorted(points)],
        'regions': [[r.CodeMeaning] + [m.CodeMeaning for m in r.get('AnatomicRegionModifierSequence', [])]
                    for s in ds.SegmentSequence for r in s.AnatomicRegionSequence],
        'types': [s.SegmentedPropertyTypeCodeSequence[0].CodeMeaning for s in ds.SegmentSequence],
        'references': [references[n] for n in sorted(points)],
        'transferSyntax': ds.file_meta.TransferSyntaxUID,
    })
print(json.dumps(out))
`;
import { writeSegmentation } from '../../src/report/seg/write.js';

interface PydicomSegmentation {
  name: string;
  charset: string;
  frameOfReference: string;
  study: string;
  description: string;
  overlap: string;
  referencedSeries: string;
  referencedInstances: number;
  centroids: number[][];
  counts: number[];
  regions: string[][];
  types: string[];
  references: [string, number | null][][];
  transferSyntax: string;
}

describe.skipIf(!hasPydicom)('pydicom', () => {
  test.each(withLesions)(
    '$name: each segment lies where the lesion is and names its source frames',
    ({ name, input }) => {
      const [read] = pythonJson(readWithPydicom, path(name)) as PydicomSegmentation[];
      const { source, lesions, labels } = input;
      const { grid, frames, header } = source;
      expect(read.counts).toEqual(lesions.map(({ voxelCount }) => voxelCount));
      lesions.forEach(({ number }, index) => {
        const voxels = voxelsOf(labels.voxels, number).map((voxel): Vector3 => {
          const [nx, ny] = grid.shape;
          return [voxel % nx, Math.floor(voxel / nx) % ny, Math.floor(voxel / (nx * ny))];
        });
        const points = voxels.map((voxel) => applyAffine(grid.patientFromVoxel, voxel));
        const centroid = [0, 1, 2].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
        expect(Math.hypot(...centroid.map((value, axis) => value - read.centroids[index][axis]))).toBeLessThan(1e-3);
        const slices = [...new Set(voxels.map((voxel) => voxel[2]))].sort((a, b) => a - b);
        expect(read.references[index]).toEqual(
          slices.map((k) => [frames[k].SOPInstanceUID, frames[k].frameNumber ?? null]),
        );
      });
      expect(read).toMatchObject({
        charset: 'ISO_IR 192',
        frameOfReference: header['FrameOfReferenceUID'],
        study: header['StudyInstanceUID'],
        referencedSeries: header['SeriesInstanceUID'],
        referencedInstances: new Set(frames.map(({ SOPInstanceUID }) => SOPInstanceUID)).size,
        overlap: 'NO',
        transferSyntax: '1.2.840.10008.1.2.1',
      });
      expect(read.description.includes('demonstration weights, not for clinical use')).toBe(input.demonstration);
    },
  );

  test('each segment says in which lobe and on which side it lies, and whether it is known to be a metastasis', () => {
    const [followed, first] = pythonJson(
      readWithPydicom,
      ...['followed-up', 'sagittal'].map(path),
    ) as PydicomSegmentation[];
    expect(followed.regions).toEqual([['Frontal lobe', 'Right'], ['Cerebellum'], ['Frontal lobe', 'Right']]);
    expect(followed.types).toEqual(['Neoplasm, Secondary', 'Neoplasm, Secondary', 'Neoplasm, Secondary']);
    expect(first.regions).toEqual([['Brain'], ['Brain'], ['Brain']]);
    expect(first.types).toEqual(['Neoplasm, Secondary', 'Neoplasm, Secondary', 'Lesion']);
  });

  test('names keep their umlauts and all their Japanese groups', () => {
    const files = ['axial-umlauts', 'multi-frame-japanese'].map(path);
    const names = (pythonJson(readWithPydicom, ...files) as PydicomSegmentation[]).map(({ name }) => name);
    expect(names).toEqual(['Jäger^Jörg Übel', 'Yamada^Tarou=山田^太郎=やまだ^たろう']);
  });
});

describe('writeSegmentation', () => {
  const make = () =>
    syntheticReport({ name: 'again', grid: smallGrid('axial'), balls: [[[0, 0, 0], 6], [[20, 0, 0], 4]] }).input; // prettier-ignore

  test('equal input gives equal bytes; another voxel, model or source gives other UIDs', () => {
    const first = writeSegmentation(make());
    expect(writeSegmentation(make()).bytes.equals(first.bytes)).toBe(true);

    const voxel = make();
    voxel.labels.voxels[0] = 1;
    const model = make();
    const others = [
      voxel,
      { ...model, models: [{ ...model.models[0], sha256: 'c3'.repeat(32) }, model.models[1]] },
      syntheticReport({ name: 'other', grid: smallGrid('axial'), balls: [[[0, 0, 0], 6], [[20, 0, 0], 4]] }).input, // prettier-ignore
    ].map(writeSegmentation);
    const uids = [first, ...others].flatMap(({ SOPInstanceUID, SeriesInstanceUID }) => [
      SOPInstanceUID,
      SeriesInstanceUID,
    ]);
    expect(new Set(uids).size).toBe(8);
  });

  test("geometry is the source's to the digit", () => {
    const { input, sourceFiles } = cases.find(({ name }) => name === 'oblique')!;
    const source = parseFile(sourceFiles[0]).dataset;
    const { dataset } = parseFile(writeSegmentation(input).bytes);
    const [plane, measures] = ['PlaneOrientationSequence', 'PixelMeasuresSequence'].map((keyword) =>
      functionalGroup(dataset, keyword),
    );
    expect(plane['ImageOrientationPatient']).toEqual(source['ImageOrientationPatient']);
    expect(measures['PixelSpacing']).toEqual(source['PixelSpacing']);
  });

  test('a segmentation without a lesion, or with one without a voxel, is refused', () => {
    const input = make();
    expect(() => writeSegmentation({ ...input, lesions: [] })).toThrow(/needs a lesion/);
    input.labels.voxels.fill(0);
    expect(() => writeSegmentation(input)).toThrow(/lesion 1 has no voxel/);
  });
});
