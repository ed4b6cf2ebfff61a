import type { Command } from 'commander';
import { enqueueDelivery } from '../case/case-jobs.js';
import { ExitCode } from '../core/exit-code.js';
import { withNode } from './open-node.js';

/** `priora retry`: failed jobs and deliveries go back to the queue. */
export function registerRetryCommand(program: Command): void {
  program
    .command('retry')
    .description('queue failed work again: all of it, or one job by its key (see `priora status`)')
    .argument('[key]', 'key of the job')
    .option('--config <file>', 'configuration file')
    .action((key: string | undefined, { config }: { config?: string }) =>
      withNode(config, ({ store, queue }) => {
        const failed = queue.list({ state: 'failed' }).filter((job) => key === undefined || job.key === key);
        const deliveries = key === undefined ? store.deliveries.failed() : [];
        store.transaction(() => {
          for (const job of failed) queue.retry(job.key);
          store.deliveries.retry();
          for (const { destination, caseKey } of deliveries)
            if (caseKey !== null) enqueueDelivery(queue, destination, caseKey);
        });
        console.log(`${failed.length} jobs queued again`);
        if (failed.length === 0) process.exitCode = ExitCode.nothingToDo;
      }),
    );
}
