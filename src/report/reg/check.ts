import { items, numbers, text, type Dataset } from '../../dicom/dataset.js';
import { determinant } from '../../imaging/affine.js';
import { namedInstances } from '../instance-references.js';

/**
 * How far a rigid matrix may be from orthonormal: it is the product of a few, each written with at least ten digits.
 */
const tolerance = 1e-6;

/** Each registration has one matrix that is what its type says, for images that are listed (PS3.3 C.20.2). */
export function checkSpatialRegistration(dataset: Dataset, breaches: string[]): void {
  const registrations = items(dataset, 'RegistrationSequence');
  const registered = text(dataset, 'FrameOfReferenceUID');
  if (!registrations.some((registration) => text(registration, 'FrameOfReferenceUID') === registered))
    breaches.push('no registration is of the registered frame of reference itself');
  const listed = namedInstances(dataset['ReferencedSeriesSequence']);
  for (const other of namedInstances(dataset['StudiesContainingOtherReferencedInstancesSequence'])) listed.add(other);
  for (const [index, registration] of registrations.entries()) {
    const name = `registration ${index + 1}`;
    for (const image of namedInstances(registration['ReferencedImageSequence']))
      if (!listed.has(image)) breaches.push(`${name} is of an image that is not listed`);
    const matrices = items(registration, 'MatrixRegistrationSequence').flatMap((item) => items(item, 'MatrixSequence'));
    if (matrices.length === 0) breaches.push(`${name} has no matrix`);
    for (const matrix of matrices)
      if (!isRigid(numbers(matrix, 'FrameOfReferenceTransformationMatrix'))) breaches.push(`${name} is not rigid`);
  }
}

function isRigid(m: readonly number[]): boolean {
  if (m.length !== 16 || [0, 0, 0, 1].some((value, index) => m[12 + index] !== value)) return false;
  const dot = (a: number, b: number) => m[a] * m[b] + m[a + 1] * m[b + 1] + m[a + 2] * m[b + 2];
  const rows = [0, 4, 8];
  return (
    rows.every((a) => rows.every((b) => Math.abs(dot(a, b) - (a === b ? 1 : 0)) < tolerance)) &&
    Math.abs(determinant(m) - 1) < tolerance
  );
}
