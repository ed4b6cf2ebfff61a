import type { Command } from 'commander';
import { ExitCode } from './exit-code.js';
import { verifyStorage } from '../node/operations/verify.js';
import { readNode } from '../node/operations/open-node.js';

/** `priora verify`: compares the index with the disk, in both directions. Repairs nothing; any difference is a failure. */
export function registerVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description('compare the index with the files on disk, reading every byte')
    .option('--config <file>', 'configuration file')
    .option('--json', 'print one JSON object')
    .action(({ config: path, json }: { config?: string; json?: boolean }) =>
      readNode(path, async ({ store, config }) => {
        const report = await verifyStorage(store, config.dataDir);
        const { checked, missing, altered, orphans } = report;
        if (json) console.log(JSON.stringify(report, null, 2));
        else {
          console.log(
            `${checked} files checked: ${missing.length} missing, ${altered.length} altered, ${orphans.length} orphan files`,
          );
          for (const { path: file } of missing) console.log(`missing ${file}`);
          for (const { path: file } of altered) console.log(`altered ${file}`);
          for (const file of orphans) console.log(`orphan ${file}`);
        }
        if (missing.length + altered.length + orphans.length > 0) process.exitCode = ExitCode.failure;
      }),
    );
}
