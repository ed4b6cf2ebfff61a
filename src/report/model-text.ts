import type { ReportModel } from './types.js';
import { english } from './wording/english.js';

/** One line that identifies a network where machines read it, whatever the report's language. */
export const modelText = ({ role, name, version, sha256, use }: ReportModel): string =>
  english.model(role, name, version, sha256, use);
