import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stages } from '../../src/model/case-result.js';
import { hasPeer } from '../peers.js';
import { validate } from '../report/peer-processes.js';
import { MortalNode, objectsOf } from './mortal-node.js';

let node: MortalNode;
beforeAll(async () => {
  node = await MortalNode.prepare();
});
afterAll(() => node.close());

describe('a baseline and a follow-up, from the scanner to the PACS', () => {
  test('a power cut before or after any commit loses nothing and doubles nothing', async () => {
    // After the commit that begins the case, before the one that publishes it, before the one that notes its delivery.
    await node.start({ study: node.study, stage: stages[0] });
    await node.send(node.baseline);
    await node.send(node.study);
    await node.stopped();
    await node.kill();
    await node.surviveCuts([stages[0], 'written']);
  });

  test.skipIf(!hasPeer('dciodvfy'))('dciodvfy finds no error in what the PACS has', () => {
    const paths = node.store.cases.list().flatMap((row) => objectsOf(row).map(({ path }) => join(node.dataDir, path)));
    expect(paths).toHaveLength(4);
    for (const path of paths) expect(validate('dciodvfy', '-new', path)).not.toMatch(/^Error/m);
  });
});
