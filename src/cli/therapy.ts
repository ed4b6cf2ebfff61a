import { Option, type Command } from 'commander';
import { ExitCode } from './exit-code.js';
import type { Immunotherapy } from '../model/response.js';
import { namedPatient } from '../node/operations/named-patient.js';
import { withNode } from '../node/operations/open-node.js';
import { setImmunotherapy } from '../node/operations/therapy.js';

/** `priora therapy <patient> --immunotherapy yes|no|unknown` */
export function registerTherapyCommand(program: Command): void {
  program
    .command('therapy')
    .description(
      'record whether a patient receives immunotherapy: new lesions alone are then not progression (RANO-BM)',
    )
    .argument('<PatientID>')
    .addOption(
      new Option('--immunotherapy <answer>', 'yes, no or unknown')
        .choices(['yes', 'no', 'unknown'])
        .makeOptionMandatory(),
    )
    .option('--issuer <IssuerOfPatientID>', 'required if several issuers use the PatientID')
    .option('--config <file>', 'configuration file')
    .action((PatientID: string, given: { immunotherapy: Immunotherapy; issuer?: string; config?: string }) =>
      withNode(given.config, (node) => {
        const patient = namedPatient(node.store, PatientID, given.issuer);
        const queued = setImmunotherapy(node, patient, given.immunotherapy);
        if (queued === null) {
          console.log(`immunotherapy of patient ${PatientID} was already ${given.immunotherapy}`);
          process.exitCode = ExitCode.nothingToDo;
        } else
          console.log(
            `immunotherapy of patient ${PatientID}: ${given.immunotherapy}; ${queued} ${queued === 1 ? 'study is' : 'studies are'} analysed again`,
          );
      }),
    );
}
