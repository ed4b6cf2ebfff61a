/** A node's receiving half as a process of its own: `receiving-node <data folder>`; prints its port and pid, runs until killed. */
import { silentLogger } from '../../src/core/log.js';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { createServer } from '../../src/dimse/server.js';
import { storageService } from '../../src/dimse/storage-service.js';
import { openDefaultIntake } from './open-intake.js';

const { receiver } = openDefaultIntake(process.argv[2]);
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
