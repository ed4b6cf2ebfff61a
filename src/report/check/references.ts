import type { Dataset } from '../../dicom/dataset.js';

/** SOPInstanceUIDs that a value refers to at any depth. */
export function namedInstances(value: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const item of value) namedInstances(item, found);
  else if (value !== null && typeof value === 'object' && !(value instanceof ArrayBuffer))
    for (const [keyword, entry] of Object.entries(value as Dataset))
      if (keyword === 'ReferencedSOPInstanceUID') found.add(String(entry));
      else namedInstances(entry, found);
  return found;
}
