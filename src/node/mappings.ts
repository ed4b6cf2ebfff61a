import { join } from 'node:path';
import { loadAnalysisMappings, type AnalysisMappings } from '../analysis/mappings.js';
import { loadMapping } from '../core/mapping-file.js';
import { destinationsSchema, type Destination } from './delivery/destinations.js';

/** Everything a hospital edits in `mappings/`: what affects results, and where they go. */
export interface Mappings extends AnalysisMappings {
  readonly destinations: readonly Destination[];
}

/** @throws PrioraError CONFIG_INVALID naming the file and the setting. */
export function loadMappings(directory: string): Mappings {
  return {
    ...loadAnalysisMappings(directory),
    destinations: loadMapping(join(directory, 'destinations.yaml'), destinationsSchema).destinations,
  };
}
