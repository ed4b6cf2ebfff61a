import { systemClock, type Clock } from '../core/clock.js';
import type { Config } from '../core/config.js';
import { makeNamedFolder } from '../core/folder.js';
import type { Logger } from '../core/log.js';
import { databasePath, lockDataFolder, openStore, type Store } from '../store/store.js';
import { completenessHandler, resumeCompleteness } from './completeness/schedule.js';
import { seriesComplete } from './completeness/series-complete.js';
import { deliverCase, forwardSeries } from './delivery/delivery.js';
import { openIngest } from './ingest/ingest.js';
import { storageSCP } from './ingest/storage-scp.js';
import { loadMappings, type Mappings } from './mappings.js';
import { deliveryRetryPolicy } from './queue/case-jobs.js';
import type { JobQueue } from './queue/job-queue.js';
import { openQueue } from './queue/queue.js';
import { Runner } from './queue/runner.js';
import { analysisHandler, CaseWorker } from './work/case-worker.js';

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

/** What the parts of a node share. */
interface Parts {
  readonly config: Config;
  readonly mappings: Mappings;
  readonly store: Store;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Builds and starts everything: the lock on the data folder, index, queue, the Storage SCP, the process that computes cases.
 * What another program has taken, the folder or the port, is found first, and then nothing is changed. If any part cannot be
 * started, those before it are stopped again.
 *
 * @throws PrioraError what must stop a node at its start: CONFIG_INVALID, DATA_FOLDER_IN_USE, STORAGE_FULL, STORAGE_FAILED,
 *   DATABASE_TOO_NEW, DATABASE_DAMAGED, MODEL_INVALID, PROVIDER_UNAVAILABLE.
 */
export async function startNode(config: Config, logger: Logger, clock: Clock = systemClock): Promise<RunningNode> {
  /** How to stop what has been started. */
  const started: (() => void | Promise<void>)[] = [];
  const close = async () => {
    for (const stop of started.splice(0).reverse()) await stop();
  };
  try {
    const mappings = loadMappings(config.mappingsDir);
    makeNamedFolder(config.dataDir, 'dataDir');
    const lock = lockDataFolder(config.dataDir, clock.now());
    started.push(() => lock.release());
    const store = openStore(databasePath(config.dataDir), { clock });
    started.push(() => store.close());
    const parts: Parts = { config, mappings, store, queue: openJobs(config, store, clock), clock, logger };

    const receiver = openIngest({ ...parts, destinations: mappings.destinations });
    const server = storageSCP(config, receiver, logger);
    const { host, port } = await server.listen();
    started.push(() => server.close());

    const worker = await CaseWorker.start(config);
    started.push(() => worker.close());
    const runner = startWork(parts, worker);
    started.push(() => runner.stop());
    resumeCompleteness(store, parts.queue, config.completeness);
    const pruning = pruneHourly(parts);
    started.push(() => clearInterval(pruning));
    logger.info({ host, port, aeTitle: config.dicom.aeTitle, provider: worker.provider }, 'Priora is listening');
    return { host, port, provider: worker.provider!, idle: () => runner.idle(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function openJobs(config: Config, store: Store, clock: Clock): JobQueue {
  const deliveryRetry = deliveryRetryPolicy(config);
  return openQueue(store, {
    clock,
    leaseMs: config.worker.leaseSeconds * 1000,
    retryByKind: {
      deliver: deliveryRetry,
      forward: deliveryRetry,
      // A case is computed in a process of its own, whose end the node sees and judges: its own end says nothing of the case.
      analyse: { crashTries: Infinity },
    },
  });
}

/** Starts doing the jobs: complete → analyse → deliver, and forwarding. */
function startWork({ config, mappings, ...parts }: Parts, worker: CaseWorker): Runner {
  const { destinations } = mappings;
  const { completeness: rules, worker: limits } = config;
  const delivery = { ...parts, config, destinations };
  return Runner.start({
    ...parts,
    pollMs: limits.pollSeconds * 1000,
    renewMs: (limits.leaseSeconds * 1000) / 3,
    concurrency: { deliver: limits.deliveries, forward: limits.deliveries },
    handlers: {
      complete: completenessHandler({
        ...parts,
        rules,
        onComplete: (series) => seriesComplete({ ...parts, destinations, rules }, series),
      }),
      analyse: analysisHandler(worker, parts.logger),
      deliver: deliverCase(delivery),
      forward: forwardSeries(delivery),
    },
  });
}

/** Forgets jobs that ended long ago, now and every hour. */
function pruneHourly({ config, queue, clock, logger }: Parts): NodeJS.Timeout {
  const prune = () => {
    try {
      queue.prune(clock.now() - config.worker.keepFinishedDays * 86_400_000);
    } catch (error) {
      logger.error({ error: (error as Error).message }, 'finished jobs could not be deleted; retrying');
    }
  };
  prune();
  return setInterval(prune, 3_600_000).unref();
}
