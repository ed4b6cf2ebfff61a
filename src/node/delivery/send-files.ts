import { createReadStream, readFileSync } from 'node:fs';
import { asPrioraError, PrioraError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { readFileMeta, type FileMeta } from '../../dicom/part10.js';
import { TransferSyntax } from '../../dicom/uid.js';
import { converted, isConvertible } from '../../dicom/vr-converter.js';
import { Association, isDelivered, statusText } from '../../dimse/index.js';
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

interface StoredFile {
  readonly path: string;
  readonly meta: FileMeta;
  readonly datasetOffset: number;
}

/** The most presentation contexts that one association can hold (PS3.8 9.3.2.2: odd ids of one byte). */
const mostContexts = 128;

/**
 * Sends PS3.10 files over one association, as the bytes on disk, or in the other one of Explicit and Implicit VR Little
 * Endian if the destination accepts only that. What the destination refuses, by status or in the negotiation, does not
 * hold back the others: a PACS without SEG still gets the SR.
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
  const files: StoredFile[] = [];
  for (const path of paths) files.push({ path, ...(await readFileMeta(path)) });
  const presentationContexts = contextsFor(files);
  if (presentationContexts.length > mostContexts) {
    const contexts = `${presentationContexts.length} presentation contexts`;
    throw new PrioraError('DESTINATION_REFUSED', `the objects need ${contexts}, more than one association holds`);
  }
  const association = await Association.request({
    host: destination.host,
    port: destination.port,
    callingAETitle: destination.callingAETitle ?? request.callingAETitle,
    calledAETitle: destination.calledAETitle,
    presentationContexts,
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

/**
 * What the files need: for each SOP class their own transfer syntaxes, what those convert to, and Implicit VR Little
 * Endian, which is always proposed (PS3.5 10.1). Each has a context of its own, so that the destination chooses none away.
 */
function contextsFor(files: readonly StoredFile[]) {
  const wanted = new Map<string, { abstractSyntax: string; transferSyntaxes: [string] }>();
  for (const { meta } of files) {
    const { MediaStorageSOPClassUID: abstractSyntax, TransferSyntaxUID: own } = meta;
    const others = [TransferSyntax.ExplicitVRLittleEndian].filter((other) => isConvertible(own, other));
    for (const syntax of [own, ...others, TransferSyntax.ImplicitVRLittleEndian])
      wanted.set(`${abstractSyntax} ${syntax}`, { abstractSyntax, transferSyntaxes: [syntax] });
  }
  return [...wanted.values()];
}

async function sendFile(association: Association, file: StoredFile): Promise<SendOutcome> {
  const {
    MediaStorageSOPClassUID: SOPClassUID,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: own,
  } = file.meta;
  const notSent = (reason: string) => ({ SOPInstanceUID, status: null, delivered: false, reason });
  const context =
    association.contextFor(SOPClassUID, own) ??
    association.info.presentationContexts.find(
      ({ abstractSyntax, transferSyntax }) => abstractSyntax === SOPClassUID && isConvertible(own, transferSyntax),
    );
  if (!context) return notSent(`objects of class ${SOPClassUID} in transfer syntax ${own} are not accepted`);
  const { transferSyntax } = context;
  const dataset = () => converted(bytesOf(file, association.fragmentLength), own, transferSyntax);
  if (transferSyntax !== own) {
    // Half a message would end the association, and with it the others.
    const failure = await readThrough(dataset());
    if (failure) return notSent(`it cannot be converted to transfer syntax ${transferSyntax}: ${failure}`);
  }
  const { Status: status } = await association.store({
    SOPClassUID,
    SOPInstanceUID,
    transferSyntax,
    dataset: dataset(),
  });
  const delivered = isDelivered(status);
  return { SOPInstanceUID, status, delivered, reason: delivered ? null : `answered with status ${statusText(status)}` };
}

/** The data set of a file. It is opened with the first piece that somebody asks for, and closed with the last. */
async function* bytesOf({ path, datasetOffset }: StoredFile, highWaterMark: number): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(path, { start: datasetOffset, highWaterMark })) yield chunk as Buffer;
}

/** @returns why a data set cannot be read to its end; null if it can. */
async function readThrough(dataset: AsyncIterable<Buffer>): Promise<string | null> {
  const pieces = dataset[Symbol.asyncIterator]();
  try {
    while (!(await pieces.next()).done);
    return null;
  } catch (error) {
    return asPrioraError(error).message;
  }
}

function clientTLS({ caFile, keyFile, certificateFile }: NonNullable<Destination['tls']>) {
  return {
    ...(caFile ? { ca: readFileSync(caFile) } : {}),
    ...(keyFile ? { key: readFileSync(keyFile) } : {}),
    ...(certificateFile ? { cert: readFileSync(certificateFile) } : {}),
  };
}
