import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Commands and nodes of their own processes run as they are shipped: those start much faster than from source.
    globalSetup: ['test/build.ts', 'test/run-folder.ts'],
    // Two workers: the interop and child-process tests each keep a core busy.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 240_000,
    hookTimeout: 300_000,
  },
});
