#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { registerAnalyseCommand } from './commands/analyse.js';
import { registerExplainCommand } from './commands/explain.js';
import { registerHistoryCommand } from './commands/history.js';
import { registerMergeCommand } from './commands/merge.js';
import { registerMigrateCommand } from './commands/migrate.js';
import { registerPhantomCommand } from './commands/phantom.js';
import { registerReleaseCommand } from './commands/release.js';
import { registerRetryCommand } from './commands/retry.js';
import { registerSendCommand } from './commands/send.js';
import { registerServeCommand } from './commands/serve.js';
import { registerStatusCommand } from './commands/status.js';
import { registerTherapyCommand } from './commands/therapy.js';
import { registerTrainingDataCommand } from './commands/training-data.js';
import { registerVerifyCommand } from './commands/verify.js';
import { asPrioraError } from './core/errors.js';
import { ExitCode } from './core/exit-code.js';
import { software } from './core/software.js';

/** The command line. Exit codes: src/core/exit-code.ts, and in `--help`. */
const program = new Command('priora')
  .description("The DICOM node that reads a patient's brain MRI together with the one before it.")
  .version(software.version)
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failure, 2 wrong usage or configuration, 3 nothing to do, 4 input rejected or held.\n' +
      'Research use only: not a medical device, not for clinical use.',
  );

for (const register of [
  registerServeCommand,
  registerAnalyseCommand,
  registerSendCommand,
  registerExplainCommand,
  registerHistoryCommand,
  registerStatusCommand,
  registerRetryCommand,
  registerReleaseCommand,
  registerMergeCommand,
  registerTherapyCommand,
  registerVerifyCommand,
  registerPhantomCommand,
  registerTrainingDataCommand,
  registerMigrateCommand,
])
  register(program);

try {
  await program.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exit(thrown.exitCode === 0 ? 0 : ExitCode.usage);
  const error = asPrioraError(thrown);
  console.error(`priora: ${error.message}\n${error.code}: ${error.action}`);
  if (error.code === 'INTERNAL') console.error(error.stack);
  process.exit(error.code === 'CONFIG_INVALID' ? ExitCode.usage : ExitCode.failure);
}
