import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { SOPClass } from '../../src/dicom/uid.js';
import { confidenceColour } from '../../src/report/lesion-label.js';
import { applyAffine, type Vector3 } from '../../src/imaging/affine.js';
import type { TrackedLesion } from '../../src/model/lesion.js';
import { voxelVolumeMm3 } from '../../src/imaging/volume.js';
import { allObjects } from './all-objects.js';
import { cases, shapes } from './cases.js';
import { freshFolder, hasPydicom, readResultObjects, type ReadObjects } from './peer-processes.js';
import type { SyntheticReport } from './synthetic-report.js';

const folder = freshFolder();
const all = [...cases, ...shapes];
const withLesions = all.filter(({ input }) => input.lesions.length > 0);

/** Voxel indices of each lesion, ascending, in one pass. */
function voxelsOf({ input: { labels, lesions } }: SyntheticReport): number[][] {
  const found = new Map(lesions.map(({ number }): [number, number[]] => [number, []]));
  labels.voxels.forEach((label, index) => found.get(label)?.push(index));
  return [...found.values()];
}

/** A metastasis where it is or was confirmed, else a lesion. */
const typeOf = ({ confidence, history }: TrackedLesion): string =>
  [confidence, ...history.map((sighting) => sighting.confidence)].includes('confirmed') ? '14799000' : '52988006';

describe.skipIf(!hasPydicom)('pydicom reads', () => {
  let read: Record<string, ReadObjects>;
  beforeAll(() => {
    for (const { name, input, sourceFiles } of all) {
      for (const [kind, { bytes }] of allObjects(input)) writeFileSync(join(folder, `${name}.${kind}.dcm`), bytes);
      sourceFiles.forEach((bytes, index) => writeFileSync(join(folder, `${name}.source-${index}.dcm`), bytes));
    }
    read = readResultObjects(folder, all.map(({ name }) => name)); // prettier-ignore
  });

  test.each(withLesions)('$name: contours that fill exactly the lesion, in its source slices', (given) => {
    const { name, input } = given;
    const { header, grid, frames } = input.source;
    const { rois, images, study } = read[name].RTSTRUCT!;
    expect(study).toBe(header['StudyInstanceUID']);
    expect(images).toEqual(frames.map(({ SOPInstanceUID, frameNumber }) => [SOPInstanceUID, frameNumber ?? 0]));
    expect(rois.map(({ voxels }) => voxels)).toEqual(voxelsOf(given));
    rois.forEach((roi, index) => {
      const lesion = input.lesions[index];
      const volumeMm3 = lesion.voxelCount * voxelVolumeMm3(grid);
      expect(Math.abs(roi.volumeMm3 / volumeMm3 - 1)).toBeLessThan(1e-3);
      expect(Math.abs(roi.statedMm3 / volumeMm3 - 1)).toBeLessThan(1e-3);
      expect(roi.offPlaneMm).toBeLessThan(1e-3);
      expect(roi).toMatchObject({
        name: lesion.confidence === 'confirmed' ? lesion.trackingID : `${lesion.trackingID} (candidate)`,
        algorithm: 'AUTOMATIC',
        frameOfReference: header['FrameOfReferenceUID'],
        colour: confidenceColour[lesion.confidence],
        // Nobody but a radiation oncologist calls it a GTV.
        type: '',
        code: typeOf(lesion),
        types: ['CLOSED_PLANAR'],
      });
      expect(roi.description).toContain(lesion.trackingUID);
    });
  });

  test.each(withLesions)('$name: a label map with the same segments as the SEG, and a background', (given) => {
    const { name, input } = given;
    const { voxels, segments, ...labelMap } = read[name].LABELMAP!;
    expect(labelMap).toEqual({ class: SOPClass.LabelMapSegmentationStorage, type: 'LABELMAP', overlap: 'NO', bits: 8 });
    expect(voxels).toEqual(voxelsOf(given));
    expect(segments).toEqual([
      [0, 'Background', null, '125040'],
      ...input.lesions.map((lesion, index) => [
        index + 1,
        lesion.confidence === 'confirmed' ? lesion.trackingID : `${lesion.trackingID} (candidate)`,
        lesion.trackingUID,
        typeOf(lesion),
      ]),
    ]);
  });

  test.each(all)(
    '$name: a registration that takes the prior to the current study, where one was used',
    ({ name, input }) => {
      const { prior, source } = input;
      const REG = read[name].REG;
      if (prior?.registration.verdict !== 'accepted') return expect(REG).toBeUndefined();
      expect(REG!.frameOfReference).toBe(source.header['FrameOfReferenceUID']);
      const [current, earlier] = REG!.registrations;
      expect(current).toMatchObject({ frameOfReference: REG!.frameOfReference, type: 'RIGID' });
      expect(current.mapped).toEqual([[0, 0, 0], [100, 0, 0], [0, 100, 0], [0, 0, 100]]); // prettier-ignore
      expect(earlier).toMatchObject({
        frameOfReference: prior.frameOfReferenceUID,
        type: 'RIGID',
        images: prior.frames.map(({ SOPInstanceUID }) => SOPInstanceUID),
      });
      const corners: Vector3[] = [[0, 0, 0], [100, 0, 0], [0, 100, 0], [0, 0, 100]]; // prettier-ignore
      earlier.mapped.forEach((registered, index) => {
        const back = applyAffine(prior.registration.priorFromCurrent, registered as unknown as Vector3);
        expect(Math.hypot(...back.map((value, axis) => value - corners[index][axis]))).toBeLessThan(1e-6);
      });
    },
  );

  test.each(all)(
    '$name: a selection of the slices with most of each lesion, apart from a rejection',
    ({ name, input }) => {
      const { KOS, RejectionNote } = read[name];
      expect(RejectionNote!.title).toBe('113001');
      if (input.lesions.length === 0) return expect(KOS).toBeUndefined();
      expect(KOS!.title).toBe('113000');
      const slices = [...new Set(input.lesions.map(({ sourceSlice }) => sourceSlice))].sort((a, b) => a - b);
      expect(KOS!.images).toEqual(
        slices.map((k) => [input.source.frames[k].SOPInstanceUID, input.source.frames[k].frameNumber ?? null]),
      );
      for (const { trackingID } of input.lesions) expect(KOS!.text).toContain(trackingID);
    },
  );
});
