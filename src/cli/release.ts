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

/** `priora release <study>`: an operator releases a study that is on hold. */
export function registerReleaseCommand(program: Command): void {
  program
    .command('release')
    .description('release a study that is on hold, after comparing the patient data')
    .argument('<StudyInstanceUID>')
    .option('--acquired-at <time>', 'when the patient was scanned, if no attribute says so; ISO 8601')
    .option('--comment <text>', 'the reason for the decision, kept with it')
    .option('--by <name>', 'who decides [the user of the operating system]')
    .option('--config <file>', 'configuration file')
    .action((StudyInstanceUID: string, { config, acquiredAt, by, comment }: ReleaseArguments) =>
      withNode(config, (node) => {
        const { zone } = node.config.time;
        const at = acquiredAt === undefined ? undefined : DateTime.fromISO(acquiredAt, { zone });
        if (at && !at.isValid) throw new PrioraError('USAGE_INVALID', `${acquiredAt} is not an ISO 8601 time`);
        const released = release(node, StudyInstanceUID, {
          at: Date.now(),
          by: by ?? userInfo().username,
          comment,
          acquiredAt: at?.toMillis(),
        });
        if (released) return console.log(`study ${StudyInstanceUID} released`);
        console.log(`study ${StudyInstanceUID} is not on hold`);
        process.exitCode = ExitCode.nothingToDo;
      }),
    );
}
