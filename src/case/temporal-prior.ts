import { assembleSeries, type AssembledSeries } from '../assemble/assemble-series.js';
import { asPrioraError } from '../core/errors.js';
import { correctBias, type BiasCorrection } from '../prepare/bias-correction.js';
import { prepareCurrent, type Prepared } from '../prepare/prepare-current.js';
import { registerPrior } from '../register/register-prior.js';
import type { RegistrationSettings } from '../register/registration-settings.js';
import type { CaseRow, SeriesRow, Store } from '../store/store.js';
import { invertAffine, multiplyAffine, type Affine } from '../volume/affine.js';
import type { Volume } from '../volume/volume.js';
import type { CasePrior, CaseResult } from './case-result.js';
import { instancePaths } from './select-for-analysis.js';

/** A prior whose images were assembled and registered, whatever the verdict. */
export interface FoundPrior {
  readonly row: CasePrior;
  readonly series: AssembledSeries;
  /** As acquired, its shading corrected as the networks want it. */
  readonly image: Volume;
  /** Its reported case, whose lesions are followed; null when it has none. */
  readonly reported: CaseRow | null;
  /** Rigid: patient space of the template, where the current image lies → patient space of the prior. */
  readonly priorFromTemplate: Affine;
  /** Rigid: patient space of the current source → patient space of the prior. */
  readonly priorFromCurrent: Affine;
}

export interface TemporalPrior {
  readonly found: FoundPrior | null;
  /** What the networks see and lesions are tracked against: `found`, if its registration was accepted. */
  readonly used: FoundPrior | null;
  /** One sentence for the report; null when the prior was used. */
  readonly unusedBecause: string | null;
}

/**
 * Assembles the prior and lays it on the prepared current image. A prior that cannot be used costs the comparison, not the case.
 *
 * @throws PrioraError for failures that are not the prior's images' fault.
 */
export async function temporalPrior(
  store: Store,
  dataDir: string,
  prior: SeriesRow | null,
  current: Prepared,
  settings: { readonly registration: RegistrationSettings; readonly biasCorrection: BiasCorrection },
  stop: { signal?: AbortSignal },
): Promise<TemporalPrior> {
  const unused = (unusedBecause: string, found: FoundPrior | null = null) => ({ found, used: null, unusedBecause });
  if (!prior) return unused('no earlier study of this patient is known');
  const reported = store.cases.latestReportedOfSeries(prior.SeriesInstanceUID) ?? null;
  try {
    const series = await assembleSeries(instancePaths(store, dataDir, prior.SeriesInstanceUID), stop);
    const image = correctBias(series.volume, settings.biasCorrection);
    const initial = reported
      ? (reported.result as CaseResult).sourceFromTemplate
      : (await prepareCurrent(image, stop)).sourceFromTemplate;
    const { priorFromCurrent: priorFromTemplate, ...registration } = await registerPrior({
      current: current.image,
      currentMask: current.brainMask,
      prior: image,
      initial,
      settings: settings.registration,
      ...stop,
    });
    const { verdict, similarity, reason, rotationDegrees, translationMm } = registration;
    const { StudyInstanceUID, SeriesInstanceUID } = prior;
    const row = {
      StudyInstanceUID,
      SeriesInstanceUID,
      verdict,
      similarity,
      reason: reason || null,
      rotationDegrees,
      translationMm,
    };
    const priorFromCurrent = multiplyAffine(priorFromTemplate, invertAffine(current.sourceFromTemplate));
    const found = { row, series, image, reported, priorFromTemplate, priorFromCurrent };
    if (verdict === 'refused') return unused(`the registration of the prior was refused: ${reason}`, found);
    return { found, used: found, unusedBecause: null };
  } catch (thrown) {
    const error = asPrioraError(thrown);
    if (!error.blamesInput) throw error;
    return unused(`the images of the prior cannot be used: ${error.message}`);
  }
}
