/** A child that takes `megabytes` outside its heap bit by bit, and answers how many. */
import { setTimeout as pause } from 'node:timers/promises';
import { answerParent, type SingleCall } from '../../src/core/child-process.js';

async function grow({ megabytes }: { megabytes: number }): Promise<number> {
  const held: Buffer[] = [];
  while (held.length < megabytes) {
    held.push(Buffer.alloc(2 ** 20, 1));
    await pause(1);
  }
  return held.length;
}

answerParent<SingleCall<{ megabytes: number }, number>>({ run: grow });
