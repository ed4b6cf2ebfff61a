import { PrioraError } from '../core/errors.js';
import { applyAffine, invertAffine, type Vector3 } from '../imaging/affine.js';
import { fillPolygons } from '../imaging/polygon-fill.js';
import type { Grid, LabelMap } from '../imaging/volume.js';
import { instanceOf, items, number, text, vector, type Dataset } from './dataset.js';
import { parseFile } from './dicom-file.js';
import { SOPClass } from './uid.js';

/** One closed contour in a plane, LPS mm: x, y, z, x, y, z, … */
export type Contour = readonly number[];

/** A region of interest with its closed planar contours. */
export interface RegionOfInterest {
  readonly ROINumber: number;
  readonly ROIName: string;
  /** GTV, CTV, PTV, ORGAN, …; empty if the writer left it open. */
  readonly RTROIInterpretedType: string;
  readonly contours: readonly Contour[];
}

/** A structure set from any planning system or viewer. */
export interface StructureSet {
  readonly dataset: Dataset;
  readonly framesOfReference: readonly string[];
  /** SeriesInstanceUID of the series on which it was drawn; empty if the writer left it out. */
  readonly referencedSeries: readonly string[];
  /** In order of ROINumber; those without contours are left out. */
  readonly regions: readonly RegionOfInterest[];
}

/** Frames of reference and series that the header of a structure set names. */
export function structureSetReferences(dataset: Dataset): Pick<StructureSet, 'framesOfReference' | 'referencedSeries'> {
  const frames = items(dataset, 'ReferencedFrameOfReferenceSequence');
  return {
    framesOfReference: [...new Set([dataset, ...frames].flatMap((frame) => text(frame, 'FrameOfReferenceUID') ?? []))],
    referencedSeries: frames
      .flatMap((frame) => items(frame, 'RTReferencedStudySequence'))
      .flatMap((study) => items(study, 'RTReferencedSeriesSequence'))
      .flatMap((series) => text(series, 'SeriesInstanceUID') ?? []),
  };
}

/**
 * Reads a structure set. Closed planar contours only: an open contour or a point has no inside and is left out.
 *
 * @throws PrioraError DICOM_UNREADABLE; DICOM_CLASS_MISMATCH if it is not a structure set; DICOM_MISSING_ATTRIBUTE for
 *   contours that are not what they declare. The subject names the SOPInstanceUID.
 * @see PS3.3 A.19, C.8.8.5, C.8.8.6
 */
export function readStructureSet(bytes: Uint8Array): StructureSet {
  const { dataset } = parseFile(bytes);
  const subject = instanceOf(dataset);
  if (text(dataset, 'SOPClassUID') !== SOPClass.RTStructureSetStorage)
    throw new PrioraError('DICOM_CLASS_MISMATCH', 'this is no structure set', { subject });
  const byNumber = (keyword: string, numbered: string) =>
    new Map(items(dataset, keyword).map((item) => [number(item, numbered, subject) ?? NaN, item]));
  const names = byNumber('StructureSetROISequence', 'ROINumber');
  const observations = byNumber('RTROIObservationsSequence', 'ReferencedROINumber');
  const regions = [...byNumber('ROIContourSequence', 'ReferencedROINumber')]
    .sort(([a], [b]) => a - b)
    .map(([ROINumber, item]): RegionOfInterest => ({
      ROINumber,
      ROIName: text(names.get(ROINumber) ?? {}, 'ROIName') ?? '',
      RTROIInterpretedType: text(observations.get(ROINumber) ?? {}, 'RTROIInterpretedType') ?? '',
      contours: items(item, 'ContourSequence')
        .filter((contour) => /^CLOSED_?PLANAR/.test(text(contour, 'ContourGeometricType') ?? ''))
        .map((contour) => {
          const values = vector(contour, 'ContourData');
          if (values === undefined || values.length < 9 || values.length % 3 !== 0)
            throw new PrioraError('DICOM_MISSING_ATTRIBUTE', `a contour of ROI ${ROINumber} is no list of points`, {
              subject,
            });
          return values;
        }),
    }))
    .filter(({ contours }) => contours.length > 0);
  return { dataset, ...structureSetReferences(dataset), regions };
}

/** A contour may lie this far from its slice, in slices: planning systems round, but do not draw between slices. */
const planeTolerance = 0.25;

/**
 * The voxels of a series' grid inside a region: in each slice, those whose centre is inside an odd number of contours.
 *
 * @throws PrioraError GEOMETRY_MIXED if a contour does not lie in one of the grid's slices: it was drawn on another
 *   series.
 */
export function regionMask({ contours, ROINumber }: RegionOfInterest, grid: Grid): LabelMap {
  const [columns, rows, slices] = grid.shape;
  const voxelFromPatient = invertAffine(grid.patientFromVoxel);
  const bySlice = new Map<number, number[][]>();
  for (const contour of contours) {
    const polygon: number[] = [];
    let k: number | undefined;
    for (let at = 0; at < contour.length; at += 3) {
      const [x, y, z] = applyAffine(voxelFromPatient, contour.slice(at, at + 3) as unknown as Vector3);
      k ??= Math.round(z);
      if (Math.abs(z - k) > planeTolerance || k < 0 || k >= slices)
        throw new PrioraError('GEOMETRY_MIXED', `a contour of ROI ${ROINumber} lies in no slice of the series`);
      polygon.push(x, y);
    }
    bySlice.set(k!, [...(bySlice.get(k!) ?? []), polygon]);
  }
  const voxels = new Uint8Array(columns * rows * slices);
  for (const [k, polygons] of bySlice)
    fillPolygons(polygons, columns, rows, voxels.subarray(k * columns * rows, (k + 1) * columns * rows));
  return { shape: grid.shape, patientFromVoxel: grid.patientFromVoxel, voxels };
}
