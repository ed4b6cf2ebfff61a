import { join } from 'node:path';
import { loadMapping } from '../core/mapping-file.js';
import { destinationsSchema, type Destination } from './delivery/destinations.js';
import { priorMatchingSchema, type PriorMatching } from '../analysis/match/prior-matching.js';
import { registrationSettingsSchema, type RegistrationSettings } from '../analysis/register/registration-settings.js';
import { selectionRulesSchema, type SelectionRules } from '../analysis/select/selection-rules.js';
import { responseCriteriaSchema, type ResponseCriteria } from '../model/criteria.js';

/** The facts a hospital edits, read and validated. */
export interface Mappings {
  readonly selection: SelectionRules;
  readonly priorMatching: PriorMatching;
  readonly registration: RegistrationSettings;
  readonly response: ResponseCriteria;
  readonly destinations: readonly Destination[];
}

/** @throws PrioraError CONFIG_INVALID naming the file and the setting. */
export function loadMappings(directory: string): Mappings {
  return {
    selection: loadMapping(join(directory, 'series-selection.yaml'), selectionRulesSchema),
    priorMatching: loadMapping(join(directory, 'prior-matching.yaml'), priorMatchingSchema),
    registration: loadMapping(join(directory, 'registration.yaml'), registrationSettingsSchema),
    response: loadMapping(join(directory, 'response-criteria.yaml'), responseCriteriaSchema),
    destinations: loadMapping(join(directory, 'destinations.yaml'), destinationsSchema).destinations,
  };
}
