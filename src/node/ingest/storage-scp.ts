import { readFileSync } from 'node:fs';
import type { Config } from '../../core/config.js';
import { PrioraError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { reviewClasses, SOPClass, TransferSyntax } from '../../dicom/uid.js';
import { createServer, type Server, storageService } from '../../dimse/index.js';

import type { Receiver } from './receiver.js';

/** Storage classes a node takes in, with those of reviews where there are reviewers; a configuration may add others. */
const imageClasses = [
  SOPClass.MRImageStorage,
  SOPClass.EnhancedMRImageStorage,
  SOPClass.LegacyConvertedEnhancedMRImageStorage,
];

/**
 * The Storage SCP that a node's configuration describes, not listening yet.
 *
 * @throws PrioraError CONFIG_INVALID when a TLS file cannot be read.
 */
export function storageSCP({ dicom }: Pick<Config, 'dicom'>, receiver: Receiver, logger: Logger): Server {
  const classes = new Set([
    ...imageClasses,
    ...(dicom.reviewers.length > 0 ? reviewClasses : []),
    ...dicom.additionalStorageClasses,
  ]);
  const transferSyntaxes = Object.values(TransferSyntax);
  return createServer({
    aeTitle: dicom.aeTitle,
    host: dicom.host,
    port: dicom.port,
    calledAETitles: dicom.calledAETitles ?? [dicom.aeTitle],
    callingAETitles: dicom.callingAETitles,
    supportedContexts: [...classes].map((abstractSyntax) => ({ abstractSyntax, transferSyntaxes })),
    maxAssociations: dicom.maxAssociations,
    maxPDULength: dicom.maxPDULength,
    artimTimeoutMs: dicom.artimTimeoutSeconds * 1000,
    idleTimeoutMs: dicom.idleTimeoutSeconds * 1000,
    ...(dicom.tls && { tls: serverTLS(dicom.tls) }),
    services: [storageService(receiver.storeHandler)],
    logger,
    onAssociationClosed: receiver.associationClosed,
  });
}

function serverTLS({ keyFile, certificateFile, clientCAFile }: NonNullable<Config['dicom']['tls']>) {
  const read = (path: string) => {
    try {
      return readFileSync(path);
    } catch (cause) {
      throw new PrioraError('CONFIG_INVALID', `the TLS file ${path} cannot be read`, { cause });
    }
  };
  return { key: read(keyFile), cert: read(certificateFile), ...(clientCAFile ? { ca: read(clientCAFile) } : {}) };
}
