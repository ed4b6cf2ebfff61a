/**
 * The process that computes cases, so that the one that receives images always answers at once. It opens the database
 * for itself, keeps the networks loaded, and computes one case at a time, as its parent asks.
 */
import type { Execution } from '../../analysis/infer/messages.js';
import { answerParent } from '../../core/child-process.js';
import { systemClock } from '../../core/clock.js';
import type { Config } from '../../core/config.js';
import { kindsToWrite } from '../delivery/destinations.js';
import { openQueue } from '../queue/queue.js';
import { loadMappings } from '../mappings.js';
import { analyseStudy, type PipelineContext } from '../../analysis/pipeline.js';
import { databasePath, openStore } from '../../store/store.js';
import { caseFinished } from './case-finished.js';
import type { CaseCalls } from './case-worker.js';
import { startEnsemble } from '../../analysis/infer/start-ensemble.js';

let context: PipelineContext | undefined;

async function start(config: Config): Promise<Pick<Execution, 'provider'>> {
  const mappings = loadMappings(config.mappingsDir);
  const ensemble = await startEnsemble(config);
  const store = openStore(databasePath(config.dataDir));
  const queue = openQueue(store);
  context = {
    store,
    dataDir: config.dataDir,
    mappings,
    ensemble,
    language: config.reportLanguage,
    zone: config.time.zone,
    objects: kindsToWrite(mappings.destinations),
    clock: systemClock,
    onFinished: (finished) => caseFinished({ store, queue, mappings, clock: systemClock }, finished),
  };
  return { provider: ensemble.execution!.provider };
}

answerParent<CaseCalls>({
  start,
  analyse: async (StudyInstanceUID, { progress, signal }) => {
    const { caseKey, status, code } = await analyseStudy(context!, StudyInstanceUID, {
      signal,
      onStage: (stage, fraction) => progress({ stage, fraction: fraction ?? null }),
    });
    return { caseKey, status, code };
  },
});
