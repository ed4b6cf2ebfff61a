import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TemporaryFile } from '../../../src/node/ingest/temporary-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'priora-temporary-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a temporary file', () => {
  it('accepts bytes before it is open, holds back what is too much, and loses no byte', async () => {
    const head = Buffer.from('head');
    const chunks = Array.from({ length: 80 }, () => randomBytes(1 << 16));
    const file = new TemporaryFile(join(folder, 'a.part'), head);
    // Nothing is awaited up to the first promise, so the file cannot be open before.
    const first = chunks.findIndex((chunk) => file.write(chunk) !== undefined);
    expect(first).toBe(15);
    await file.flush();
    for (const chunk of chunks.slice(first + 1)) expect(file.write(chunk)).toBeUndefined();
    await file.moveTo(join(folder, 'a.dcm'));
    await file.discard();
    const expected = Buffer.concat(chunks);
    expect(readFileSync(join(folder, 'a.dcm')).equals(Buffer.concat([head, expected]))).toBe(true);
    expect(file.sha256().equals(createHash('sha256').update(expected).digest())).toBe(true);
    expect(file.bytes).toBe(expected.length);
    expect(readdirSync(folder)).toEqual(['a.dcm']);
  });

  it('leaves nothing behind if given up before it is open', async () => {
    const file = new TemporaryFile(join(folder, 'a.part'), Buffer.alloc(4));
    void file.write(Buffer.alloc(4));
    await file.discard();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says that it could not be created to whoever wants it on disk', async () => {
    const file = new TemporaryFile(join(folder, 'missing', 'a.part'), Buffer.alloc(4));
    void file.write(Buffer.alloc(4));
    await expect(file.moveTo(join(folder, 'a.dcm'))).rejects.toMatchObject({ code: 'ENOENT' });
    await file.discard();
    expect(existsSync(join(folder, 'a.dcm'))).toBe(false);
  });
});
