import type { ReportModel } from './types.js';

/** One line that identifies a network: role, name, version, the hash of its file, what it is for. */
export const modelText = ({ role, name, version, sha256, use }: ReportModel): string =>
  `High-${role} network ${name} ${version}, SHA-256 ${sha256}. ${use}`;
