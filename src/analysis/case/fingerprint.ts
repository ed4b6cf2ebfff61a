import { createHash } from 'node:crypto';
import { software } from '../../core/software.js';
import type { EnsembleModels } from '../infer/manifest.js';
import type { AnalysisMappings } from '../mappings.js';
import type { ObjectKind } from '../../model/object-kind.js';
import type { InstanceRow } from '../../store/store.js';
import type { Case, Choice } from './case.js';

/** What a case's result depends on besides what was chosen for it. */
export interface FingerprintSettings {
  readonly models: EnsembleModels;
  readonly mappings: AnalysisMappings;
  readonly language: string;
  /**
   * Kinds of objects that are written: a destination that asks for a further kind gets it when the study is analysed
   * again.
   */
  readonly objects: readonly ObjectKind[];
}

/** Equal for equal inputs: a case that has been computed is not computed again, and a changed prior is noticed. */
export function caseFingerprint(choice: Choice, { models, mappings, language, objects }: FingerprintSettings): string {
  if (choice.kind === 'held')
    return sha256Of({ onHold: choice.holds.map(({ code, attribute }) => ({ code, attribute })) });
  const { selection, priorMatching, registration, response } = mappings;
  const { IssuerOfPatientID, PatientID } = choice.study;
  const everything = {
    software,
    patient: { IssuerOfPatientID, PatientID },
    models: Object.values(models).map(({ manifest }) => manifest),
    mappings: { selection, priorMatching, registration, response },
    language,
    objects,
    instances: content(choice.selection.instances),
    forced: choice.selection.forced,
    ...(choice.kind === 'case' && inputsOf(choice)),
  };
  return sha256Of(everything);
}

const sha256Of = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const inputsOf = ({ prior, record, review }: Case) => ({
  prior: prior && { instances: content(prior.instances), fingerprint: prior.reported?.row.fingerprint ?? null },
  immunotherapy: record.immunotherapy,
  /** Readers' objects that correct the networks' findings. */
  reviews: content(review?.instances ?? []),
  /** The reports that stand for the patient's earlier time points: lesions are followed through them. */
  earlier: record.earlier.map(({ row }) => row.fingerprint),
});

const content = (rows: readonly InstanceRow[]) =>
  rows.map(({ SOPInstanceUID, sha256 }) => `${SOPInstanceUID} ${Buffer.from(sha256).toString('hex')}`).sort();
