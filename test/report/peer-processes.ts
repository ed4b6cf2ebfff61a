import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { required } from '../peers.js';

export const freshFolder = (): string => mkdtempSync(join(tmpdir(), 'priora-report-'));

/** Everything a validator prints, on either stream. */
export function validate(command: string, ...parameters: string[]): string {
  const { stdout, stderr, error } = spawnSync(command, parameters, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error) throw error;
  return stdout + stderr;
}

/** Debian's Python, which has pydicom where the peers are installed; another one earlier on PATH may lack it. */
const python = '/usr/bin/python3';
export const hasPydicom = required(
  existsSync(python) && spawnSync(python, ['-c', 'import pydicom, numpy']).status === 0,
  'python3-pydicom',
);

/** Runs a script with `parameters`; it prints JSON. */
export const pythonJson = (script: string, ...parameters: string[]): unknown =>
  JSON.parse(execFileSync(python, ['-c', script, ...parameters], { encoding: 'utf8', maxBuffer: 1 << 28 }));

/** What `test/peers/read_result_objects.py` reads of one case; a kind that was not written is missing. */
export interface ReadObjects {
  readonly RTSTRUCT?: {
    readonly study: string;
    readonly images: readonly (readonly [string, number])[];
    readonly rois: readonly {
      readonly name: string;
      readonly description: string;
      readonly volumeMm3: number;
      readonly statedMm3: number;
      readonly offPlaneMm: number;
      readonly voxels: readonly number[];
    }[];
  };
  readonly LABELMAP?: {
    readonly voxels: readonly (readonly number[])[];
    readonly segments: readonly (readonly unknown[])[];
  };
  readonly REG?: {
    readonly frameOfReference: string;
    readonly registrations: readonly { readonly mapped: readonly (readonly number[])[] }[];
  };
  readonly KOS?: ReadDocument;
  readonly RejectionNote?: ReadDocument;
}
interface ReadDocument {
  readonly title: string;
  readonly text: string;
  readonly images: readonly (readonly [string, number | null])[];
}

/** Result objects of several cases as pydicom reads them, in one process. */
export function readResultObjects(folder: string, names: readonly string[]): Record<string, ReadObjects> {
  const script = resolve(import.meta.dirname, '../peers/read_result_objects.py');
  const output = execFileSync(python, [script, folder, ...names], { encoding: 'utf8', maxBuffer: 1 << 28 });
  return JSON.parse(output) as Record<string, ReadObjects>;
}

export const hasDcmsegHeaders = required(
  existsSync('/usr/include/dcmtk/dcmseg/segdoc.h') && spawnSync('g++', ['--version']).status === 0,
  'libdcmtk-dev',
);

/** Compiles the program that reads a SEG with DCMTK's dcmseg. */
export function compileSegmentationReader(folder: string): string {
  const program = join(folder, 'read-segmentation');
  const source = resolve(import.meta.dirname, '../peers/read-segmentation.cpp');
  const libraries = ['-ldcmseg', '-ldcmfg', '-ldcmiod', '-ldcmdata', '-loflog', '-lofstd'];
  execFileSync('g++', ['-std=c++17', source, '-o', program, ...libraries]);
  return program;
}

const pixelmed = '/usr/share/java/pixelmed.jar';
export const hasPixelmed = required(
  existsSync(pixelmed) && spawnSync('javac', ['-version']).status === 0,
  'pixelmed-apps and a JDK',
);

/** DicomSRValidator over several files in one process (it compiles its style sheets once). Its report, file by file. */
export function validateStructuredReports(files: readonly string[]): string {
  const unlimited = ['TotalOp', 'ExprOp', 'ExprGrp'].map((limit) => `-Djdk.xml.xpath${limit}Limit=0`);
  const program = resolve(import.meta.dirname, '../peers/ValidateReports.java');
  // The first compiler alone: a minute of style sheets never pays back the second one.
  const short = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  return validate('java', ...unlimited, ...short, '-cp', pixelmed, program, ...files);
}
