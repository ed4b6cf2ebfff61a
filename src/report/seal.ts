import type { Dataset } from '../dicom/dataset.js';
import { writeFile } from '../dicom/dicom-file.js';
import { derivedUID } from '../dicom/uid.js';
import { checkOutput } from './check/output.js';
import type { WrittenObject } from './report-input.js';

/**
 * Finishes an object: its instance and series UIDs are derived from everything it says (source UIDs, model hashes,
 * pixels), it is checked, and only then becomes bytes. Attributes that are `undefined` are left out.
 *
 * @throws PrioraError DICOM_INVALID_OUTPUT
 */
export function seal(dataset: Dataset): WrittenObject {
  const content = withoutUndefined(dataset) as Dataset;
  const bulk: Uint8Array[] = [];
  const text = JSON.stringify(content, (_, value: unknown) => {
    if (!(value instanceof ArrayBuffer)) return value;
    bulk.push(new Uint8Array(value));
    return undefined;
  });
  const SOPClassUID = content['SOPClassUID'] as string;
  const SOPInstanceUID = derivedUID('SOPInstance', text, ...bulk);
  const SeriesInstanceUID = derivedUID('Series', SOPInstanceUID);
  const complete = { ...content, SOPInstanceUID, SeriesInstanceUID };
  checkOutput(complete);
  return { bytes: writeFile(complete), SOPClassUID, SOPInstanceUID, SeriesInstanceUID };
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (value === null || typeof value !== 'object' || value instanceof ArrayBuffer) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .map(([key, entry]) => [key, withoutUndefined(entry)]),
  );
}
