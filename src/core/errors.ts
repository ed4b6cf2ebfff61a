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
  USAGE_INVALID: kind('permanent', 0x0110, 'Nothing was done; `priora <command> --help` says what the command takes.'),
  NOT_IN_INDEX: kind(
    'permanent',
    0x0110,
    'Check the UID or PatientID, and that --config names the configuration of the node meant; `priora status` shows what was not taken in.',
  ),
  INTERNAL: kind('ambiguous', 0x0110, 'See the log; if it repeats, report it with the log lines of this job.'),
  CHILD_DIED: kind('ambiguous', 0x0110, 'See the log for the exit signal; lack of memory is the usual cause.'),
  MEMORY_EXCEEDED: kind(
    'permanent',
    0x0110,
    'The work needs more memory than its process may take; look at the size of the series, or lower `inference.memoryLimitMb`.',
  ),
  CANCELLED: kind('transient', 0x0110, 'The work was stopped on request; it starts again with the node.'),
  // dicom
  DICOM_UNREADABLE: kind(
    'permanent',
    0xc000,
    'The bytes are no readable DICOM data set; ask the sender to send it again.',
  ),
  DICOM_MISSING_ATTRIBUTE: kind('permanent', 0xa900, 'A required attribute is missing; correct it at its source.'),
  DICOM_CLASS_MISMATCH: kind(
    'permanent',
    0xa900,
    'The data set and the announced SOP class or UID differ; ask the sender.',
  ),
  DICOM_INVALID_OUTPUT: kind(
    'permanent',
    0x0110,
    'An object of ours broke the standard and was not sent; report this.',
  ),
  PIXELS_UNDECODABLE: kind(
    'permanent',
    0xc000,
    'The pixel data do not decode as the header declares; ask for the series again.',
  ),
  // receive, index
  STORAGE_FULL: kind('transient', 0xa700, 'Free disk space on the storage volume; the sender will retry.'),
  STORAGE_FAILED: kind('transient', 0x0110, 'The storage volume refuses writes; look at the system log.'),
  // A warning, not a failure: the bytes are kept (in quarantine), and a sender must not keep repeating them.
  DUPLICATE_CONFLICT: kind(
    'permanent',
    0xb000,
    'Other bytes came under a known SOPInstanceUID; compare both, the second is in quarantine.',
  ),
  IDENTITY_CONTRADICTION: kind(
    'permanent',
    0x0110,
    'Let a person compare the patient data, then `priora release` the study.',
  ),
  TIME_UNKNOWN: kind(
    'permanent',
    0x0110,
    'The study has no usable date; a person must decide, then `priora release` it.',
  ),
  DATABASE_DAMAGED: kind(
    'permanent',
    0x0110,
    'The database file is no SQLite database or is damaged: restore it from a backup. The images below `instances/` are files of their own.',
  ),
  DATABASE_TOO_NEW: kind('permanent', 0x0110, 'This database was written by a newer Priora; start that version.'),
  DATABASE_TOO_OLD: kind(
    'permanent',
    0x0110,
    'This database was written by an older Priora: use that version, or stop its node and run `priora migrate`.',
  ),
  // select, assemble
  SERIES_NOT_SELECTED: kind(
    'permanent',
    0xa900,
    '`priora explain` shows each rule; mappings/series-selection.yaml changes them.',
  ),
  GEOMETRY_MISSING: kind(
    'permanent',
    0xa900,
    'Position, orientation or spacing is missing; send the original series, not a derived one.',
  ),
  GEOMETRY_GAP: kind('permanent', 0xa900, 'Slices are missing or unevenly spaced; send the complete series.'),
  GEOMETRY_DUPLICATE: kind('permanent', 0xa900, 'Two slices share one position; send one reconstruction per series.'),
  GEOMETRY_MIXED: kind('permanent', 0xa900, 'Slices differ in orientation or size; send one acquisition per series.'),
  SERIES_TOO_SMALL: kind('permanent', 0xa900, 'Too few slices for a brain; check the routing rule.'),
  // prepare, register
  NOT_A_BRAIN: kind('permanent', 0xa900, 'After registration the image does not look like a head; look at the series.'),
  REGISTRATION_FAILED: kind('ambiguous', 0x0110, 'The registration did not finish; look at the series and the log.'),
  // training
  LABEL_UNUSABLE: kind(
    'permanent',
    0xa900,
    'Look at the segmentation; mappings/training-data.yaml says which outlines are metastases.',
  ),
  // infer
  MODEL_INVALID: kind('permanent', 0x0110, 'The model or its manifest is not what was shipped; install it again.'),
  PROVIDER_UNAVAILABLE: kind(
    'permanent',
    0x0110,
    'CUDA was asked for and cannot be used; see docs/gpu.md or set the provider to auto.',
  ),
  // review
  REVIEW_REFUSED: kind(
    'permanent',
    0xa900,
    'The object is kept but corrects nothing; docs/conformance.md says what a correction needs.',
  ),
  // deliver
  DESTINATION_UNREACHABLE: kind(
    'transient',
    0x0110,
    'The destination does not answer; it is retried. Check host, port and network.',
  ),
  DESTINATION_REFUSED: kind(
    'transient',
    0x0110,
    'The destination refused the association or object; check AE titles and its log.',
  ),
  DESTINATION_FORBIDDEN: kind(
    'permanent',
    0x0110,
    'Demonstration weights stay on loopback unless allowDemonstrationModels is set for the destination.',
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
