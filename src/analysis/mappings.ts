import { join } from 'node:path';
import { loadMapping } from '../core/mapping-file.js';
import { responseCriteriaSchema, type ResponseCriteria } from '../model/criteria.js';
import { priorMatchingSchema, type PriorMatching } from './match/find-prior.js';
import { registrationSettingsSchema, type RegistrationSettings } from './register/register-prior.js';
import { selectionRulesSchema, type SelectionRules } from './select/selection-rules.js';

/** The facts a hospital edits that affect results, read and validated. */
export interface AnalysisMappings {
  readonly selection: SelectionRules;
  readonly priorMatching: PriorMatching;
  readonly registration: RegistrationSettings;
  readonly response: ResponseCriteria;
}

/** @throws PrioraError CONFIG_INVALID naming the file and the setting. */
export function loadAnalysisMappings(directory: string): AnalysisMappings {
  return {
    selection: loadMapping(join(directory, 'series-selection.yaml'), selectionRulesSchema),
    priorMatching: loadMapping(join(directory, 'prior-matching.yaml'), priorMatchingSchema),
    registration: loadMapping(join(directory, 'registration.yaml'), registrationSettingsSchema),
    response: loadMapping(join(directory, 'response-criteria.yaml'), responseCriteriaSchema),
  };
}
