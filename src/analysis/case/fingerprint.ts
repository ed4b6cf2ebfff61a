import { createHash } from 'node:crypto';
import { software } from '../../core/software.js';
import type { HoldReason } from '../../model/hold.js';
import type { Immunotherapy } from '../../model/response.js';
import type { EnsembleModels } from '../infer/manifest.js';
import type { InstanceRow, ObjectKind, StudyRow } from '../../store/store.js';

/** Everything a case's result depends on. */
export interface CaseInputs {
  /** Under whom the study is filed. */
  readonly patient: Pick<StudyRow, 'IssuerOfPatientID' | 'PatientID'>;
  readonly instances: readonly InstanceRow[];
  readonly prior: { readonly instances: readonly InstanceRow[]; readonly caseFingerprint: string | null } | null;
  readonly models: EnsembleModels;
  /** The mapping files that bear on results, as parsed. */
  readonly mappings: unknown;
  readonly language: string;
  readonly immunotherapy: Immunotherapy;
  /** Kinds of objects that are written: a destination that asks for another gets it when the study is analysed again. */
  readonly objects: readonly ObjectKind[];
  readonly forced: boolean;
  /** Readers' objects that correct the networks' findings. */
  readonly reviews: readonly InstanceRow[];
  /** Fingerprints of the reports that stand for the patient's earlier time points: lesions are followed through them. */
  readonly earlier: readonly string[];
}

/** Equal for equal inputs: a case that has been computed is not computed again, and a changed prior is noticed. */
export function caseFingerprint({
  patient: { IssuerOfPatientID, PatientID },
  instances,
  prior,
  models,
  mappings,
  objects,
  language,
  immunotherapy,
  forced,
  reviews,
  earlier,
}: CaseInputs): string {
  const content = (rows: readonly InstanceRow[]) =>
    rows.map(({ SOPInstanceUID, sha256 }) => `${SOPInstanceUID} ${Buffer.from(sha256).toString('hex')}`).sort();
  const everything = {
    software,
    patient: { IssuerOfPatientID, PatientID },
    instances: content(instances),
    prior: prior && { instances: content(prior.instances), caseFingerprint: prior.caseFingerprint },
    models: Object.values(models).map(({ manifest }) => manifest),
    mappings,
    language,
    immunotherapy,
    objects,
    forced,
    reviews: content(reviews),
    earlier,
  };
  return sha256Of(everything);
}

/** Of a case that is on hold: it depends on the reasons alone. */
export const holdFingerprint = (reasons: readonly HoldReason[]): string =>
  sha256Of({ onHold: reasons.map(({ code, attribute }) => ({ code, attribute })) });

const sha256Of = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
