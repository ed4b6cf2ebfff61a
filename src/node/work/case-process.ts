/**
 * The process that computes cases, so that the one that receives images always answers at once. It opens the database
 * for itself, keeps the networks loaded, and computes one case at a time, as its parent asks.
 */
import { systemClock } from '../../core/clock.js';
import type { Config } from '../../core/config.js';
import { asPrioraError } from '../../core/errors.js';
import { kindsToWrite } from '../delivery/destinations.js';
import { openQueue } from '../queue/queue.js';
import { loadMappings } from '../mappings.js';
import { analyseStudy, type PipelineContext } from '../../analysis/pipeline.js';
import { databasePath, openStore } from '../../store/store.js';
import { caseFinished } from './case-finished.js';
import type { CaseMessage, CaseRequest } from './case-worker.js';
import { startEnsemble } from '../../analysis/infer/start-ensemble.js';

let context: PipelineContext | undefined;
let stop: AbortController | undefined;

const send = (message: CaseMessage) => process.send!(message);

async function start(config: Config): Promise<void> {
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
  send({ type: 'ready', provider: ensemble.execution!.provider });
}

async function analyse(StudyInstanceUID: string): Promise<void> {
  stop = new AbortController();
  const { status, code, caseKey } = await analyseStudy(context!, StudyInstanceUID, {
    signal: stop.signal,
    onStage: (stage, fraction) => send({ type: 'stage', stage, fraction: fraction ?? null }),
  });
  send({ type: 'done', caseKey, status, code });
}

process.on('message', (request: CaseRequest) => {
  if (request.type === 'stop') return stop?.abort();
  (request.type === 'start' ? start(request.config) : analyse(request.StudyInstanceUID)).catch((thrown: unknown) => {
    const { code, message, subject } = asPrioraError(thrown);
    send({ type: 'failed', code, message, subject });
  });
});
process.once('disconnect', () => process.exit(0));
