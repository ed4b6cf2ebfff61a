import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { hasPeer, hasPythonModule, python } from './peers.js';
import { temporary } from './cli/priora.js';

const root = resolve(import.meta.dirname, '..');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The example in a package of its own, its three ports free ones. */
async function copyOfExample(): Promise<string> {
  const folder = temporary('example');
  mkdirSync(join(folder, 'examples'));
  cpSync(join(root, 'examples/orthanc'), join(folder, 'examples/orthanc'), { recursive: true });
  for (const name of ['dist', 'mappings', 'models', 'assets', 'migrations', 'node_modules', 'package.json'])
    symlinkSync(join(root, name), join(folder, name));
  for (const port of ['11112', '4242', '8042']) {
    const free = String(await freePort());
    for (const file of ['priora.yaml', 'orthanc.json', 'mappings/destinations.yaml']) {
      const path = join(folder, 'examples/orthanc', file);
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(port, free));
    }
  }
  return join(folder, 'examples/orthanc');
}

test.skipIf(!hasPeer('Orthanc') || !hasPeer('curl') || !hasPythonModule('pydicom'))(
  'examples/orthanc: two studies go from the scanner to the PACS, and their reports are read',
  async () => {
    const folder = await copyOfExample();
    const { stdout } = await promisify(execFile)('bash', [join(folder, 'run.sh')], {
      cwd: folder,
      env: { ...process.env, PYTHON: python },
    });
    expect(stdout.match(/study of \d{8}: \d+ lesions/g)).toHaveLength(2);
    expect(stdout).toMatch(/^ {2}Lesion 1$/m);
    expect(stdout).toMatch(/Volume: [\d.]+ mm3/);
  },
);
