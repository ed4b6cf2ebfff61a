import { createReadStream, readFileSync } from 'node:fs';
import { PrioraError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { readFileMeta, type FileMeta } from '../../dicom/part10.js';
import { Association } from '../../dimse/association.js';
import { isDelivered, statusText } from '../../dimse/status.js';
import type { Destination } from './destinations.js';

/** A destination's answer for one instance. */
export interface SendOutcome {
  readonly SOPInstanceUID: string;
  /** C-STORE-RSP status; null if the destination does not accept such objects and it was not sent. */
  readonly status: number | null;
  /** Whether the status is Success or a warning that says it is stored (PS3.4 B.2.3: 0x0000, 0xBxxx). */
  readonly delivered: boolean;
  /** Why it was not delivered; null if it was. */
  readonly reason: string | null;
}

/** The most presentation contexts that one association can hold (PS3.8 9.3.2.2: odd ids of one byte). */
const mostContexts = 128;

/**
 * Sends PS3.10 files over one association, as the bytes on disk. What the destination refuses, by status or in the
 * negotiation, does not hold back the others: a PACS without SEG still gets the SR.
 *
 * @param callingAETitle ours, unless the destination's settings say otherwise.
 * @param onOutcome called after each instance, so that progress survives whatever comes later.
 * @throws PrioraError DESTINATION_UNREACHABLE, DESTINATION_REFUSED, CANCELLED: the rest was not sent.
 */
export async function sendFiles(request: {
  destination: Pick<Destination, 'host' | 'port' | 'calledAETitle' | 'callingAETitle' | 'tls'>;
  callingAETitle: string;
  paths: readonly string[];
  onOutcome?: (outcome: SendOutcome) => void;
  logger: Logger;
  signal?: AbortSignal;
}): Promise<SendOutcome[]> {
  const { destination, paths, logger, signal } = request;
  const files: { path: string; meta: FileMeta; datasetOffset: number }[] = [];
  for (const path of paths) files.push({ path, ...(await readFileMeta(path)) });
  const contexts = new Map(
    files.map(({ meta }) => [
      `${meta.MediaStorageSOPClassUID} ${meta.TransferSyntaxUID}`,
      { abstractSyntax: meta.MediaStorageSOPClassUID, transferSyntaxes: [meta.TransferSyntaxUID] },
    ]),
  );
  if (contexts.size > mostContexts)
    throw new PrioraError('DESTINATION_REFUSED', `${contexts.size} kinds of objects do not fit into one association`);
  const association = await Association.request({
    host: destination.host,
    port: destination.port,
    callingAETitle: destination.callingAETitle ?? request.callingAETitle,
    calledAETitle: destination.calledAETitle,
    presentationContexts: [...contexts.values()],
    tls: destination.tls && clientTLS(destination.tls),
    logger,
    ...(signal ? { signal } : {}),
  });
  try {
    const outcomes: SendOutcome[] = [];
    for (const file of files) {
      const outcome = await sendFile(association, file);
      outcomes.push(outcome);
      request.onOutcome?.(outcome);
    }
    await association.release();
    return outcomes;
  } catch (error) {
    association.abort();
    throw error;
  }
}

async function sendFile(
  association: Association,
  { path, meta, datasetOffset }: { path: string; meta: FileMeta; datasetOffset: number },
): Promise<SendOutcome> {
  const {
    MediaStorageSOPClassUID: SOPClassUID,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: transferSyntax,
  } = meta;
  if (!association.contextFor(SOPClassUID, transferSyntax)) {
    const reason = `objects of class ${SOPClassUID} in transfer syntax ${transferSyntax} are not accepted`;
    return { SOPInstanceUID, status: null, delivered: false, reason };
  }
  const dataset = createReadStream(path, { start: datasetOffset, highWaterMark: association.fragmentLength });
  const { Status: status } = await association.store({ SOPClassUID, SOPInstanceUID, transferSyntax, dataset });
  const delivered = isDelivered(status);
  return { SOPInstanceUID, status, delivered, reason: delivered ? null : `answered with status ${statusText(status)}` };
}

function clientTLS({ caFile, keyFile, certificateFile }: NonNullable<Destination['tls']>) {
  return {
    ...(caFile ? { ca: readFileSync(caFile) } : {}),
    ...(keyFile ? { key: readFileSync(keyFile) } : {}),
    ...(certificateFile ? { cert: readFileSync(certificateFile) } : {}),
  };
}
