import type { Command } from 'commander';
import { userInfo } from 'node:os';
import { DateTime } from 'luxon';
import { PrioraError } from '../core/errors.js';
import { ExitCode } from './exit-code.js';
import { withNode } from '../node/operations/open-node.js';
import { release } from '../node/operations/release.js';

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
      withNode(config, (node) => {
        const { zone } = node.config.time;
        const at = acquiredAt === undefined ? undefined : DateTime.fromISO(acquiredAt, { zone });
        if (at && !at.isValid) throw new PrioraError('USAGE_INVALID', `${acquiredAt} is no ISO 8601 time`);
        const released = release(node, StudyInstanceUID, {
          at: Date.now(),
          by: by ?? userInfo().username,
          comment,
          acquiredAt: at?.toMillis(),
        });
        if (released) return console.log(`study ${StudyInstanceUID} released`);
        console.log(`study ${StudyInstanceUID} is not held`);
        process.exitCode = ExitCode.nothingToDo;
      }),
    );
}
