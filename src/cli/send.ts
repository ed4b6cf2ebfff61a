import { InvalidArgumentError, type Command } from 'commander';
import { asPrioraError } from '../core/errors.js';
import { ExitCode } from './exit-code.js';
import { createLogger } from '../core/log.js';
import { readFileMeta } from '../dicom/part10.js';
import { sendFiles } from '../node/delivery/send-files.js';
import { inputFiles } from '../node/operations/input-files.js';

interface Peer {
  readonly host: string;
  readonly port: number;
}

function peer(text: string): Peer {
  const [, host, port] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (!host) throw new InvalidArgumentError('host:port is required');
  return { host, port: Number(port) };
}

/** `priora send`: sends files to a peer over C-STORE, on one association, as the bytes on disk. */
export function registerSendCommand(program: Command): void {
  program
    .command('send')
    .description('send DICOM files or folders to a peer over C-STORE')
    .argument('<paths...>', 'files or folders; files that are not DICOM are left out')
    .requiredOption('--to <host:port>', 'the peer', peer)
    .option('--called <aeTitle>', "the peer's AE title", 'PRIORA')
    .option('--calling <aeTitle>', 'our AE title', 'PRIORA_SEND')
    .action(async (given: string[], { to, called, calling }: { to: Peer; called: string; calling: string }) => {
      const paths: string[] = [];
      for (const path of inputFiles(given)) {
        const readable = await readFileMeta(path).then(
          () => true,
          (error: unknown) => {
            if (asPrioraError(error).code !== 'DICOM_UNREADABLE') throw error;
            return false;
          },
        );
        if (readable) paths.push(path);
      }
      if (paths.length === 0) {
        console.error('no DICOM file among the paths');
        process.exitCode = ExitCode.nothingToDo;
        return;
      }
      const outcomes = await sendFiles({
        destination: { ...to, calledAETitle: called },
        callingAETitle: calling,
        paths,
        logger: createLogger('warn'),
      });
      const refused = outcomes.filter(({ delivered }) => !delivered);
      for (const { SOPInstanceUID, reason } of refused) console.error(`${SOPInstanceUID}: ${reason}`);
      console.log(`${outcomes.length - refused.length} of ${outcomes.length} instances sent`);
      if (refused.length > 0) process.exitCode = ExitCode.failure;
    });
}
