import { pino, type Logger } from 'pino';

export type { Logger };

/**
 * The node's structured log: JSON lines on standard error, so that standard output stays free for `--json`. It holds
 * identifiers only, never names, birth dates or other PHI.
 */
export function createLogger(level: string = process.env['PRIORA_LOG_LEVEL'] ?? 'info'): Logger {
  return pino({ level, base: { pid: process.pid } }, pino.destination({ fd: 2, sync: true }));
}

/** For tests, and for one-shot commands that report through their return value. */
export const silentLogger: Logger = pino({ level: 'silent' });
