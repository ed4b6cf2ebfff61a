import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeDurably } from '../../src/core/durable-file.js';
import { hasSmallDisk, smallDisk, unmount } from '../small-disk.js';

describe.skipIf(!hasSmallDisk())('a durable file on a full disk', () => {
  let disk: string;
  beforeEach(() => void (disk = smallDisk('1m')!));
  afterEach(() => unmount(disk));

  it('is refused as STORAGE_FULL, leaves nothing half-written, and keeps what was there', () => {
    const path = join(disk, 'case', 'labels.nii.gz');
    writeDurably(path, Buffer.from('before'));
    expect(() => writeDurably(path, Buffer.alloc(2_000_000))).toThrow(
      expect.objectContaining({ code: 'STORAGE_FULL', class: 'transient' }),
    );
    expect(readdirSync(join(disk, 'case'))).toEqual(['labels.nii.gz']);
    expect(readFileSync(path, 'utf8')).toBe('before');
    writeFileSync(join(disk, 'small'), 'fits');
  });
});
