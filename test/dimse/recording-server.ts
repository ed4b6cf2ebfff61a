import { silentLogger } from '../../src/core/log.js';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { createServer, type Server } from '../../src/dimse/server.js';
import { storageService } from '../../src/dimse/storage-service.js';
import type { AssociationEnd, AssociationInfo } from '../../src/dimse/association-info.js';
import type { Service } from '../../src/dimse/service.js';
import type { ServerOptions } from '../../src/dimse/server-options.js';
import type { StoreHandler, StoreRequest } from '../../src/dimse/storage-service.js';
import { until } from '../processes.js';

export interface Received {
  readonly request: StoreRequest;
  readonly dataset: Buffer;
}

/** A server on a free port that keeps what it receives, and how each connection ended. */
export interface RecordingServer {
  readonly port: number;
  readonly server: Server;
  readonly received: Received[];
  readonly ends: (AssociationEnd & { association: AssociationInfo })[];
  readonly refused: string[];
  /** Reasons of the sinks that were aborted. */
  readonly abandoned: string[];
  /** Sinks that were opened and neither finished nor aborted. */
  readonly openSinks: () => number;
  readonly until: typeof until;
}

export const everyTransferSyntax: readonly string[] = Object.values(TransferSyntax);

export async function recordingServer(
  options: Partial<ServerOptions> & { handler?: StoreHandler; extraServices?: readonly Service[] } = {},
): Promise<RecordingServer> {
  const received: Received[] = [];
  const ends: RecordingServer['ends'] = [];
  const refused: string[] = [];
  const abandoned: string[] = [];
  let open = 0;
  const keep: StoreHandler = (request) => {
    const pieces: Buffer[] = [];
    open++;
    return {
      write: (chunk) => void pieces.push(chunk),
      finish: () => {
        open--;
        received.push({ request, dataset: Buffer.concat(pieces) });
        return Promise.resolve({ Status: 0x0000 });
      },
      abort: (reason) => {
        open--;
        abandoned.push(reason);
      },
    };
  };
  const { handler, extraServices = [], ...rest } = options;
  const server = createServer({
    aeTitle: 'PRIORA',
    port: 0,
    supportedContexts: [{ abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: everyTransferSyntax }],
    services: [storageService(handler ?? keep), ...extraServices],
    logger: silentLogger,
    onAssociationClosed: (association, end) => {
      ends.push({ ...end, association });
    },
    onRefused: (_, reason) => {
      refused.push(reason);
    },
    ...rest,
  });
  const { port } = await server.listen();
  return {
    port,
    server,
    received,
    ends,
    refused,
    abandoned,
    openSinks: () => open,
    until,
  };
}
