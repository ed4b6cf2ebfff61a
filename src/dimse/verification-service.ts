import { CommandField } from './command-set.js';
import { Status } from './status.js';
import type { Service } from './service.js';

/** C-ECHO as SCP (PS3.7 9.1.5, PS3.4 Annex A): answers Success. */
export const verificationService: Service = {
  commandField: CommandField.C_ECHO_RQ,
  open: () => ({
    write: () => undefined,
    finish: () => Promise.resolve({ Status: Status.Success }),
    abort: () => undefined,
  }),
};
