import type { Command } from 'commander';
import { ExitCode } from '../core/exit-code.js';
import { withNode, type OpenNode } from './open-node.js';

/**
 * Queues all failed jobs again, or the one of this key, also if it is done: a study analysed again gets what its destinations ask for now.
 * A job that runs sends whatever of its deliveries failed.
 *
 * @returns how many jobs.
 */
export function retryFailed({ store, queue }: Pick<OpenNode, 'store' | 'queue'>, key?: string): number {
  if (key !== undefined) return queue.retry(key) ? 1 : 0;
  const failed = queue.list({ state: 'failed' });
  store.transaction(() => {
    for (const job of failed) queue.retry(job.key);
    store.deliveries.retry();
  });
  return failed.length;
}

/** `priora retry`: failed jobs and deliveries go back to the queue. */
export function registerRetryCommand(program: Command): void {
  program
    .command('retry')
    .description('queue failed work again: all of it, or one job by its key (see `priora status`), also if it is done')
    .argument('[key]', 'key of the job')
    .option('--config <file>', 'configuration file')
    .action((key: string | undefined, { config }: { config?: string }) =>
      withNode(config, (node) => {
        const queued = retryFailed(node, key);
        console.log(`${queued} ${queued === 1 ? 'job' : 'jobs'} queued again`);
        if (queued === 0) process.exitCode = ExitCode.nothingToDo;
      }),
    );
}
