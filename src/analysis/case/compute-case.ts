import { invertAffine } from '../../imaging/affine.js';
import type { LabelMap, Volume } from '../../imaging/volume.js';
import type { CaseResult } from '../../model/case-result.js';
import type { TrackedLesion } from '../../model/lesion.js';
import { probabilityMap, type ProbabilityMap } from '../../model/probability-map.js';
import type { Language } from '../../report/wording/language.js';
import type { ObjectKind } from '../../model/object-kind.js';
import type { Ensemble } from '../infer/ensemble.js';
import { findingRule } from '../infer/manifest.js';
import { locateLesions } from '../locate/locate-lesions.js';
import { loadSiteAtlas } from '../locate/site-atlas.js';
import type { AnalysisMappings } from '../mappings.js';
import { measureLesions } from '../measure/measure.js';
import { correctBias } from '../prepare/bias-correction.js';
import { normalise } from '../prepare/normalise.js';
import { prepareCurrent } from '../prepare/prepare-current.js';
import { resamplePrior } from '../register/register-prior.js';
import { assessResponse } from '../respond/rano-bm.js';
import { assembleSource } from './assemble-source.js';
import type { Case } from './case.js';
import { isDemonstration, qualityNotes, reportCase } from './report-case.js';
import { responseLedger } from './response-ledger.js';
import { stopOn, type StageTimer } from './stage-timer.js';
import { temporalPrior } from './temporal-prior.js';
import { trackLesions } from './track-lesions.js';
import type { CaseObject } from './write-objects.js';

/** What computing needs besides the case: files, models and settings; no database. */
export interface ComputingContext {
  readonly dataDir: string;
  readonly mappings: AnalysisMappings;
  readonly ensemble: Ensemble;
  readonly language: Language;
  /** Zone of times for which no header gives an offset, IANA. */
  readonly zone: string;
  /** The kinds of objects to write for a case. */
  readonly objects: readonly ObjectKind[];
}

/** Everything that was computed for a case and has yet to be stored. */
export interface CaseReading {
  readonly result: Omit<CaseResult, 'objects' | 'picture'>;
  readonly lesions: readonly TrackedLesion[];
  /** Lesion numbers on the grid of the current series. */
  readonly labels: LabelMap;
  /** What the networks saw, for the next time point. */
  readonly probabilities: ProbabilityMap;
  /** PNG. */
  readonly picture: Buffer;
  /** Null for a corrected time point: the reader's object is its report, and ours stay what they were. */
  readonly objects: readonly CaseObject[] | null;
}

/**
 * The stages from pixels to objects, one call each: assemble → prepare → register → infer → measure → locate → track →
 * respond → report. The same case, models and settings give the same bytes.
 *
 * @throws PrioraError for faults of the images, and for failures that are not their fault.
 */
export async function computeCase(context: ComputingContext, chosen: Case, stages: StageTimer): Promise<CaseReading> {
  const { dataDir, mappings, ensemble, zone } = context;
  const { record, review, selection } = chosen;
  const { preprocessing } = ensemble.models.sensitivity.manifest;
  const { biasCorrection } = preprocessing;
  const stop = stopOn(stages.signal);

  const source = await stages.run('assemble', () => assembleSource(dataDir, chosen.current, zone, stop));

  const prepared = await stages.run('prepare', () => prepareCurrent(correctBias(source.volume, biasCorrection), stop));
  const { sourceFromTemplate, brainMask } = prepared;
  const templateFromSource = invertAffine(sourceFromTemplate);

  const { found, used, unusedBecause } = await stages.run('register', () =>
    temporalPrior(dataDir, chosen, prepared, { ...mappings, biasCorrection, zone }, stop),
  );
  const priorImage = used && resamplePrior(used.image, used);

  const networkImage = (image: Volume) => normalise(image, brainMask, preprocessing);
  const probabilities = await stages.run('infer', (onProgress) =>
    ensemble.run(
      { current: networkImage(prepared.image), prior: priorImage && networkImage(priorImage), region: brainMask },
      { onProgress, ...stop },
    ),
  );
  const seen = probabilityMap(probabilities, brainMask);

  const { lesions: measured, labels } = await stages.run('measure', () =>
    measureLesions(
      {
        ...probabilities,
        ...findingRule(ensemble.models),
        source: source.volume,
        sourceFromTemplate,
        region: brainMask,
      },
      review?.labels,
    ),
  );

  const sites = await stages.run('locate', async () =>
    locateLesions(labels, templateFromSource, prepared.atlasFromTemplate, await loadSiteAtlas()),
  );

  const located = measured.map((lesion) => ({
    ...lesion,
    ...review?.saidOf(lesion),
    site: sites.get(lesion.number) ?? null,
  }));
  const { lesions, gone } = await stages.run('track', () =>
    trackLesions(dataDir, chosen, { lesions: located, labels, seen, templateFromSource }, used, mappings.response),
  );

  const acquiredAt = chosen.current.row.acquiredAt!;
  const order = record.earlier.length + 1;
  const response = await stages.run('respond', () =>
    assessResponse(
      responseLedger(record.earlier, { order, acquiredAt, followed: used?.reported != null, lesions, gone }),
      mappings.response.response,
      record.immunotherapy,
    ),
  );

  const said = {
    forced: selection.forced,
    timePoint: { order, type: order === 1 ? 'baseline' : 'posttreatment', acquiredAt } as const,
    noPriorReason: unusedBecause,
    demonstration: isDemonstration(ensemble.models),
    response,
  };
  const notes = qualityNotes(source, prepared, used);
  const { picture, objects } = await stages.run('report', () =>
    reportCase(context, chosen, {
      source,
      prepared,
      found,
      used,
      priorImage,
      labels,
      said: { ...said, lesions, gone, qualityNotes: notes },
    }),
  );

  return {
    result: {
      ...said,
      prior: found?.row ?? null,
      sourceFromTemplate,
      coverage: prepared.coverage,
      notes,
      models: Object.values(ensemble.models).map(({ manifest: { name, version, sha256 } }) => ({
        name,
        version,
        sha256,
      })),
      provider: ensemble.execution!.provider,
      gone: gone.map(({ trackingUID, trackingID, status, mergedInto }) => ({
        trackingUID,
        trackingID,
        status,
        mergedInto,
      })),
      review: review?.verdict(lesions) ?? null,
      seconds: stages.seconds,
    },
    lesions,
    labels,
    probabilities: seen,
    picture,
    objects,
  };
}
