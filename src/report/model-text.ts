import type { ReportModel } from './types.js';
import { english } from './wording/english.js';

/** One line that identifies a network in objects that declare no language: the Algorithm Identification Macro's, for machines. */
export const modelText = ({ role, name, version, sha256, use }: ReportModel): string =>
  english.model(role, name, version, sha256, use);
