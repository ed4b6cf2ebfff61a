import type { Command } from 'commander';
import { ExitCode } from './exit-code.js';
import { withNode } from '../node/operations/open-node.js';
import { retryFailed } from '../node/operations/retry.js';

/** `priora retry`: failed jobs and deliveries go back to the queue. */
export function registerRetryCommand(program: Command): void {
  program
    .command('retry')
    .description('queue failed work again: all of it, or one job by its key (see `priora status`), even if it is done')
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
