import { firstItem, items, number, numbers, text, type Dataset } from '../../dicom/dataset.js';
import type { Vector3 } from '../../imaging/affine.js';

/** How far a contour's points may lie off its plane, mm: coordinates are written to a micrometre. */
const planarToleranceMm = 0.005;

/**
 * ROIs, contours and observations must belong together, and each contour must enclose an area in a plane of its image
 * (PS3.3 C.8.8.6.3).
 */
export function checkStructureSet(dataset: Dataset, breaches: string[]): void {
  const roiNumbers = items(dataset, 'StructureSetROISequence').map((roi) => text(roi, 'ROINumber'));
  if (new Set(roiNumbers).size !== roiNumbers.length) breaches.push('two ROIs share a number');
  for (const sequence of ['ROIContourSequence', 'RTROIObservationsSequence'])
    if (
      JSON.stringify(
        items(dataset, sequence)
          .map((item) => text(item, 'ReferencedROINumber'))
          .sort(),
      ) !== JSON.stringify([...roiNumbers].sort())
    )
      breaches.push(`${sequence} has not one item for each ROI`);
  const images = new Set(
    items(dataset, 'ReferencedFrameOfReferenceSequence')
      .flatMap((frame) => items(frame, 'RTReferencedStudySequence'))
      .flatMap((study) => items(study, 'RTReferencedSeriesSequence'))
      .flatMap((series) => items(series, 'ContourImageSequence'))
      .map((image) => text(image, 'ReferencedSOPInstanceUID')),
  );
  for (const roi of items(dataset, 'ROIContourSequence')) {
    const name = `ROI ${text(roi, 'ReferencedROINumber')}`;
    const contours = items(roi, 'ContourSequence');
    if (contours.length === 0) breaches.push(`${name} has no contour`);
    for (const contour of contours)
      checkContour(contour, `${name} contour ${text(contour, 'ContourNumber')}`, images, breaches);
  }
}

function checkContour(
  contour: Dataset,
  name: string,
  images: ReadonlySet<string | undefined>,
  breaches: string[],
): void {
  if (text(contour, 'ContourGeometricType') !== 'CLOSED_PLANAR') breaches.push(`${name} is not closed`);
  if (!images.has(text(firstItem(contour, 'ContourImageSequence'), 'ReferencedSOPInstanceUID')))
    breaches.push(`${name} lies on an image that is not referenced`);
  const data = numbers(contour, 'ContourData');
  const count = number(contour, 'NumberOfContourPoints');
  if (count === undefined || data.length !== 3 * count || data.length < 9)
    return void breaches.push(`${name} has ${data.length} coordinates for ${count} points`);
  const points = Array.from({ length: data.length / 3 }, (_, index) =>
    data.slice(3 * index, 3 * index + 3),
  ) as unknown as Vector3[];
  const [x, y, z] = points[0];
  const area = areaVector(points);
  const size = Math.hypot(...area);
  if (size === 0) return void breaches.push(`${name} encloses nothing`);
  const off = points.map((p) => Math.abs((p[0] - x) * area[0] + (p[1] - y) * area[1] + (p[2] - z) * area[2]) / size);
  if (Math.max(...off) > planarToleranceMm) breaches.push(`${name} does not lie in a plane`);
}

/** Normal of a polygon, as long as its area (Newell). */
function areaVector(points: readonly Vector3[]): Vector3 {
  const sum: [number, number, number] = [0, 0, 0];
  points.forEach((p, index) => {
    const q = points[(index + 1) % points.length];
    for (const axis of [0, 1, 2]) {
      const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
      sum[axis] += (p[u] * q[v] - p[v] * q[u]) / 2;
    }
  });
  return sum;
}
