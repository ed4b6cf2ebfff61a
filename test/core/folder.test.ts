import type * as FileSystem from 'node:fs';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { writeDurably } from '../../src/core/durable-file.js';
import { makeNamedFolder } from '../../src/core/folder.js';

/** What is made durable, in order: real calls, only noted. */
const calls = vi.hoisted((): { list: [call: string, path: string][] } => ({ list: [] }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof FileSystem>();
  const opened = new Map<number, string>();
  const noted =
    <A extends unknown[], R>(call: string, pathOf: (...given: A) => string, work: (...given: A) => R) =>
    (...given: A): R => {
      const result = work(...given);
      calls.list.push([call, pathOf(...given)]);
      return result;
    };
  return {
    ...fs,
    mkdirSync: noted('make', String, fs.mkdirSync as (path: string) => void),
    renameSync: noted('name', (_: string, to: string) => to, fs.renameSync),
    fsyncSync: noted('sync', (descriptor: number) => opened.get(descriptor)!, fs.fsyncSync),
    openSync: (path: string, flags: string) => {
      const descriptor = fs.openSync(path, flags);
      opened.set(descriptor, path);
      return descriptor;
    },
  };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'priora-folder-'));
  calls.list = [];
});
const below = () => calls.list.map(([call, path]) => `${call} ${relative(folder, path) || '.'}`);

describe('a power cut', () => {
  it('leaves the folders above a durable file, each name synced where it was made', () => {
    writeDurably(join(folder, 'cases/7/picture.png'), Buffer.from('picture'));
    const temporary = `cases/7/picture.png.${process.pid}.tmp`;
    expect(below()).toEqual([
      'make cases',
      'sync .',
      'make cases/7',
      'sync cases',
      `sync ${temporary}`,
      'name cases/7/picture.png',
      'sync cases/7',
    ]);
  });

  it('leaves a folder made by a process that was killed before syncing its name', () => {
    mkdirSync(join(folder, 'cases/7'), { recursive: true });
    calls.list = [];
    writeDurably(join(folder, 'cases/7/picture.png'), Buffer.from('picture'));
    expect(below()[0]).toBe('sync cases');
  });

  it('leaves the data folder', () => {
    makeNamedFolder(join(folder, 'var/priora'), 'dataDir');
    expect(below()).toEqual(['make var', 'sync .', 'make var/priora', 'sync var']);
  });
});

it('leftovers of a killed process go when the file is written again, and nothing else does', () => {
  for (const name of ['seg.dcm.1.tmp', 'seg.dcm.22.tmp', 'seg.dcm.old', 'sr.dcm.1.tmp'])
    writeFileSync(join(folder, name), 'half');
  writeDurably(join(folder, 'seg.dcm'), Buffer.from('whole'));
  expect(readdirSync(folder).sort()).toEqual(['seg.dcm', 'seg.dcm.old', 'sr.dcm.1.tmp']);
  expect(existsSync(join(folder, 'seg.dcm'))).toBe(true);
});
