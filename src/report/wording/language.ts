import type { Config } from '../../core/config.js';
import { english, type Wording } from './english.js';
import { german } from './german.js';

/** `reportLanguage` in the configuration. */
export type Language = Config['reportLanguage'];

export const wordings: Readonly<Record<Language, Wording>> = { en: english, de: german };
