import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { hasPeer } from '../peers.js';
import { allObjects } from './all-objects.js';
import { combinations } from './combinations.js';
import {
  compileSegmentationReader,
  freshFolder,
  hasDcmsegHeaders,
  hasPixelmed,
  validate,
  validateStructuredReports,
} from './peer-processes.js';

const folder = freshFolder();
const errors = (report: string) => report.split('\n').filter((line) => /\berror\b/i.test(line));
const studies = combinations.map(({ input, sourceFiles }, index) => ({
  input,
  sourceFiles,
  path: (kind: string) => join(folder, `${index}.${kind}.dcm`),
  kinds: [] as string[],
}));

beforeAll(() => {
  for (const { input, sourceFiles, path, kinds } of studies) {
    for (const [kind, { bytes }] of allObjects(input, ['SEG', 'SR', 'REG', 'RTSTRUCT', 'KOS'])) {
      writeFileSync(path(kind), bytes);
      kinds.push(kind);
    }
    sourceFiles.forEach((bytes, index) => writeFileSync(path(`source-${index}`), bytes));
  }
});

describe('every combination of orientation, frames, situation and name', () => {
  test('there are more than thirty, with 0, 1 and 40 lesions', () => {
    expect(studies.length).toBeGreaterThan(30);
    expect(new Set(studies.map(({ input }) => input.lesions.length))).toEqual(new Set([0, 1, 40]));
  });

  test.skipIf(!hasPeer('dciodvfy'))('dciodvfy and dcentvfy find no error', () => {
    for (const { sourceFiles, path, kinds } of studies) {
      for (const kind of kinds) expect([kind, errors(validate('dciodvfy', '-new', path(kind)))]).toEqual([kind, []]);
      const sources = sourceFiles.map((_, index) => path(`source-${index}`));
      expect(errors(validate('dcentvfy', ...kinds.map(path), ...sources))).toEqual([]);
    }
  });

  test.skipIf(!hasDcmsegHeaders)('dcmseg reads the voxels of every SEG', () => {
    const program = compileSegmentationReader(folder);
    for (const { input, path } of studies.filter(({ kinds }) => kinds.includes('SEG'))) {
      const read = execFileSync(program, [path('SEG')], { encoding: 'utf8' });
      const counts = input.lesions.map(() => 0);
      for (const [, segment, voxels] of read.matchAll(/^frame (\d+) [^:]*:(.*)$/gm))
        counts[Number(segment) - 1] += voxels.split(' ').length - 1;
      expect(counts).toEqual(input.lesions.map(({ voxelCount }) => voxelCount));
    }
  });

  test.skipIf(!hasPixelmed)('DicomSRValidator finds no error, all reports in one process', () => {
    const report = validateStructuredReports(
      studies.flatMap(({ path }) => [path('SR')]).concat(studies[1].path('KOS'), studies[1].path('RejectionNote')),
    );
    expect(report.match(/IOD validation complete/g)).toHaveLength(studies.length + 2);
    expect(report.match(/Root Template TID_1500/g)).toHaveLength(studies.length);
    expect(report.match(/Root Template TID_2010/g)).toHaveLength(2);
    expect(errors(report)).toEqual([]);
  });
});
