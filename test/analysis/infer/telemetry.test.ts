import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '../../..');
const network = pathToFileURL(join(repository, 'src/analysis/infer/network.ts')).href;
const parts = Object.fromEntries(
  ['context', 'prior', 'detail'].map((part) => [part, join(repository, 'test/fixtures/models', `m-spec.${part}.onnx`)]),
);

// Where it may report its use, ONNX Runtime keeps an identifier of the machine and what it has to post in the home folder.
test('ONNX Runtime keeps nothing in the home folder, whoever opens a network', () => {
  const home = mkdtempSync(join(tmpdir(), 'priora-telemetry-'));
  try {
    const script = `
      const { Network } = await import(${JSON.stringify(network)});
      await Network.open(${JSON.stringify(parts)}, { bytesPerVoxel: 1 }, { provider: 'cpu', threads: 1 });`;
    const env: NodeJS.ProcessEnv = { ...process.env, HOME: home };
    delete env.ORT_DISABLE_TELEMETRY;
    execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: repository,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    expect(readdirSync(home)).toEqual([]);
  } finally {
    rmSync(home, { recursive: true });
  }
});
