import type { AssembledSeries } from '../assemble/assemble-series.js';
import { asPrioraError } from '../../core/errors.js';
import type { NoPrior } from '../../model/remark.js';
import { correctBias, type BiasCorrection } from '../prepare/bias-correction.js';
import { prepareCurrent, type Prepared } from '../prepare/prepare-current.js';
import { registerPrior } from '../register/register-prior.js';
import type { RegistrationSettings } from '../register/register-prior.js';
import { invertAffine, multiplyAffine, type Affine } from '../../imaging/affine.js';
import type { Volume } from '../../imaging/volume.js';
import { assembleSource } from './assemble-source.js';
import type { Case, ReportedCase } from './case.js';
import type { CasePrior } from '../../model/case-result.js';

/** A prior whose images were assembled and registered, whatever the verdict. */
export interface FoundPrior {
  readonly row: CasePrior;
  readonly series: AssembledSeries;
  /** As acquired, with its shading corrected as the networks require. */
  readonly image: Volume;
  /** Its reported case, whose lesions are followed; null if it has none. */
  readonly reported: ReportedCase | null;
  /** Rigid: patient space of the template, where the current image lies → patient space of the prior. */
  readonly priorFromTemplate: Affine;
  /** Rigid: patient space of the current source → patient space of the prior. */
  readonly priorFromCurrent: Affine;
}

export interface TemporalPrior {
  readonly found: FoundPrior | null;
  /** What the networks see and lesions are tracked against: `found`, if its registration was accepted. */
  readonly used: FoundPrior | null;
  /** Null if the prior was used. */
  readonly unusedBecause: NoPrior | null;
}

/**
 * Assembles the prior and lays it on the prepared current image. A prior that cannot be used costs the comparison, not
 * the case.
 *
 * @throws PrioraError for failures that are not the fault of the prior's images.
 */
export async function temporalPrior(
  dataDir: string,
  { prior, noPrior }: Pick<Case, 'prior' | 'noPrior'>,
  current: Prepared,
  settings: {
    readonly registration: RegistrationSettings;
    readonly biasCorrection: BiasCorrection;
    readonly zone: string;
  },
  stop: { signal?: AbortSignal },
): Promise<TemporalPrior> {
  const unused = (unusedBecause: NoPrior | null, found: FoundPrior | null = null) => ({
    found,
    used: null,
    unusedBecause,
  });
  if (!prior) return unused(noPrior);
  const { StudyInstanceUID, SeriesInstanceUID } = prior.row;
  const { reported } = prior;
  try {
    const assembled = await assembleSource(dataDir, prior, settings.zone, stop);
    const image = correctBias(assembled.volume, settings.biasCorrection);
    const initial = reported
      ? reported.result.sourceFromTemplate
      : (await prepareCurrent(image, stop)).sourceFromTemplate;
    const { priorFromTemplate, ...registration } = await registerPrior({
      current: current.image,
      currentMask: current.brainMask,
      prior: image,
      initial,
      settings: settings.registration,
      ...stop,
    });
    const { verdict, similarity, refusal, rotationDegrees, translationMm } = registration;
    const row = {
      StudyInstanceUID,
      SeriesInstanceUID,
      verdict,
      similarity,
      refusal,
      rotationDegrees,
      translationMm,
    };
    const priorFromCurrent = multiplyAffine(priorFromTemplate, invertAffine(current.sourceFromTemplate));
    const found = { row, series: assembled, image, reported, priorFromTemplate, priorFromCurrent };
    if (refusal) return unused({ kind: 'registration refused', refusal }, found);
    return { found, used: found, unusedBecause: null };
  } catch (thrown) {
    const error = asPrioraError(thrown);
    const { message } = error;
    // The search is deterministic: asking again gives the same refusal.
    if (error.code === 'REGISTRATION_FAILED')
      return unused({ kind: 'registration failed', StudyInstanceUID, SeriesInstanceUID, message });
    if (!error.blamesInput) throw error;
    return unused({ kind: 'prior images unusable', StudyInstanceUID, SeriesInstanceUID, message });
  }
}
