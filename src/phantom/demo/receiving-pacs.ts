import { mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '../../core/log.js';
import { encodeFileMeta } from '../../dicom/part10.js';
import { SOPClass, TransferSyntax } from '../../dicom/uid.js';
import { createServer, storageService } from '../../dimse/index.js';

/** An object that arrived. */
export interface ReceivedObject {
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface ReceivingPacs {
  readonly port: number;
  readonly aeTitle: string;
  readonly received: ReadonlyMap<string, ReceivedObject>;
  close(): Promise<void>;
}

/** A small storage SCP for results, as a PACS would be: keeps what it gets in `folder`. */
export async function startReceivingPacs(folder: string): Promise<ReceivingPacs> {
  mkdirSync(folder, { recursive: true });
  const received = new Map<string, ReceivedObject>();
  const aeTitle = 'DEMO_PACS';
  const server = createServer({
    aeTitle,
    port: 0,
    logger: silentLogger,
    supportedContexts: [
      SOPClass.SegmentationStorage,
      SOPClass.Comprehensive3DSRStorage,
      SOPClass.KeyObjectSelectionDocumentStorage,
    ].map((abstractSyntax) => ({ abstractSyntax, transferSyntaxes: [TransferSyntax.ExplicitVRLittleEndian] })),
    services: [
      storageService(
        async ({ AffectedSOPClassUID: SOPClassUID, AffectedSOPInstanceUID: SOPInstanceUID, presentationContext }) => {
          const path = join(folder, `${SOPInstanceUID}.dcm`);
          const file = await open(path, 'w');
          await file.write(
            encodeFileMeta({
              MediaStorageSOPClassUID: SOPClassUID,
              MediaStorageSOPInstanceUID: SOPInstanceUID,
              TransferSyntaxUID: presentationContext.transferSyntax,
            }),
          );
          return {
            write: async (chunk) => void (await file.write(chunk)),
            abort: () => file.close(),
            finish: async () => {
              await file.close();
              received.set(SOPInstanceUID, { SOPClassUID, SOPInstanceUID, path, at: Date.now() });
              return { Status: 0x0000 };
            },
          };
        },
      ),
    ],
  });
  const { port } = await server.listen();
  return { port, aeTitle, received, close: () => server.close() };
}
