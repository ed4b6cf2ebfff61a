/**
 * Digests of everything an analysis leaves behind, to show that a change of the code changes no result:
 *
 *     npx tsx scripts/result-digests.ts [--series DIR]... > before.json
 *     (change something)
 *     npx tsx scripts/result-digests.ts [--series DIR]... | diff before.json -
 *
 * The demonstration patient is analysed at all three time points, then each folder of real images with selection overridden.
 * A line a time point: SHA-256 of what `analyse --json` says (without seconds and paths) and of each object's bytes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { demoPatient } from '../src/phantom/demo-patient.js';
import { writeDicomSeries } from '../src/phantom/dicom-series.js';
import { loadSourceHead } from '../src/phantom/source-head.js';

const { values } = parseArgs({ options: { series: { type: 'string', multiple: true, default: [] } } });
const main = resolve(import.meta.dirname, '../dist/main.js');
const work = mkdtempSync(join(tmpdir(), 'priora-digests-'));

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

interface TimePoint {
  readonly StudyInstanceUID: string;
  readonly status: string;
  readonly lesions: readonly object[];
  readonly response: object | null;
  readonly outputs: Readonly<Record<string, string | null>>;
  readonly seconds: object;
}

/** Analyses folders as one patient's studies and prints the digests of each time point. */
function digest(name: string, folders: readonly string[], options: readonly string[]): void {
  const out = join(work, `${name}-out`);
  let text: string;
  try {
    const kinds = 'SEG,LABELMAP,SR,RTSTRUCT,REG,KOS,PDF';
    const args = [main, 'analyse', ...folders, '--out', out, '--json', '--objects', kinds, ...options];
    text = execFileSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 28,
    });
  } catch (error) {
    // Rejected input ends with 4 and says on stdout what became of it.
    text = String((error as { stdout?: string }).stdout);
  }
  const { timePoints } = JSON.parse(text) as { timePoints: readonly TimePoint[] };
  for (const [index, { outputs, seconds, ...said }] of timePoints.entries()) {
    void seconds;
    const objects = Object.entries(outputs)
      .filter((entry): entry is [string, string] => entry[1] !== null)
      .map(([kind, path]) => `${kind} ${sha256(readFileSync(path))}`);
    console.log(`${name} ${index + 1}: ${said.status}, ${said.lesions.length} lesions`);
    console.log(
      `  measured ${sha256(JSON.stringify([said.lesions, said.response]))} said ${sha256(JSON.stringify(said))}`,
    );
    for (const line of objects) console.log(`  ${line}`);
  }
}

try {
  const demo = demoPatient(await loadSourceHead());
  const folders: string[] = [];
  for (const time of demo.patient.days.keys()) {
    const folder = join(work, `demo-${time}`);
    await writeDicomSeries(folder, demo.patient, time, demo.scanners[time], demo.scanTimePoint(time));
    folders.push(folder);
  }
  digest('demo', folders, []);
  for (const folder of values.series) {
    const name = resolve(folder).split('/').at(-1)!;
    // A series a file where files are multi-frame ones; else the folder is the series.
    const files = readdirSync(folder).filter((file) => file.endsWith('.dcm'));
    const inputs = files.length < 10 ? files.map((file) => join(folder, file)) : [folder];
    for (const [index, input] of inputs.entries()) digest(`${name}-${index + 1}`, [input], ['--force-series']);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
