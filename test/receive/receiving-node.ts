/** A node's receiving half as a process of its own: `receiving-node <data folder>`; prints its port and pid, runs until killed. */
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.js';
import { parseConfig } from '../../src/core/config.js';
import { silentLogger } from '../../src/core/log.js';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { createServer } from '../../src/dimse/server.js';
import { storageService } from '../../src/dimse/storage-service.js';
import { openIntake } from './open-intake.js';
import { openQueue } from '../../src/jobs/queue.js';
import { openStore } from '../../src/store/store.js';

const dataDir = process.argv[2];
const store = openStore(join(dataDir, 'priora.sqlite'));
const receiver = openIntake({
  store,
  queue: openQueue(store),
  config: parseConfig({ dataDir }),
  clock: systemClock,
  logger: silentLogger,
});
const server = createServer({
  aeTitle: 'PRIORA',
  port: 0,
  supportedContexts: [{ abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: Object.values(TransferSyntax) }],
  services: [storageService(receiver.storeHandler)],
  logger: silentLogger,
  onAssociationClosed: receiver.associationClosed,
});
const { port } = await server.listen();
process.stdout.write(`${port} ${process.pid}\n`);
