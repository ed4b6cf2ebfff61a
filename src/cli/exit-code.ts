/** The exit codes of every `priora` command. */
export const ExitCode = {
  done: 0,
  failure: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** There was nothing to do: no DICOM image among the files, nothing failed to retry. */
  nothingToDo: 3,
  /** At least one study was rejected or put on hold, or a DICOM file refused; the output gives the reason. */
  rejectedInput: 4,
} as const;
