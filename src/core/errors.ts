/**
 * The one catalogue of errors. Every failure an operator can meet has a code here, with its class, the status returned
 * to a DIMSE peer (PS3.4 Table B.2-1, PS3.7 Annex C) and the sentence that says what to do next.
 *
 * Classes decide the retry policy of the queue:
 * - `transient`: the same input may succeed later (a destination is down, the disk is full): retried with backoff;
 * - `permanent`: the same input will fail again (bad data): rejected at once, with its reason;
 * - `ambiguous`: something broke for a reason we do not know (a child died): retried a few times, then failed visibly.
 */
export type ErrorClass = 'transient' | 'ambiguous' | 'permanent';

interface ErrorKind {
  readonly class: ErrorClass;
  readonly dimseStatus: number;
  readonly action: string;
}

const kind = (errorClass: ErrorClass, dimseStatus: number, action: string): ErrorKind => ({
  class: errorClass,
  dimseStatus,
  action,
});

/**
 * DIMSE statuses used below: 0xA700 out of resources, 0xA900 data set does not match SOP class, 0xC000 cannot
 * understand, 0x0110 processing failure.
 */
export const errorKinds = {
  // core
  CONFIG_INVALID: kind('permanent', 0x0110, 'Correct the named setting and start again.'),
  USAGE_INVALID: kind(
    'permanent',
    0x0110,
    'Nothing was done. `priora <command> --help` lists what the command accepts.',
  ),
  NOT_IN_INDEX: kind(
    'permanent',
    0x0110,
    'Check the UID or PatientID, and that --config names the configuration of the right node; `priora status` lists what was not stored.',
  ),
  INTERNAL: kind('ambiguous', 0x0110, 'See the log. If it happens again, report it with the log lines of this job.'),
  CHILD_DIED: kind('ambiguous', 0x0110, 'See the log for what it says; the usual cause is a lack of memory.'),
  CHILD_KILLED: kind(
    'transient',
    0x0110,
    'A process was ended from outside. Nothing needs to be done: the work is tried again by itself.',
  ),
  MEMORY_EXCEEDED: kind(
    'permanent',
    0x0110,
    'The work needs more memory than its process may use. Check the size of the series, or lower `inference.memoryLimitMb`.',
  ),
  CANCELLED: kind('transient', 0x0110, 'The work was stopped on request; it resumes when the node starts.'),
  // dicom
  DICOM_UNREADABLE: kind(
    'permanent',
    0xc000,
    'The bytes are not a readable DICOM data set. Ask the sender to send it again.',
  ),
  DICOM_MISSING_ATTRIBUTE: kind('permanent', 0xa900, 'A required attribute is missing. Correct it at its source.'),
  DICOM_VALUE_UNUSABLE: kind(
    'permanent',
    0xa900,
    'An attribute holds a value that cannot be used. Correct it at its source.',
  ),
  DICOM_CLASS_MISMATCH: kind(
    'permanent',
    0xa900,
    'The data set differs from the announced SOP class or UID. Ask the sender.',
  ),
  DICOM_INVALID_OUTPUT: kind(
    'permanent',
    0x0110,
    'An object written by Priora violates the standard and was not sent. Report this.',
  ),
  PIXELS_UNDECODABLE: kind(
    'permanent',
    0xc000,
    'The pixel data do not decode as the header declares. Request the series again.',
  ),
  // receive, index
  DATA_FOLDER_IN_USE: kind('permanent', 0x0110, 'Stop the other process first, or give this one another `dataDir`.'),
  STORAGE_FULL: kind(
    'transient',
    0xa700,
    'Free disk space on the storage volume. The sender still has the data and will retry.',
  ),
  STORAGE_FAILED: kind('transient', 0x0110, 'The storage volume refuses writes. Check the system log.'),
  // A warning, not a failure: the bytes are kept (in quarantine), and a sender must not keep repeating them.
  DUPLICATE_CONFLICT: kind(
    'permanent',
    0xb000,
    'Different bytes arrived under a known SOPInstanceUID. Compare both; the second is in quarantine.',
  ),
  IDENTITY_CONTRADICTION: kind(
    'permanent',
    0x0110,
    'Compare the patient data, then release the study with `priora release`.',
  ),
  TIME_UNKNOWN: kind(
    'permanent',
    0x0110,
    'The study has no usable date. Find out when it was acquired, then release it with `priora release --acquired-at`.',
  ),
  DATABASE_DAMAGED: kind(
    'permanent',
    0x0110,
    'The database file is damaged or is not an SQLite database. Restore it from a backup; the images below `instances/` are separate files.',
  ),
  DATABASE_TOO_NEW: kind('permanent', 0x0110, 'This database was written by a newer Priora. Start that version.'),
  DATABASE_TOO_OLD: kind(
    'permanent',
    0x0110,
    'This database was written by an older Priora. Use that version, or stop its node and run `priora migrate`.',
  ),
  // select, assemble
  SERIES_NOT_SELECTED: kind(
    'permanent',
    0xa900,
    '`priora explain` shows the outcome of each rule; change the rules in mappings/series-selection.yaml.',
  ),
  GEOMETRY_MISSING: kind(
    'permanent',
    0xa900,
    'Position, orientation or spacing is missing. Send the original series, not a derived one.',
  ),
  GEOMETRY_GAP: kind('permanent', 0xa900, 'Slices are missing or unevenly spaced. Send the complete series.'),
  GEOMETRY_DUPLICATE: kind('permanent', 0xa900, 'Two slices share one position. Send one reconstruction per series.'),
  GEOMETRY_MIXED: kind('permanent', 0xa900, 'Slices differ in orientation or size. Send one acquisition per series.'),
  SERIES_TOO_SMALL: kind('permanent', 0xa900, 'There are too few slices for a brain. Check the routing rule.'),
  // prepare, register
  NOT_A_BRAIN: kind('permanent', 0xa900, 'After registration the image does not look like a head. View the series.'),
  REGISTRATION_FAILED: kind('ambiguous', 0x0110, 'The registration did not finish. Check the series and the log.'),
  // training
  LABEL_UNUSABLE: kind(
    'permanent',
    0xa900,
    'Check the segmentation; mappings/training-data.yaml says which outlines are metastases.',
  ),
  // infer
  MODEL_INVALID: kind('permanent', 0x0110, 'The model or its manifest is not what was installed. Install it again.'),
  PROVIDER_UNAVAILABLE: kind(
    'permanent',
    0x0110,
    'CUDA was requested and cannot be used. See docs/gpu.md, or set the provider to auto.',
  ),
  // review
  REVIEW_REFUSED: kind(
    'permanent',
    0xa900,
    'The object is kept but corrects nothing; docs/conformance.md says what counts as a correction.',
  ),
  // deliver
  DESTINATION_UNREACHABLE: kind(
    'transient',
    0x0110,
    'The destination does not answer; the delivery is retried. Check host, port and network.',
  ),
  DESTINATION_REFUSED: kind(
    'transient',
    0x0110,
    'The destination refused the association or the object. Check the AE titles and its log.',
  ),
  DESTINATION_FORBIDDEN: kind(
    'permanent',
    0x0110,
    'Results of demonstration weights stay on this machine unless allowDemonstrationModels is set for the destination.',
  ),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

/** What an error is about: identifiers only, never names or other PHI. */
export interface ErrorSubject {
  PatientID?: string;
  StudyInstanceUID?: string;
  SeriesInstanceUID?: string;
  SOPInstanceUID?: string;
  [key: string]: string | number | undefined;
}

/**
 * An error that an operator can act on. `message` says what happened; class, status and action come from the catalogue.
 */
export class PrioraError extends Error {
  readonly code: ErrorCode;
  readonly subject: ErrorSubject;

  constructor(code: ErrorCode, message: string, options: { subject?: ErrorSubject; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PrioraError';
    this.code = code;
    this.subject = options.subject ?? {};
  }

  get class(): ErrorClass {
    return errorKinds[this.code].class;
  }

  get dimseStatus(): number {
    return errorKinds[this.code].dimseStatus;
  }

  /**
   * Whether the data are at fault (PS3.4 Table B.2-1: 0xA9xx, 0xCxxx): the study is rejected, and retrying is
   * pointless.
   */
  get blamesInput(): boolean {
    return this.dimseStatus >> 8 === 0xa9 || this.dimseStatus >> 12 === 0xc;
  }

  get action(): string {
    return errorKinds[this.code].action;
  }
}

/** Any thrown value as a PrioraError; what is not ours becomes `INTERNAL`, with its cause kept. */
export function asPrioraError(error: unknown): PrioraError {
  if (error instanceof PrioraError) return error;
  return new PrioraError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error });
}
