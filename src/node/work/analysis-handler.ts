import type { Logger } from '../../core/log.js';
import type { JobHandler } from '../queue/runner.js';
import type { CaseWorker } from './case-worker.js';

/** Handler of the jobs that analyse a study: the worker computes the case, the job says how far it is. */
export function analysisHandler(worker: CaseWorker, logger: Logger): JobHandler {
  return async ({ StudyInstanceUID }: { StudyInstanceUID: string }, { signal, setStage }) => {
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
}
