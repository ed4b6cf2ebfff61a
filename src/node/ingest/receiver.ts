import { createReadStream, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../core/clock.js';
import { asPrioraError } from '../../core/errors.js';
import { makeFolder } from '../../core/folder.js';
import type { Logger } from '../../core/log.js';
import { encodeFileMeta, readFileMeta } from '../../dicom/part10.js';
import {
  type AssociationEnd,
  type AssociationInfo,
  type DatasetSink,
  responseFor,
  type StoreHandler,
} from '../../dimse/index.js';
import type { Store } from '../../store/store.js';
import { dataFolders, DurableFolders } from './data-folders.js';
import { GroupCommit } from './group-commit.js';
import { InstanceIntake, type IndexInstance, type Reception, type Source } from './instance-intake.js';

export interface ReceiverOptions {
  readonly store: Store;
  readonly dataDir: string;
  readonly index: IndexInstance;
  /** Whether an AE title is one of the destinations'. */
  readonly isDestination?: (aeTitle: string) => boolean;
  /** Series whose association was released in order; the sender has sent what it wanted to. */
  readonly onSeriesReleased?: (SeriesInstanceUIDs: readonly string[]) => void;
  readonly clock?: Clock;
  readonly logger: Logger;
}

export interface Receiver {
  /** For `storageService` of `dimse/`. */
  readonly storeHandler: StoreHandler;
  /** For the server's `onAssociationClosed`. */
  readonly associationClosed: (association: AssociationInfo, end: AssociationEnd) => void;
  /**
   * Takes in a PS3.10 file by the same path as a C-STORE (the data set is copied as it is).
   *
   * @throws PrioraError DICOM_UNREADABLE when it is no DICOM file, STORAGE_FULL, STORAGE_FAILED
   */
  readonly receiveFile: (path: string) => Promise<Reception>;
}

/** One process at a time takes instances into a data folder; leftovers of a dead one are cleared away here. */
export function openReceiver(options: ReceiverOptions): Receiver {
  const { store, dataDir, logger } = options;
  const clock = options.clock ?? systemClock;
  for (const folder of Object.values(dataFolders)) makeFolder(join(dataDir, folder));
  clearIncoming(join(dataDir, dataFolders.incoming));

  const commits = new GroupCommit(store);
  const folders = new DurableFolders(dataDir);
  const seriesByAssociation = new Map<number, Set<string>>();
  const inFlight = new Map<string, Promise<unknown>>();
  let counter = 0;

  const open = (source: Source): InstanceIntake =>
    new InstanceIntake(source, {
      ...options,
      clock,
      commits,
      folders,
      inFlight,
      temporaryPath: join(dataDir, dataFolders.incoming, `${process.pid}.${++counter}.part`),
      head: encodeFileMeta({
        MediaStorageSOPClassUID: source.announced.SOPClassUID,
        MediaStorageSOPInstanceUID: source.announced.SOPInstanceUID,
        TransferSyntaxUID: source.TransferSyntaxUID,
        ...(source.callingAETitle ? { SourceApplicationEntityTitle: source.callingAETitle } : {}),
      }),
    });

  const storeHandler: StoreHandler = (request): DatasetSink => {
    const { callingAETitle, id } = request.association;
    const intake = open({
      announced: { SOPClassUID: request.AffectedSOPClassUID, SOPInstanceUID: request.AffectedSOPInstanceUID },
      TransferSyntaxUID: request.presentationContext.transferSyntax,
      callingAETitle,
    });
    return {
      write: (chunk) => intake.write(chunk),
      abort: () => intake.discard(),
      finish: async () => {
        const reception = await intake.finish();
        if (reception.outcome === 'quarantined') {
          const { code, message, subject } = reception.error;
          logger.warn({ code, callingAETitle, ...subject }, message);
          return responseFor(reception.error);
        }
        const touched = seriesByAssociation.get(id) ?? new Set();
        seriesByAssociation.set(id, touched.add(reception.instance.SeriesInstanceUID));
        return { Status: 0x0000 };
      },
    };
  };

  return {
    storeHandler,
    associationClosed: ({ id }, { outcome }) => {
      const touched = seriesByAssociation.get(id);
      seriesByAssociation.delete(id);
      if (touched === undefined || outcome !== 'released') return;
      try {
        store.series.noteRelease([...touched], clock.now());
        options.onSeriesReleased?.([...touched]);
      } catch (error) {
        // The completeness timer still runs; only its shortcut is lost.
        logger.error({ code: asPrioraError(error).code }, 'the release of an association could not be recorded');
      }
    },
    receiveFile: async (path) => {
      const { meta, datasetOffset } = await readFileMeta(path);
      const intake = open({
        announced: { SOPClassUID: meta.MediaStorageSOPClassUID, SOPInstanceUID: meta.MediaStorageSOPInstanceUID },
        TransferSyntaxUID: meta.TransferSyntaxUID,
        callingAETitle: '',
      });
      try {
        for await (const chunk of createReadStream(path, { start: datasetOffset })) await intake.write(chunk as Buffer);
      } catch (error) {
        await intake.discard();
        throw error;
      }
      return intake.finish();
    },
  };
}

/** Removes what dead processes left half-received; nobody was told that it had arrived. */
function clearIncoming(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = Number(name.split('.')[0]);
    try {
      if (pid !== process.pid) process.kill(pid, 0);
      else unlinkSync(join(folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') unlinkSync(join(folder, name));
    }
  }
}
