import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Dataset } from '../../src/dicom/dataset.js';
import { parseFile, writeFile } from '../../src/dicom/dicom-file.js';

export const root = resolve(import.meta.dirname, '../..');
export const temporary = (name: string): string => mkdtempSync(join(tmpdir(), `priora-${name}-`));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `priora …` as a user would, built, in a process of its own and an empty working folder. */
export function priora(...parameters: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, 'dist/main.js'), ...parameters], {
    cwd: temporary('cwd'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return new Promise((done) => child.once('close', (code) => done({ code, stdout, stderr })));
}

/** A configuration file with its own data folder; the test models unless it says otherwise. */
export function configuration(settings: object = {}): { path: string; dataDir: string } {
  const folder = temporary('config');
  const dataDir = join(folder, 'data');
  const path = join(folder, 'priora.yaml');
  const values = { dataDir, modelsDir: join(root, 'test/fixtures/models'), logLevel: 'warn', ...settings };
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(values));
  return { path, dataDir };
}

/** The test models in a folder of their own, their manifests changed. */
export function modelsWith(changes: object): string {
  const folder = temporary('models');
  cpSync(join(root, 'test/fixtures/models'), folder, { recursive: true });
  for (const name of ['m-sens', 'm-spec']) {
    const path = join(folder, `${name}.json`);
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as object;
    const sha256 = createHash('sha256')
      .update(readFileSync(join(folder, `${name}.onnx`)))
      .digest('hex');
    writeFileSync(path, JSON.stringify({ ...manifest, sha256, ...changes }));
  }
  return folder;
}

/** Copies of DICOM files in a folder of their own, some attributes changed. */
export function rewritten(paths: readonly string[], changes: (index: number, dataset: Dataset) => Dataset): string {
  const folder = temporary('rewritten');
  paths.forEach((path, index) => {
    const { dataset } = parseFile(readFileSync(path));
    writeFileSync(join(folder, `${index}.dcm`), writeFile({ ...dataset, ...changes(index, dataset) }));
  });
  return folder;
}
