import { readFileSync } from 'node:fs';
import { deliveryRetryPolicy, enqueueAnalysis, enqueueForwarding, jobKinds } from './queue/case-jobs.js';
import { reviewArrived } from './ingest/review-arrived.js';
import { CaseWorker } from './work/case-worker.js';
import { gatherEvidence } from './completeness/evidence.js';
import { mayBeVolume } from './completeness/judge.js';
import {
  completenessHandler,
  completenessJobKind,
  instanceArrived,
  resumeCompleteness,
  seriesReleased,
} from './completeness/schedule.js';
import { systemClock, type Clock } from '../core/clock.js';
import type { Config } from '../core/config.js';
import { PrioraError } from '../core/errors.js';
import { makeNamedFolder } from '../core/folder.js';
import type { Logger } from '../core/log.js';
import { deliverCase, forwardSeries } from './delivery/delivery.js';
import { reviewClasses, SOPClass, TransferSyntax } from '../dicom/uid.js';
import { createServer } from '../dimse/server.js';
import { storageService } from '../dimse/storage-service.js';
import { indexInstance } from './ingest/index-instance.js';
import { openQueue } from './queue/queue.js';
import { startRunner, type JobHandler } from './queue/runner.js';
import { loadMappings } from './mappings.js';
import { openReceiver } from './ingest/receiver.js';
import { databasePath, openStore, type SeriesRow } from '../store/store.js';

/** A running node. */
export interface RunningNode {
  readonly host: string;
  readonly port: number;
  /** What the networks run on. */
  readonly provider: 'cpu' | 'cuda';
  /** Resolves when no job is running or due. */
  idle(): Promise<void>;
  /** Takes no more associations and jobs, gives running jobs back to the queue, closes the database. */
  close(): Promise<void>;
}

/** Storage classes a node takes in, with those of reviews where there are reviewers; a configuration may add others. */
const storageClasses = [
  SOPClass.MRImageStorage,
  SOPClass.EnhancedMRImageStorage,
  SOPClass.LegacyConvertedEnhancedMRImageStorage,
];

/**
 * Builds and starts everything: index, queue, the process that computes cases, the SCP.
 *
 * @throws PrioraError what must stop a node at its start: CONFIG_INVALID, DATABASE_TOO_NEW, DATABASE_DAMAGED, MODEL_INVALID, PROVIDER_UNAVAILABLE.
 */
export async function startNode(config: Config, logger: Logger, clock: Clock = systemClock): Promise<RunningNode> {
  const { dicom, completeness, dataDir } = config;
  const mappings = loadMappings(config.mappingsDir);
  makeNamedFolder(dataDir, 'dataDir');
  const worker = await CaseWorker.start(config);
  const store = openStore(databasePath(dataDir), { clock });
  const deliveryRetry = deliveryRetryPolicy(config);
  const queue = openQueue(store, {
    clock,
    leaseMs: config.worker.leaseSeconds * 1000,
    retryByKind: { [jobKinds.deliver]: deliveryRetry, [jobKinds.forward]: deliveryRetry },
  });

  const receiver = openReceiver({
    store,
    dataDir,
    logger,
    clock,
    index: (header, instance, source) => {
      const series = indexInstance(store, header, instance, source, { issuers: dicom.issuers, zone: config.time.zone });
      instanceArrived(queue, series, completeness);
      reviewArrived({ store, queue, reviewers: dicom.reviewers }, instance, series, source.callingAETitle);
    },
    isDestination: (aeTitle) =>
      mappings.destinations.some(({ calledAETitle, sendsStudies }) => calledAETitle === aeTitle && !sendsStudies),
    onSeriesReleased: (uids) => seriesReleased(store, queue, uids, clock.now(), completeness),
  });

  /** Whether a study waits for this series: it is still arriving, and may yet be the one to analyse. */
  const holdsBack = (series: SeriesRow): boolean => {
    if (series.origin !== 'received' || series.state !== 'receiving') return false;
    if (series.associationReleasedAt === null) return true;
    // All of it was sent: a localiser would only keep the study waiting for its timer.
    return mayBeVolume(gatherEvidence(store, series.SeriesInstanceUID, completeness.spacingTolerance), completeness);
  };
  /** A complete series goes on: forwarded as it is, and its study analysed once nothing that matters is still arriving. */
  const onComplete = (series: SeriesRow) => {
    const siblings = store.series.ofStudy(series.StudyInstanceUID).filter(({ origin }) => origin === 'received');
    if (series.origin === 'received')
      for (const { name, calledAETitle, forwardOriginals } of mappings.destinations)
        // A PACS that sends studies has what it sent.
        if (forwardOriginals && calledAETitle !== series.callingAETitle)
          enqueueForwarding(queue, name, series.SeriesInstanceUID);
    if (siblings.length > 0 && !siblings.some(holdsBack)) enqueueAnalysis(queue, siblings[0]);
  };

  const analyse: JobHandler = async ({ StudyInstanceUID }: { StudyInstanceUID: string }, { signal, setStage }) => {
    const log = logger.child({ StudyInstanceUID });
    const { status, code } = await worker.analyse(StudyInstanceUID, {
      signal,
      onStage: (stage, fraction) => {
        setStage(fraction === null ? stage : `${stage} ${Math.round(fraction * 100)} %`);
        if (fraction === null) log.info({ stage }, 'stage');
      },
    });
    // The reason may quote the header; `priora status` and `explain` tell it.
    log.info({ status, code }, 'case finished');
  };
  const delivery = { store, config, destinations: mappings.destinations, logger, clock };
  const runner = startRunner({
    queue,
    logger,
    clock,
    pollMs: config.worker.pollSeconds * 1000,
    renewMs: (config.worker.leaseSeconds * 1000) / 3,
    concurrency: { [jobKinds.deliver]: config.worker.deliveries, [jobKinds.forward]: config.worker.deliveries },
    handlers: {
      [completenessJobKind]: completenessHandler({ store, queue, clock, rules: completeness, onComplete }),
      [jobKinds.analyse]: analyse,
      [jobKinds.deliver]: deliverCase(delivery),
      [jobKinds.forward]: forwardSeries(delivery),
    },
  });
  resumeCompleteness(store, queue, completeness);
  const pruneJobs = () => {
    try {
      queue.prune(clock.now() - config.worker.keepFinishedDays * 86_400_000);
    } catch (error) {
      logger.error({ error: (error as Error).message }, 'finished jobs not forgotten; trying again');
    }
  };
  pruneJobs();
  const pruning = setInterval(pruneJobs, 3_600_000).unref();

  const server = createServer({
    ...serverOptions(config),
    services: [storageService(receiver.storeHandler)],
    logger,
    onAssociationClosed: receiver.associationClosed,
  });
  const { host, port } = await server.listen();
  logger.info({ host, port, aeTitle: dicom.aeTitle, provider: worker.provider }, 'Priora is listening');

  return {
    host,
    port,
    provider: worker.provider!,
    idle: () => runner.idle(),
    close: async () => {
      clearInterval(pruning);
      await server.close();
      await runner.stop();
      worker.close();
      store.close();
    },
  };
}

/** The configuration's `dicom` section in the SCP's terms. */
function serverOptions({ dicom }: Config) {
  const { tls } = dicom;
  const read = (path: string) => {
    try {
      return readFileSync(path);
    } catch (cause) {
      throw new PrioraError('CONFIG_INVALID', `the TLS file ${path} cannot be read`, { cause });
    }
  };
  const transferSyntaxes = Object.values(TransferSyntax);
  return {
    aeTitle: dicom.aeTitle,
    host: dicom.host,
    port: dicom.port,
    calledAETitles: dicom.calledAETitles ?? [dicom.aeTitle],
    callingAETitles: dicom.callingAETitles,
    supportedContexts: [
      ...new Set([
        ...storageClasses,
        ...(dicom.reviewers.length > 0 ? reviewClasses : []),
        ...dicom.additionalStorageClasses,
      ]),
    ].map((abstractSyntax) => ({ abstractSyntax, transferSyntaxes })),
    maxAssociations: dicom.maxAssociations,
    maxPDULength: dicom.maxPDULength,
    artimTimeoutMs: dicom.artimTimeoutSeconds * 1000,
    idleTimeoutMs: dicom.idleTimeoutSeconds * 1000,
    ...(tls && {
      tls: {
        key: read(tls.keyFile),
        cert: read(tls.certificateFile),
        ...(tls.clientCAFile ? { ca: read(tls.clientCAFile) } : {}),
      },
    }),
  };
}
