import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyStorage } from '../../src/node/operations/verify.js';
import { processTree, until } from '../processes.js';
import { isThere, moments, MortalNode, objectsOf } from './mortal-node.js';

let node: MortalNode;
beforeAll(async () => {
  node = await MortalNode.prepare();
});
afterAll(() => node.close());

test('kill -9 of everything where each stage begins, as objects are written and as they are sent, loses nothing and doubles nothing', async () => {
  const { baseline, study, store, dataDir } = node;
  await node.start({ study: baseline, stage: 'infer' });
  await node.send(baseline);
  await node.stopped();
  // Complete, and not yet analysed: its patient's earlier case stands still.
  await node.send(study);
  await until(() => node.analysis()?.state === 'queued');
  await node.kill();
  await node.surviveCuts(moments);

  const [{ SOPInstanceUID, path }] = objectsOf(store.cases.latestOfStudy(study.StudyInstanceUID)!);
  const written = readFileSync(join(dataDir, path));
  writeFileSync(join(dataDir, path), written.subarray(1));
  expect((await verifyStorage(store, dataDir)).altered).toEqual([{ SOPInstanceUID, path }]);
  writeFileSync(join(dataDir, path), written);
});

test('kill -9 of the case process alone, of the inference process alone, of elastix alone: the node goes on and the case is computed again', async () => {
  const { study, store, queue } = node;
  const payload = { StudyInstanceUID: study.StudyInstanceUID };
  queue.enqueue({ key: 'again', kind: 'analyse', payload });
  await until(() => queue.find('again')?.state === 'done');
  // Nothing changed, so nothing was computed; other rules make it work again.
  const before = store.cases.latestOfStudy(study.StudyInstanceUID)!;
  await node.kill();
  node.changeRules();
  await node.start({ study, stage: 'prepare' });
  queue.enqueue({ key: 'once more', kind: 'analyse', payload });
  process.kill(await node.stopped(), 'SIGKILL');

  // The next one finds its inference process dead when it comes to that, and its first registration ends with elastix.
  const second = await node.stopped();
  process.kill(node.running('onnx-process')!, 'SIGKILL');
  process.kill(second, 'SIGCONT');
  process.kill(await until(() => node.running('elastix-process')), 'SIGKILL');

  process.kill(await node.stopped(), 'SIGCONT');
  const after = await until(() => {
    const found = node.reported(study);
    return found && found.caseKey !== before.caseKey && found;
  });
  expect(node.process!.exitCode).toBeNull();
  expect(queue.find('once more')?.attempts).toBe(2);
  expect(after.supersededCaseKey).toBe(before.caseKey);
  await until(() => node.delivered(after));
});

test('kill -9 of the node alone: what its case process still does is done once, and it ends', async () => {
  const { study, store, queue, received } = node;
  const receivedBefore = new Map(
    [...received].map(([SOPInstanceUID, receptions]) => [SOPInstanceUID, receptions.length]),
  );
  await node.kill();
  node.changeRules();
  await node.start({ study, stage: 'report' });
  queue.enqueue({ key: 'orphan', kind: 'analyse', payload: { StudyInstanceUID: study.StudyInstanceUID } });
  const orphan = await node.stopped();
  const left = processTree(orphan);
  const exited = once(node.process!, 'exit');
  node.process!.kill('SIGKILL');
  await exited;

  // Another node computes the case while the first one's process stands where it would write.
  const before = store.cases.latestOfStudy(study.StudyInstanceUID)!;
  expect(before.status).toBe('running');
  await node.start();
  const finished = await until(() => node.reported(study));
  expect(finished.caseKey).toBe(before.caseKey);
  await until(() => node.delivered(finished));
  const lesions = store.lesions.ofCase(finished.caseKey);
  /** A new object is received once; one that stands unchanged since an earlier case is not sent again. */
  const expectReceivedOnce = () => {
    for (const { SOPInstanceUID } of objectsOf(finished))
      expect(received.get(SOPInstanceUID)).toHaveLength(receivedBefore.get(SOPInstanceUID) ?? 1);
  };
  expectReceivedOnce();

  process.kill(orphan, 'SIGCONT');
  await until(() => !left.some(isThere));
  await until(() => queue.list({ state: 'running' }).length === 0 && queue.list({ state: 'queued' }).length === 0);
  expect(store.cases.latestOfStudy(study.StudyInstanceUID)).toEqual(finished);
  expect(store.lesions.ofCase(finished.caseKey)).toEqual(lesions);
  expectReceivedOnce();
  expect(await verifyStorage(store, node.dataDir)).toMatchObject({ missing: [], altered: [], orphans: [] });
});
