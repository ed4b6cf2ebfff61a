import { codes } from '../codes.js';
import type { ReportInput } from '../types.js';
import { wordings } from '../wording/language.js';
import { coded, text, type ContentItem } from './content-item.js';

/** TID 4019: what measured, and with which networks, in the document's language; for all measurements at once. */
export const algorithm = ({ software, models, language }: ReportInput): ContentItem[] => [
  text('HAS CONCEPT MOD', codes.algorithmName, software.name),
  text('HAS CONCEPT MOD', codes.algorithmVersion, software.version),
  ...models.map(({ role, name, version, sha256, use }) =>
    text('HAS CONCEPT MOD', codes.algorithmParameters, wordings[language].model(role, name, version, sha256, use)),
  ),
  text('HAS CONCEPT MOD', codes.algorithmManufacturer, software.name),
  coded('HAS CONCEPT MOD', codes.algorithmFamily, codes.artificialIntelligence),
];
