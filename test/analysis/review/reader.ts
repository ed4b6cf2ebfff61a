import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { peerEnvironment, python } from '../../peers.js';

const script = resolve(import.meta.dirname, '../../peers/reader.py');

/** What a reader does to a segmentation; `test/peers/reader.py` says what each edit is. */
export interface SegmentationEdits {
  readonly delete?: readonly number[];
  readonly erase?: readonly number[];
  readonly grow?: readonly number[];
  readonly draw?: {
    readonly rows: readonly [number, number];
    readonly columns: readonly [number, number];
    readonly slices: number;
  };
  readonly algorithm?: Readonly<Record<number, 'AUTOMATIC' | 'SEMIAUTOMATIC' | 'MANUAL'>>;
  readonly tracking?: Readonly<Record<number, string | null>>;
  readonly property?: readonly [value: string, meaning: string];
  readonly reverse?: boolean;
  readonly labelmap?: boolean;
  readonly shift?: number;
  readonly frameOfReference?: string;
}

/** What a reader does to a report, by tracking UID. */
export interface ReportEdits {
  readonly observer?: string;
  readonly delete?: readonly string[];
  readonly confidence?: Readonly<Record<string, 'confirmed' | 'candidate'>>;
  readonly longAxis?: Readonly<Record<string, number>>;
}

/** An edited object under its own UID. */
export interface Edited {
  readonly SOPInstanceUID: string;
  readonly path: string;
}

/** Not in the way of this process, which may be the one that receives. */
async function run(command: string, ...parameters: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, parameters, { encoding: 'utf8', env: peerEnvironment });
  return stdout.trim();
}

/** A SEG edited with pydicom in several ways. */
export async function editedSegmentations<Name extends string>(
  source: string,
  folder: string,
  tasks: Readonly<Record<Name, SegmentationEdits>>,
): Promise<Record<Name, Edited>> {
  const uids = JSON.parse(await run(python, script, 'seg', source, folder, JSON.stringify(tasks))) as Record<
    Name,
    string
  >;
  const edited = Object.entries<string>(uids).map(
    ([name, SOPInstanceUID]) => [name, { SOPInstanceUID, path: join(folder, `${name}.dcm`) }] as const,
  );
  return Object.fromEntries(edited) as Record<Name, Edited>;
}

/** An SR edited in several ways as XML, between DCMTK's dsr2xml and xml2dsr. */
export async function editedReports<Name extends string>(
  source: string,
  folder: string,
  tasks: Readonly<Record<Name, ReportEdits>>,
): Promise<Record<Name, Edited>> {
  const xml = join(folder, 'report.xml');
  await run('dsr2xml', source, xml);
  const uids = JSON.parse(await run(python, script, 'sr', xml, folder, JSON.stringify(tasks))) as Record<Name, string>;
  const edited: [string, Edited][] = [];
  for (const [name, SOPInstanceUID] of Object.entries<string>(uids)) {
    const path = join(folder, `${name}.dcm`);
    await run('xml2dsr', join(folder, `${name}.xml`), path);
    edited.push([name, { SOPInstanceUID, path }]);
  }
  return Object.fromEntries(edited) as Record<Name, Edited>;
}

/** Sends files with storescu; `-R` proposes what the files need, SEG among it. */
export const storescu = (port: number, callingAETitle: string, ...paths: string[]): Promise<string> =>
  run('storescu', '-R', '-aet', callingAETitle, '-aec', 'PRIORA', '127.0.0.1', String(port), ...paths);
