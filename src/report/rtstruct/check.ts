import type { Dataset } from '../../dicom/dataset.js';
import type { Vector3 } from '../../imaging/affine.js';

/** How far a contour's points may lie off its plane, mm: coordinates are written to a micrometre. */
const planarToleranceMm = 0.005;

/** ROIs, contours and observations must belong together, and each contour close an area in a plane of its image (PS3.3 C.8.8.6.3). */
export function checkStructureSet(dataset: Dataset, breaches: string[]): void {
  const items = (keyword: string): Dataset[] => (dataset[keyword] ?? []) as Dataset[];
  const numbers = items('StructureSetROISequence').map(({ ROINumber }) => String(ROINumber));
  if (new Set(numbers).size !== numbers.length) breaches.push('two ROIs share a number');
  for (const sequence of ['ROIContourSequence', 'RTROIObservationsSequence'])
    if (
      JSON.stringify(
        items(sequence)
          .map(({ ReferencedROINumber }) => String(ReferencedROINumber))
          .sort(),
      ) !== JSON.stringify([...numbers].sort())
    )
      breaches.push(`${sequence} has not one item for each ROI`);
  const images = new Set(
    items('ReferencedFrameOfReferenceSequence')
      .flatMap((frame) => (frame['RTReferencedStudySequence'] ?? []) as Dataset[])
      .flatMap((study) => (study['RTReferencedSeriesSequence'] ?? []) as Dataset[])
      .flatMap((series) => (series['ContourImageSequence'] ?? []) as Dataset[])
      .map(({ ReferencedSOPInstanceUID }) => String(ReferencedSOPInstanceUID)),
  );
  for (const roi of items('ROIContourSequence')) {
    const name = `ROI ${roi['ReferencedROINumber']}`;
    const contours = (roi['ContourSequence'] ?? []) as Dataset[];
    if (contours.length === 0) breaches.push(`${name} has no contour`);
    for (const contour of contours)
      checkContour(contour, `${name} contour ${contour['ContourNumber']}`, images, breaches);
  }
}

function checkContour(contour: Dataset, name: string, images: ReadonlySet<string>, breaches: string[]): void {
  if (contour['ContourGeometricType'] !== 'CLOSED_PLANAR') breaches.push(`${name} is not closed`);
  for (const image of (contour['ContourImageSequence'] ?? [{}]) as Dataset[])
    if (!images.has(String(image['ReferencedSOPInstanceUID'])))
      breaches.push(`${name} lies on an image that is not referenced`);
  const data = ((contour['ContourData'] ?? []) as unknown[]).map(Number);
  if (data.length !== 3 * Number(contour['NumberOfContourPoints']) || data.length < 9)
    return void breaches.push(`${name} has ${data.length} coordinates for ${contour['NumberOfContourPoints']} points`);
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
