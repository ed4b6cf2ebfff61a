import { codes } from '../codes.js';
import { modelText } from '../model-text.js';
import type { ReportInput } from '../types.js';
import { coded, text, type ContentItem } from './content-item.js';

/** TID 4019: what measured, and with which networks; for all measurements at once. */
export const algorithm = ({ software, models }: ReportInput): ContentItem[] => [
  text('HAS CONCEPT MOD', codes.algorithmName, software.name),
  text('HAS CONCEPT MOD', codes.algorithmVersion, software.version),
  ...models.map((model) => text('HAS CONCEPT MOD', codes.algorithmParameters, modelText(model))),
  text('HAS CONCEPT MOD', codes.algorithmManufacturer, software.name),
  coded('HAS CONCEPT MOD', codes.algorithmFamily, codes.artificialIntelligence),
];
