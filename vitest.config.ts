import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.js';

/**
 * A test file's name says its tier. `npm test` runs `unit` and `interop`, `npm run test:system` the rest:
 *
 *     subject.test.ts            unit: our own code, real SQLite and sockets; no other program
 *     subject.interop.test.ts    what other people's programs read, write and say (`npm run peers` installs them)
 *     subject.system.test.ts     whole cases, real heads, viewers, power cuts: minutes
 */
const tiers = { interop: 'test/**/*.interop.test.ts', system: 'test/**/*.system.test.ts' };

/** What a test may take, on a machine that others load, before it counts as hung; waits give up earlier (`until`). */
const hungMs = 1_800_000;

const options = { pool: 'forks' as const, testTimeout: hungMs, hookTimeout: hungMs };

export default defineConfig({
  test: {
    // Commands and nodes of their own processes run as they are shipped: those start much faster than from source.
    globalSetup: ['test/build.ts', 'test/run-folder.ts'],
    // Two workers: the interop and child-process tests each keep a core busy.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    coverage: { include: ['src/**/*.ts'] },
    projects: [
      { test: { ...options, name: 'unit', include: ['test/**/*.test.ts'], exclude: Object.values(tiers) } },
      { test: { ...options, name: 'interop', include: [tiers.interop] } },
      { test: { ...options, name: 'system', include: [tiers.system] } },
    ],
  },
});
