/** How every `priora` command ends. */
export const ExitCode = {
  done: 0,
  failure: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** There was nothing to do: no DICOM image among the files, nothing failed to retry. */
  nothingToDo: 3,
  /** At least one study was rejected or held, or a DICOM file refused; the output says why. */
  rejectedInput: 4,
} as const;
