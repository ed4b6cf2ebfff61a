import type { Command } from 'commander';
import { userInfo } from 'node:os';
import { DateTime } from 'luxon';
import { enqueueAnalysis } from '../node/queue/case-jobs.js';
import { PrioraError } from '../core/errors.js';
import { ExitCode } from '../core/exit-code.js';
import { releaseStudy } from '../node/ingest/index-instance.js';
import { withNode } from './open-node.js';

interface ReleaseArguments {
  readonly acquiredAt?: string;
  readonly by?: string;
  readonly comment?: string;
  readonly config?: string;
}

/** `priora release <study>`: a person lets a held study go on. */
export function registerReleaseCommand(program: Command): void {
  program
    .command('release')
    .description('let a held study go on, after a person has compared the patient data')
    .argument('<StudyInstanceUID>')
    .option('--acquired-at <time>', 'ISO 8601: when the patient was scanned, if no attribute says so')
    .option('--comment <text>', 'why it may go on; kept with the decision')
    .option('--by <name>', 'who decides [the user of the operating system]')
    .option('--config <file>', 'configuration file')
    .action((StudyInstanceUID: string, { config, acquiredAt, by, comment }: ReleaseArguments) =>
      withNode(config, ({ store, queue, config: { time } }) => {
        const at = acquiredAt === undefined ? undefined : DateTime.fromISO(acquiredAt, { zone: time.zone });
        if (at && !at.isValid) throw new PrioraError('USAGE_INVALID', `${acquiredAt} is no ISO 8601 time`);
        const released = store.transaction(() => {
          const series = releaseStudy(store, StudyInstanceUID, {
            at: Date.now(),
            by: by ?? userInfo().username,
            comment,
            acquiredAt: at?.toMillis(),
          });
          const received = series?.filter(({ origin }) => origin === 'received') ?? [];
          if (received.length > 0) enqueueAnalysis(queue, received[0]);
          return series;
        });
        if (released) return console.log(`study ${StudyInstanceUID} released`);
        console.log(`study ${StudyInstanceUID} is not held`);
        process.exitCode = ExitCode.nothingToDo;
      }),
    );
}
