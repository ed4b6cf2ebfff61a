import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { loadConfig } from '../core/config.js';
import { databasePath, openStore, storeVersions } from '../store/store.js';

/** `priora migrate`: upgrades the database to this version, as `serve` does on start-up. */
export function registerMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('upgrade the database to this version')
    .option('--config <file>', 'configuration file')
    .option('--dry-run', 'only say what would be done')
    .action(({ config: path, dryRun }: { config?: string; dryRun?: boolean }) => {
      const database = databasePath(loadConfig(path).dataDir);
      if (!existsSync(database)) return console.log(`${database} does not exist yet; \`priora serve\` creates it`);
      const { found, newest } = storeVersions(database);
      if (!dryRun) openStore(database).close();
      console.log(
        found === newest
          ? `${database} is at version ${found}`
          : `${database}: version ${found} → ${newest}${dryRun ? ' (not done)' : ''}`,
      );
    });
}
