import { describe, expect, it } from 'vitest';
import { callInChild } from '../../src/core/child-process.js';

const module = new URL('./growing-process.js', import.meta.url);

describe.skipIf(process.platform !== 'linux')('the memory of a child process', () => {
  it('has a ceiling: a child that grows past it is killed, and the error says why', async () => {
    await expect(callInChild(module, { megabytes: 2000 }, { residentLimitMb: 300 })).rejects.toMatchObject({
      code: 'MEMORY_EXCEEDED',
      class: 'permanent',
      message: 'growing-process.js needed more than 300 MB and was killed',
    });
  });

  it('is left alone below it', async () => {
    expect(await callInChild(module, { megabytes: 50 }, { residentLimitMb: 300 })).toBe(50);
  });
});
