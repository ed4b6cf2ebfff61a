import { derivedUID } from '../../dicom/uid.js';
import { codes } from '../codes.js';
import type { ReportInput, Software } from '../report-input.js';
import { wordings } from '../wording/language.js';
import { coded, numeric, text, uidReference, type ContentItem } from './content-item.js';

/**
 * Language, the device that observed, the order of the time point, which all that follows inherits, and the procedure reported
 * (TID 1204, 1002, 1502, 1004; TID 1500 row 4).
 */
export const observationContext = ({ software, language, timePoint }: ReportInput): ContentItem[] => [
  coded('HAS CONCEPT MOD', codes.language, codes[language]),
  ...deviceObserver(software),
  numeric('HAS OBS CONTEXT', codes.timePointOrder, String(timePoint.order), codes.noUnits),
  coded('HAS CONCEPT MOD', codes.procedureReported, codes.mriProcedure),
];

/** A device, never a person: nobody has looked at this yet. */
export const deviceObserver = ({ name, version }: Software): ContentItem[] => [
  coded('HAS OBS CONTEXT', codes.observerType, codes.device),
  uidReference('HAS OBS CONTEXT', codes.deviceObserverUID, derivedUID('DeviceObserver', name, version)),
  text('HAS OBS CONTEXT', codes.deviceObserverName, name),
  text('HAS OBS CONTEXT', codes.deviceObserverManufacturer, name),
  text('HAS OBS CONTEXT', codes.deviceObserverModelName, `${name} ${version}`),
];

/** TID 4019: what measured, and with which networks, in the language of the document; for all measurements together. */
export const algorithm = ({ software, models, language }: ReportInput): ContentItem[] => [
  text('HAS CONCEPT MOD', codes.algorithmName, software.name),
  text('HAS CONCEPT MOD', codes.algorithmVersion, software.version),
  ...models.map(({ role, name, version, sha256, use }) =>
    text('HAS CONCEPT MOD', codes.algorithmParameters, wordings[language].model(role, name, version, sha256, use)),
  ),
  text('HAS CONCEPT MOD', codes.algorithmManufacturer, software.name),
  coded('HAS CONCEPT MOD', codes.algorithmFamily, codes.artificialIntelligence),
];
