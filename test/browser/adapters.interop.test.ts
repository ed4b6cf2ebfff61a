import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Vector3 } from '../../src/imaging/affine.js';
import { spacingMm } from '../../src/imaging/volume.js';
import { required } from '../peers.js';
import { freshFolder } from '../report/peer-processes.js';
import { viewerCase } from './viewer-cases.js';

const here = import.meta.dirname;
const hasAdapters = required(existsSync(join(here, 'node_modules/@cornerstonejs/adapters')), '@cornerstonejs/adapters');

/** What a viewer's metadata provider says of the source's slices. */
function metadataOf({ source }: ReturnType<typeof viewerCase>['input']) {
  const { shape, patientFromVoxel: m } = source.grid;
  const [columnSpacing, rowSpacing] = spacingMm(source.grid);
  const rowCosines: Vector3 = [m[0] / columnSpacing, m[4] / columnSpacing, m[8] / columnSpacing];
  const columnCosines: Vector3 = [m[1] / rowSpacing, m[5] / rowSpacing, m[9] / rowSpacing];
  return source.frames.map(({ SOPInstanceUID, SOPClassUID, k }) => {
    const imagePositionPatient = [3, 7, 11].map((row) => m[row] + k * m[row - 1]);
    const instance = { ...source.header, SOPInstanceUID, SOPClassUID, ImagePositionPatient: imagePositionPatient };
    return {
      imageId: `source:${SOPInstanceUID}`,
      instance,
      generalSeriesModule: { seriesInstanceUID: source.header['SeriesInstanceUID'], modality: 'MR' },
      generalImageModule: { sopInstanceUID: SOPInstanceUID },
      sopCommonModule: { sopInstanceUID: SOPInstanceUID, sopClassUID: SOPClassUID },
      imagePixelModule: {
        bitsAllocated: 16,
        bitsStored: 12,
        highBit: 11,
        samplesPerPixel: 1,
        pixelRepresentation: 0,
        photometricInterpretation: 'MONOCHROME2',
      },
      imagePlaneModule: {
        rows: shape[1],
        columns: shape[0],
        rowCosines,
        columnCosines,
        imageOrientationPatient: [...rowCosines, ...columnCosines],
        imagePositionPatient,
        columnPixelSpacing: columnSpacing,
        rowPixelSpacing: rowSpacing,
        pixelSpacing: [rowSpacing, columnSpacing],
        frameOfReferenceUID: source.header['FrameOfReferenceUID'],
      },
    };
  });
}

describe.skipIf(!hasAdapters)('@cornerstonejs/adapters', () => {
  const folder = freshFolder();
  const program = join(folder, 'read.cjs');
  beforeAll(() => {
    // Its modules are meant for a bundler.
    const esbuild = join(here, 'node_modules/.bin/esbuild');
    const options = ['--bundle', '--platform=node', '--format=cjs', '--log-level=error', `--outfile=${program}`];
    execFileSync(esbuild, [join(here, 'read-with-adapters.mjs'), ...options]);
  });

  it.each(['axial', 'sagittal', 'coronal', 'oblique'] as const)('%s: reads the voxels we meant', (orientation) => {
    const { input, segmentation } = viewerCase(orientation);
    const path = join(folder, `${orientation}.dcm`);
    writeFileSync(path, segmentation.bytes);
    const request = JSON.stringify({ images: metadataOf(input), segmentation: path });
    const answer = JSON.parse(execFileSync('node', [program], { input: request, encoding: 'utf8' })) as {
      voxels: [number, number][][];
      labels: string[];
      overlappingSegments: boolean;
    };
    const area = input.labels.shape[0] * input.labels.shape[1];
    const meant: [number, number][][] = input.source.frames.map(() => []);
    input.labels.voxels.forEach((label, index) => {
      if (label) meant[Math.floor(index / area)].push([index % area, label]);
    });
    expect(answer.voxels).toEqual(meant);
    expect(answer.overlappingSegments).toBe(false);
    expect(answer.labels).toHaveLength(input.lesions.length);
  });
});
