#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { asPrioraError } from './core/errors.js';
import { ExitCode } from './cli/exit-code.js';
import { software } from './core/software.js';

/** The command line. Exit codes: src/cli/exit-code.ts, and in `--help`. */
const program = new Command('priora')
  .description("The DICOM node that reads a patient's brain MRI together with the one before it.")
  .version(software.version)
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failure, 2 wrong usage or configuration, 3 nothing to do, 4 input rejected or on hold.\n' +
      'For research use only. Not a medical device. Not for use in diagnostic procedures.',
  );

/**
 * Only the command in question is loaded (all of them, for the help): the node carries no code that draws or analyses.
 */
const commands: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  serve: async () => (await import('./cli/serve.js')).registerServeCommand,
  analyse: async () => (await import('./cli/analyse.js')).registerAnalyseCommand,
  send: async () => (await import('./cli/send.js')).registerSendCommand,
  explain: async () => (await import('./cli/explain.js')).registerExplainCommand,
  history: async () => (await import('./cli/history.js')).registerHistoryCommand,
  status: async () => (await import('./cli/status.js')).registerStatusCommand,
  retry: async () => (await import('./cli/retry.js')).registerRetryCommand,
  release: async () => (await import('./cli/release.js')).registerReleaseCommand,
  merge: async () => (await import('./cli/merge.js')).registerMergeCommand,
  therapy: async () => (await import('./cli/therapy.js')).registerTherapyCommand,
  verify: async () => (await import('./cli/verify.js')).registerVerifyCommand,
  phantom: async () => (await import('./cli/phantom.js')).registerPhantomCommand,
  'training-data': async () => (await import('./cli/training-data.js')).registerTrainingDataCommand,
  migrate: async () => (await import('./cli/migrate.js')).registerMigrateCommand,
};
const asked = Object.hasOwn(commands, process.argv[2] ?? '') ? [process.argv[2]] : Object.keys(commands);
for (const name of asked) (await commands[name]())(program);
/** Failures of the request or the configuration, not of the work. */
const usageErrors: ReadonlySet<string> = new Set(['CONFIG_INVALID', 'USAGE_INVALID', 'NOT_IN_INDEX']);

try {
  await program.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exit(thrown.exitCode === 0 ? 0 : ExitCode.usage);
  const error = asPrioraError(thrown);
  console.error(`priora: ${error.message}\n${error.code}: ${error.action}`);
  if (error.code === 'INTERNAL') console.error(error.stack);
  process.exit(usageErrors.has(error.code) ? ExitCode.usage : ExitCode.failure);
}
