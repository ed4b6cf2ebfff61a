import type { Command } from 'commander';
import { loadConfig } from '../core/config.js';
import { createLogger } from '../core/log.js';
import { startNode } from '../node/node.js';
import { researchUse } from './time-point-text.js';

/** `priora serve`: the node, until SIGINT or SIGTERM. */
export function registerServeCommand(program: Command): void {
  program
    .command('serve')
    .description('run the node: receive, analyse, deliver')
    .option('--config <file>', 'configuration file')
    .action(async (options: { config?: string }) => {
      const config = loadConfig(options.config);
      const logger = createLogger(config.logLevel);
      logger.info(researchUse);
      const node = await startNode(config, logger);
      // A parent that started us with a channel (the demonstration, tests) learns the port.
      process.send?.({ host: node.host, port: node.port });
      const stop = (signal: string) => {
        logger.info({ signal }, 'stopping; running work returns to the queue');
        void node.close().then(() => process.exit(0));
      };
      process.once('SIGINT', stop);
      process.once('SIGTERM', stop);
    });
}
