import { PrioraError } from '../core/errors.js';
import { isUID } from '../core/identifiers.js';
import { CommandField } from './command-set.js';
import type { AssociationInfo, PresentationContext } from './association-info.js';
import type { DatasetSink, Service } from './service.js';

/** A C-STORE-RQ (PS3.7 9.3.1.1). */
export interface StoreRequest {
  readonly AffectedSOPClassUID: string;
  readonly AffectedSOPInstanceUID: string;
  readonly MoveOriginatorApplicationEntityTitle?: string;
  readonly presentationContext: PresentationContext;
  readonly association: AssociationInfo;
}

/** Receives one instance; see {@link Service.open} and {@link DatasetSink} for back-pressure and failures. */
export type StoreHandler = (request: StoreRequest) => DatasetSink | Promise<DatasetSink>;

/**
 * C-STORE as SCP (PS3.7 9.1.1, PS3.4 Annex B): each request is opened with `handler`.
 *
 * A request whose AffectedSOPClassUID is not the abstract syntax of its presentation context, or that lacks its UIDs or
 * its data set, is refused without reaching the handler (PS3.4 B.2.3: 0xA900).
 */
export function storageService(handler: StoreHandler): Service {
  return {
    commandField: CommandField.C_STORE_RQ,
    open({ command, presentationContext, association, hasDataset }) {
      const { AffectedSOPClassUID, AffectedSOPInstanceUID, MoveOriginatorApplicationEntityTitle } = command;
      if (!isUID(AffectedSOPClassUID) || !isUID(AffectedSOPInstanceUID)) {
        throw new PrioraError('DICOM_CLASS_MISMATCH', 'C-STORE-RQ without valid SOP class and instance UIDs');
      }
      const subject = { SOPInstanceUID: AffectedSOPInstanceUID };
      if (!hasDataset) throw new PrioraError('DICOM_CLASS_MISMATCH', 'C-STORE-RQ without a data set', { subject });
      if (AffectedSOPClassUID !== presentationContext.abstractSyntax) {
        throw new PrioraError('DICOM_CLASS_MISMATCH', 'SOP class differs from the presentation context', { subject });
      }
      return handler({
        AffectedSOPClassUID,
        AffectedSOPInstanceUID,
        ...(MoveOriginatorApplicationEntityTitle === undefined ? {} : { MoveOriginatorApplicationEntityTitle }),
        presentationContext,
        association,
      });
    },
  };
}
