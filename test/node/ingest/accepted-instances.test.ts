import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '../../../src/core/config.js';
import { silentLogger } from '../../../src/core/log.js';
import { decodeFileMeta } from '../../../src/dicom/part10.js';
import { SOPClass, TransferSyntax } from '../../../src/dicom/uid.js';
import { Association } from '../../../src/dimse/index.js';
import { startNode, type RunningNode } from '../../../src/node/node.js';
import { databasePath, openStore, type Store } from '../../../src/store/store.js';
import { sliceDataset } from './instance.js';

const CTImageStorage = '1.2.840.10008.5.1.4.1.1.2';
const PETImageStorage = '1.2.840.10008.5.1.4.1.1.128';

const dataDir = mkdtempSync(join(tmpdir(), 'priora-accepted-'));
let node: RunningNode;
let store: Store;
beforeAll(async () => {
  const config = parseConfig({
    dataDir,
    modelsDir: resolve(import.meta.dirname, '../../fixtures/models'),
    dicom: { port: 0, additionalStorageClasses: [CTImageStorage] },
  });
  // Time stands still: nothing is complete, and nothing is analysed.
  node = await startNode(config, silentLogger, { now: () => 1_000_000 });
  store = openStore(databasePath(dataDir));
});
afterAll(async () => {
  await node.close();
  store.close();
});

/** An Explicit VR Little Endian data set without sequences as another encoding of elements has it (PS3.5 7.1, 7.3). */
function reencoded(dataset: Buffer, explicit: boolean, littleEndian: boolean): Buffer {
  const parts: Buffer[] = [];
  const uint16 = (value: number) => Buffer.from(littleEndian ? [value & 255, value >> 8] : [value >> 8, value & 255]);
  const uint32 = (value: number) => {
    const halves = [uint16(value & 0xffff), uint16(value >>> 16)];
    return Buffer.concat(littleEndian ? halves : halves.reverse());
  };
  for (let at = 0, end; at < dataset.length; at = end) {
    const vr = dataset.toString('latin1', at + 4, at + 6);
    const long = vr === 'OW';
    const length = long ? dataset.readUInt32LE(at + 8) : dataset.readUInt16LE(at + 6);
    const start = at + (long ? 12 : 8);
    end = start + length;
    const value = Buffer.from(dataset.subarray(start, end));
    if (!littleEndian && (vr === 'US' || vr === 'OW')) value.swap16();
    parts.push(uint16(dataset.readUInt16LE(at)), uint16(dataset.readUInt16LE(at + 2)));
    if (explicit) parts.push(Buffer.from(vr), long ? Buffer.concat([uint16(0), uint32(length)]) : uint16(length));
    else parts.push(uint32(length));
    parts.push(value);
  }
  return Buffer.concat(parts);
}

/** A slice with one fragment of pixels that no codec knows, after an empty offset table (PS3.5 A.4). */
function encapsulated(dataset: Buffer): Buffer {
  const pixelData = dataset.indexOf(Buffer.from('e07f1000', 'hex'));
  const [begin, item, end] = ['e07f10004f420000ffffffff', 'feff00e0', 'feffdde000000000'].map((hex) =>
    Buffer.from(hex, 'hex'),
  );
  const fragment = Buffer.from('these are no pixels that anybody decodes');
  const length = Buffer.from([fragment.length, 0, 0, 0]);
  return Buffer.concat([dataset.subarray(0, pixelData), begin, item, Buffer.alloc(4), item, length, fragment, end]);
}

/** A slice as a transfer syntax has it (PS3.5 Annex A). */
function slice(number: number, transferSyntax: string): Buffer {
  const dataset = sliceDataset(number);
  switch (transferSyntax) {
    case TransferSyntax.ExplicitVRLittleEndian:
      return dataset;
    case TransferSyntax.ImplicitVRLittleEndian:
      return reencoded(dataset, false, true);
    case TransferSyntax.ExplicitVRBigEndian:
      return reencoded(dataset, true, false);
    case TransferSyntax.DeflatedExplicitVRLittleEndian:
      return deflateRawSync(dataset);
    default:
      return encapsulated(dataset);
  }
}

it('every class and transfer syntax that the node accepts is stored as it was sent, and no other class is accepted', async () => {
  const explicit = TransferSyntax.ExplicitVRLittleEndian;
  const instance = (number: number, SOPClassUID: string, transferSyntax: string, dataset: Buffer) => ({
    number,
    operation: { SOPClassUID, SOPInstanceUID: `1.2.3.1.1.${number}`, transferSyntax, dataset: [dataset] },
  });
  const enhanced = {
    SOPClassUID: SOPClass.EnhancedMRImageStorage,
    SeriesInstanceUID: '1.2.3.1.2',
    NumberOfFrames: 2,
    Rows: 8,
    ImagePositionPatient: [],
    PerFrameFunctionalGroupsSequence: [0, 1].map((z) => ({
      PlanePositionSequence: [{ ImagePositionPatient: [0, 0, z] }],
    })),
  };
  const ct = { SOPClassUID: CTImageStorage, SeriesInstanceUID: '1.2.3.1.3', Modality: 'CT' };
  const instances = [
    ...Object.values(TransferSyntax).map((transferSyntax, number) =>
      instance(number, SOPClass.MRImageStorage, transferSyntax, slice(number, transferSyntax)),
    ),
    instance(100, SOPClass.EnhancedMRImageStorage, explicit, sliceDataset(100, enhanced)),
    instance(101, CTImageStorage, explicit, sliceDataset(101, ct)),
  ];
  const contexts = instances.map(({ operation }) => ({
    abstractSyntax: operation.SOPClassUID,
    transferSyntaxes: [operation.transferSyntax],
  }));

  const association = await Association.request({
    host: '127.0.0.1',
    port: node.port,
    callingAETitle: 'MR1',
    calledAETitle: 'PRIORA',
    presentationContexts: [{ abstractSyntax: PETImageStorage, transferSyntaxes: [explicit] }, ...contexts],
  });
  const accepted = association.info.presentationContexts.map(({ abstractSyntax, transferSyntax }) => ({
    abstractSyntax,
    transferSyntaxes: [transferSyntax],
  }));
  expect(accepted).toEqual(contexts);
  for (const { operation } of instances)
    expect(await association.store(operation), operation.transferSyntax).toMatchObject({ Status: 0 });
  await association.release();

  for (const { number, operation } of instances) {
    const { SOPClassUID, SOPInstanceUID, transferSyntax, dataset } = operation;
    const { path, InstanceNumber } = store.instances.find(SOPInstanceUID)!;
    const file = readFileSync(join(dataDir, path));
    const { meta, datasetOffset } = decodeFileMeta(file);
    expect(meta).toMatchObject({ MediaStorageSOPClassUID: SOPClassUID, TransferSyntaxUID: transferSyntax });
    expect(file.subarray(datasetOffset).equals(dataset[0]), transferSyntax).toBe(true);
    expect(InstanceNumber, transferSyntax).toBe(number);
  }
});
