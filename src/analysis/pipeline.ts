import { assembleSource } from './case/assemble-source.js';
import { CaseFolder } from './case/case-folder.js';
import type { CaseResult } from '../model/case-result.js';
import { caseFingerprint, holdFingerprint } from './case/fingerprint.js';
import { lesionRecord, sitesShown, type OtherTimePoints } from './case/lesion-record.js';
import { lesionRow } from './case/lesion-row.js';
import { asReadersSaid } from './case/readers-word.js';
import { isDemonstration, qualityNotes, reportModels, reportPrior, reportSource } from './case/report-input.js';
import { awaitsReview, reviewedTimePoint, type ReviewedTimePoint } from './case/reviewed-lesions.js';
import { selectForAnalysis, whyNothingSelected } from './case/select-for-analysis.js';
import { responseLedger } from './case/response-ledger.js';
import { StageTimer, type StageHooks } from './case/stage-timer.js';
import { standingTimePoints } from './case/standing-time-points.js';
import { temporalPrior } from './case/temporal-prior.js';
import { objectsOf, writeObjects } from './case/write-objects.js';
import type { Clock } from '../core/clock.js';
import { asPrioraError, PrioraError } from '../core/errors.js';
import { software } from '../core/software.js';
import { holdSentence } from '../model/hold.js';
import type { Immunotherapy } from '../model/response.js';
import { probabilityMap } from '../model/probability-map.js';
import type { Ensemble } from './infer/ensemble.js';
import { findingRule } from './infer/manifest.js';
import { locateLesions } from './locate/locate-lesions.js';
import { loadSiteAtlas } from './locate/site-atlas.js';
import type { AnalysisMappings } from './mappings.js';
import { findPrior } from './match/find-prior.js';
import { measureLesions } from './measure/measure.js';
import { correctBias } from './prepare/bias-correction.js';
import { normalise } from './prepare/normalise.js';
import { prepareCurrent } from './prepare/prepare-current.js';
import { drawTimePoint } from '../report/picture/time-point-picture.js';
import type { Language } from '../report/wording/language.js';
import { assessResponse } from './respond/rano-bm.js';
import type { SeriesKind } from './select/series-attributes.js';
import type { CaseOutcome } from '../store/cases.js';
import type { CaseRow, ObjectKind, SeriesRow, Store } from '../store/store.js';
import { followLesions } from './track/follow-lesions.js';
import { invertAffine } from '../imaging/affine.js';
import { resampleLinear, resampleNearest } from '../imaging/resample.js';
import { templateGrid, type Volume } from '../imaging/volume.js';

/** What every case needs. */
export interface PipelineContext {
  readonly store: Store;
  readonly dataDir: string;
  readonly mappings: AnalysisMappings;
  readonly ensemble: Ensemble;
  readonly language: Language;
  /** Of times that no header gives an offset for, IANA. */
  readonly zone: string;
  /** The kinds of objects to write for a case. */
  readonly objects: readonly ObjectKind[];
  readonly clock: Clock;
  /** Called in the transaction that finishes a case, whatever its outcome, for what must be one commit with it. */
  readonly onFinished?: (finished: CaseRow) => void;
}

export interface AnalyseOptions extends StageHooks {
  /** Take the likeliest series even if selection refuses them all; the report says so. */
  readonly forceSeries?: boolean;
}

/**
 * One study through all stages: select → match → review → assemble → prepare → register → infer → measure → locate → track → respond → report.
 * Idempotent: the same inputs find their finished case and do nothing; a run that was killed starts again from its images.
 *
 * @returns the study's case: reported, rejected (the images are at fault) or held (a person must look).
 * @throws PrioraError for failures that are not the images' fault; the case is then `failed`, to be run again.
 */
export async function analyseStudy(
  context: PipelineContext,
  StudyInstanceUID: string,
  options: AnalyseOptions = {},
): Promise<CaseRow> {
  const { store, mappings, clock, dataDir } = context;
  const study = store.studies.find(StudyInstanceUID);
  if (!study) throw new PrioraError('INTERNAL', 'the study is not in the index', { subject: { StudyInstanceUID } });
  const timer = new StageTimer(options);
  const open = (series: SeriesRow | null, prior: SeriesRow | null, fingerprint: string) =>
    store.cases.open(
      {
        StudyInstanceUID,
        SeriesInstanceUID: series?.SeriesInstanceUID ?? null,
        priorCaseKey: (prior && store.cases.latestReportedOfSeries(prior.SeriesInstanceUID)?.caseKey) ?? null,
        priorSeriesInstanceUID: prior?.SeriesInstanceUID ?? null,
        fingerprint,
      },
      clock.now(),
    ).case;
  const holds = store.holds.open(StudyInstanceUID);
  if (holds.length > 0) {
    const { caseKey } = open(null, null, holdFingerprint(holds));
    return finish(context, caseKey, { status: 'held', code: holds[0].code, reason: holdSentence(holds) });
  }

  const selected = await timer.run('select', () =>
    selectForAnalysis(store, dataDir, StudyInstanceUID, mappings.selection, {
      priorKind: kindOfPrior(context, StudyInstanceUID),
      force: options.forceSeries ?? false,
    }),
  );
  const prior = await timer.run('match', () => (selected.series ? priorSeries(context, selected.series) : null));
  const timePoints = selected.series ? otherTimePoints(store, selected.series) : { earlier: [], later: [] };
  // A baseline is the same whatever the therapy.
  const immunotherapy = timePoints.earlier.length > 0 ? store.patients.get(study.patientKey).immunotherapy : 'unknown';
  const review = await timer.run('review', () =>
    selected.series ? reviewedTimePoint(store, dataDir, selected.series, stopOn(options.signal)) : null,
  );
  const instances = selected.considered.flatMap(({ SeriesInstanceUID }) => store.instances.ofSeries(SeriesInstanceUID));
  const fingerprint = caseFingerprint({
    patient: study,
    instances,
    prior: prior && {
      instances: store.instances.ofSeries(prior.SeriesInstanceUID),
      caseFingerprint: store.cases.latestReportedOfSeries(prior.SeriesInstanceUID)?.fingerprint ?? null,
    },
    models: context.ensemble.models,
    mappings: { ...mappings, destinations: null },
    language: context.language,
    immunotherapy,
    objects: context.objects,
    forced: selected.forced,
    reviews: review?.instances ?? [],
    earlier: timePoints.earlier.map(({ reported }) => reported.fingerprint),
  });
  const opened = open(selected.series, prior, fingerprint);
  if (opened.status === 'reported' || opened.status === 'rejected') return opened;

  store.cases.start(opened.caseKey);
  try {
    if (!selected.series)
      throw new PrioraError('SERIES_NOT_SELECTED', whyNothingSelected(selected.selection), {
        subject: { StudyInstanceUID },
      });
    await readCase(
      context,
      opened,
      {
        series: selected.series,
        instances: instances.length,
        forced: selected.forced,
        prior,
        timePoints,
        immunotherapy,
        review,
      },
      timer,
      options,
    );
  } catch (thrown) {
    const error = asPrioraError(thrown);
    const status = error.blamesInput ? 'rejected' : 'failed';
    store.transaction(() => {
      if (error.blamesInput && selected.series)
        store.series.noteRead(selected.series.SeriesInstanceUID, instances.length, 'refused');
      finish(context, opened.caseKey, { status, code: error.code, reason: error.message });
    });
    if (!error.blamesInput) throw error;
  }
  const finished = store.cases.find(opened.caseKey)!;
  // What a reader sent before the networks had read the study could not be compared with anything until now.
  const toReview = finished.status === 'reported' && awaitsReview(store, StudyInstanceUID);
  return toReview ? analyseStudy(context, StudyInstanceUID, options) : finished;
}

/** The stages from pixels to objects, for a case that has a series. */
async function readCase(
  context: PipelineContext,
  opened: CaseRow,
  {
    series,
    instances,
    prior,
    forced,
    timePoints,
    immunotherapy,
    review,
  }: {
    series: SeriesRow;
    /** How many it had when it was selected. */
    instances: number;
    prior: SeriesRow | null;
    forced: boolean;
    timePoints: OtherTimePoints;
    immunotherapy: Immunotherapy;
    review: ReviewedTimePoint | null;
  },
  timer: StageTimer,
  { signal }: StageHooks,
): Promise<void> {
  const { store, dataDir, mappings, ensemble, clock, language, zone } = context;
  const acquiredAt = series.acquiredAt!;
  const stop = stopOn(signal);
  const source = await timer.run('assemble', () => assembleSource(store, dataDir, series, zone, stop));
  const { preprocessing } = ensemble.models.sensitivity.manifest;
  const { biasCorrection } = preprocessing;
  const prepared = await timer.run('prepare', () => prepareCurrent(correctBias(source.volume, biasCorrection), stop));
  store.series.noteRead(series.SeriesInstanceUID, instances, 'assembled');

  const temporal = await timer.run('register', () =>
    temporalPrior(store, dataDir, series, prior, prepared, { ...mappings, biasCorrection, zone }, stop),
  );
  const { used } = temporal;
  const priorImage = used && resampleLinear(used.image, templateGrid, used.priorFromTemplate);

  const network = (image: Volume) => normalise(image, prepared.brainMask, preprocessing);
  const probabilities = await timer.run('infer', (onProgress) =>
    ensemble.run(
      { current: network(prepared.image), prior: priorImage && network(priorImage), region: prepared.brainMask },
      { onProgress, ...stop },
    ),
  );
  const measured = await timer.run('measure', () =>
    measureLesions(
      {
        ...probabilities,
        ...findingRule(ensemble.models),
        source: source.volume,
        sourceFromTemplate: prepared.sourceFromTemplate,
        region: prepared.brainMask,
      },
      review?.labels,
    ),
  );

  const templateFromSource = invertAffine(prepared.sourceFromTemplate);
  const sites = await timer.run('locate', async () =>
    locateLesions(measured.labels, templateFromSource, prepared.atlasFromTemplate, await loadSiteAtlas()),
  );

  const superseded = opened.supersededCaseKey === null ? null : store.cases.find(opened.supersededCaseKey)!;
  const seen = probabilityMap(probabilities, prepared.brainMask);
  const { lesions, gone } = await timer.run('track', async () => {
    const { labels } = measured;
    const record = await lesionRecord(
      store,
      dataDir,
      { series, labels, templateFromSource, superseded },
      used,
      timePoints,
    );
    const located = measured.lesions.map((lesion) => ({
      ...lesion,
      ...review?.saidOf(lesion),
      site: sites.get(lesion.number) ?? null,
    }));
    const { SeriesInstanceUID } = series;
    const shows = sitesShown(seen, timePoints.earlier);
    const current = { SeriesInstanceUID, acquiredAt, lesions: located, labels, shows };
    const followed = await followLesions(current, record, mappings.response);
    return review ? followed : { ...followed, lesions: asReadersSaid(followed.lesions, timePoints.earlier) };
  });

  const { earlier } = timePoints;
  const order = earlier.length + 1;
  const followed = used !== null && used.reported !== null;
  const response = await timer.run('respond', () =>
    assessResponse(
      responseLedger(earlier, { order, acquiredAt, followed, lesions, gone }),
      mappings.response.response,
      immunotherapy,
    ),
  );

  const folder = new CaseFolder(dataDir, opened.caseKey);
  const timePoint = { order, type: order === 1 ? 'baseline' : 'posttreatment', acquiredAt } as const;
  const notes = qualityNotes(source, prepared, used);
  const demonstration = isDemonstration(ensemble.models);
  const written = await timer.run('report', async () => {
    const labels = resampleNearest(measured.labels, templateGrid, prepared.sourceFromTemplate);
    const priorFindings = used?.reported && {
      lesions: store.cases.lesions(used.reported.caseKey),
      labels: resampleNearest(
        await new CaseFolder(dataDir, used.reported.caseKey).readLabels(),
        templateGrid,
        used.priorFromTemplate,
      ),
    };
    const images = { prior: priorImage, current: prepared.image, labels, ...(priorFindings && { priorFindings }) };
    folder.writeLabels(measured.labels);
    folder.writeProbabilities(seen);
    return {
      picture: folder.write('picture.png', drawTimePoint({ ...images, lesions, demonstration })),
      // A reader's object is the report of a reviewed time point; ours stay what they were.
      objects: review
        ? objectsOf(store, superseded!)
        : writeObjects(
            store,
            folder,
            opened,
            {
              source: reportSource(source),
              lesions,
              labels: measured.labels,
              gone,
              response,
              prior: temporal.found && reportPrior(temporal.found),
              noPriorReason: temporal.unusedBecause,
              models: reportModels(ensemble.models),
              timePoint,
              software,
              language,
              demonstration,
              qualityNotes: notes,
              forced,
            },
            images,
            context.objects,
            superseded,
          ),
    };
  });

  const result: CaseResult = {
    forced,
    timePoint,
    prior: temporal.found?.row ?? null,
    noPriorReason: temporal.unusedBecause,
    sourceFromTemplate: prepared.sourceFromTemplate,
    coverage: prepared.coverage,
    notes,
    models: Object.values(ensemble.models).map(({ manifest: { name, version, sha256 } }) => ({
      name,
      version,
      sha256,
    })),
    demonstration,
    provider: ensemble.execution!.provider,
    gone: gone.map(({ trackingUID, trackingID, status, mergedInto }) => ({
      trackingUID,
      trackingID,
      status,
      mergedInto,
    })),
    response,
    review: review?.verdict(lesions) ?? null,
    objects: written.objects.map(({ kind, SOPInstanceUID, path }) => ({ kind, SOPInstanceUID, path })),
    picture: written.picture,
    seconds: timer.seconds,
  };
  store.transaction(() => {
    for (const object of written.objects) store.objects.insert({ ...object, createdAt: clock.now() });
    review?.noteApplied();
    finish(context, opened.caseKey, { status: 'reported', result, lesions: lesions.map(lesionRow) });
  });
}

/** Ends a case, in one transaction with what follows from it. */
function finish({ store, clock, onFinished }: PipelineContext, caseKey: number, outcome: CaseOutcome): CaseRow {
  return store.transaction(() => {
    store.cases.finish(caseKey, outcome, clock.now());
    const finished = store.cases.find(caseKey)!;
    onFinished?.(finished);
    return finished;
  });
}

const stopOn = (signal: AbortSignal | undefined) => (signal ? { signal } : {});

function priorSeries({ store, mappings }: PipelineContext, current: SeriesRow): SeriesRow | null {
  const prior = findPrior(store, current, mappings.priorMatching);
  return prior ? store.series.find(prior.SeriesInstanceUID)! : null;
}

/** What kind of series the patient's prior was read from, to be preferred now. */
function kindOfPrior(context: PipelineContext, StudyInstanceUID: string): SeriesKind | undefined {
  for (const candidate of context.store.series.ofStudy(StudyInstanceUID)) {
    const prior = priorSeries(context, candidate);
    const kept = prior?.selection as { kind: SeriesKind | null } | null | undefined;
    if (kept?.kind) return kept.kind;
  }
  return undefined;
}

/** The patient's time points before and after this series. */
function otherTimePoints(store: Store, { patientKey, StudyInstanceUID, acquiredAt }: SeriesRow): OtherTimePoints {
  const others = standingTimePoints(store, patientKey).filter(
    ({ reported }) => reported.StudyInstanceUID !== StudyInstanceUID,
  );
  return {
    earlier: others.filter((other) => other.acquiredAt < acquiredAt!),
    later: others.filter((other) => other.acquiredAt >= acquiredAt!),
  };
}
