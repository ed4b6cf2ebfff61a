import { afterEach, describe, expect, it } from 'vitest';
import { childEndError } from '../../src/core/child-end.js';
import { callInChild, Child } from '../../src/core/child-process.js';
import type { AskedCalls } from './asked-process.js';

const growing = new URL('./growing-process.js', import.meta.url);

describe.skipIf(process.platform !== 'linux')('the memory of a child process', () => {
  it('has a ceiling: a child that grows past it is killed, and the error says why', async () => {
    await expect(callInChild(growing, { megabytes: 2000 }, { residentLimitMb: 300 })).rejects.toMatchObject({
      code: 'MEMORY_EXCEEDED',
      class: 'permanent',
      message: 'growing-process.js needed more than 300 MB and was killed',
    });
  });

  it('is left alone below it', async () => {
    expect(await callInChild(growing, { megabytes: 50 }, { residentLimitMb: 300 })).toBe(50);
  });
});

describe('a child process', () => {
  const started: Child<AskedCalls>[] = [];
  const start = (options: { stopsItself?: boolean } = {}) => {
    const child = new Child<AskedCalls>(new URL('./asked-process.js', import.meta.url), {
      name: 'the child',
      ...options,
    });
    started.push(child);
    return child;
  };
  afterEach(() => started.splice(0).forEach((child) => child.kill()));

  it('answers one call after the other, and reports on the way', async () => {
    const child = start();
    const seen: number[] = [];
    expect(await child.call('count', 3, { onProgress: (n) => seen.push(n) })).toBe(3);
    expect(await child.call('count', 1)).toBe(1);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('passes an error on as it is, with its code if it has one', async () => {
    const child = start();
    await expect(child.call('fail', 'ours')).rejects.toMatchObject({
      code: 'GEOMETRY_GAP',
      subject: { PatientID: 'P' },
    });
    const stranger = await child.call('fail', 'strange').catch((thrown: unknown) => thrown);
    expect(stranger).toEqual(new Error('strange'));
  });

  it.each([
    ['SIGTERM', 'CHILD_KILLED', 'transient'],
    ['SIGKILL', 'CHILD_KILLED', 'transient'],
    ['SIGSEGV', 'CHILD_DIED', 'ambiguous'],
    ['SIGABRT', 'CHILD_DIED', 'ambiguous'],
    [3, 'CHILD_DIED', 'ambiguous'],
  ] as const)('that ends with %s is %s, and is not asked again', async (how, code, errorClass) => {
    const child = start();
    await expect(child.call('end', how)).rejects.toMatchObject({ code, class: errorClass });
    expect(child.isAlive).toBe(false);
    await expect(child.call('count', 1)).rejects.toMatchObject({ code });
  });

  it('killed by a system without memory is no operator’s doing', () => {
    const end = { code: null, signal: 'SIGKILL', exceededLimitMb: undefined, systemOutOfMemory: true } as const;
    const error = childEndError('the child', end);
    expect([error.code, error.message]).toEqual([
      'CHILD_DIED',
      'the child was killed by the system, which had run out of memory',
    ]);
  });

  it('is killed to stop it, or stops by itself where it can', async () => {
    const stopping = (child: Child<AskedCalls>) => {
      const stop = new AbortController();
      return child.call('wait', null, { signal: stop.signal, onProgress: () => stop.abort() });
    };
    await expect(stopping(start())).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await stopping(start({ stopsItself: true }))).toBe('stopped by itself');
    await expect(start().call('count', 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });

  it('yields the processor, and keeps a still lower priority, which it may not raise', async () => {
    expect(await start().call('priorityBelow', 0)).toBe(10);
    expect(await start().call('priorityBelow', 15)).toBe(15);
  });
});
