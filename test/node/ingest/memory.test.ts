import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SOPClass, TransferSyntax } from '../../../src/dicom/uid.js';
import { Association, storageService } from '../../../src/dimse/index.js';
import { heldBytes } from '../../dimse/held-bytes.js';
import { recordingServer } from '../../dimse/recording-server.js';
import { sliceDataset } from './instance.js';
import { openDefaultIntake } from './open-intake.js';

it('memory does not grow with the series that is received', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'priora-memory-'));
  const { store, receiver } = openDefaultIntake(dataDir);
  const node = await recordingServer({ services: [storageService(receiver.storeHandler)] });
  const transferSyntax = TransferSyntax.ExplicitVRLittleEndian;
  const association = await Association.request({
    host: '127.0.0.1',
    port: node.port,
    callingAETitle: 'MR1',
    calledAETitle: 'PRIORA',
    presentationContexts: [{ abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [transferSyntax] }],
  });
  const pixels = new Uint16Array(256 * 256).buffer;
  const heldAfter = async (first: number, last: number) => {
    for (let number = first; number <= last; number++) {
      const dataset = sliceDataset(number, { Rows: 256, Columns: 256, PixelData: [pixels] });
      const SOPInstanceUID = `1.2.3.1.1.${number}`;
      const instance = { SOPClassUID: SOPClass.MRImageStorage, SOPInstanceUID, transferSyntax, dataset: [dataset] };
      expect((await association.store(instance)).Status).toBe(0);
    }
    return heldBytes();
  };
  const few = await heldAfter(1, 100);
  const many = await heldAfter(101, 400);
  expect(store.instances.count()).toBe(400);
  // The 300 slices in between have 39 MB.
  expect(many - few).toBeLessThan(1_000_000);
  await association.release();
  await node.server.close();
  store.close();
});
