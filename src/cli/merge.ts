import type { Command } from 'commander';
import { PrioraError } from '../core/errors.js';
import { ExitCode } from './exit-code.js';
import { contradictions } from '../node/ingest/patient-identity.js';
import { mergePatients } from '../node/operations/merge.js';
import { namedPatient } from '../node/operations/named-patient.js';
import { withNode } from '../node/operations/open-node.js';

/** `priora merge <from> <into>` */
export function registerMergeCommand(program: Command): void {
  program
    .command('merge')
    .description('file the studies of one patient under another, after establishing that both are the same person')
    .argument('<from>', 'PatientID whose studies move')
    .argument('<into>', 'PatientID that stays')
    .option('--from-issuer <IssuerOfPatientID>', 'required if several issuers use the PatientID')
    .option('--into-issuer <IssuerOfPatientID>', 'required if several issuers use the PatientID')
    .option('--force', 'merge even if name, birth date or sex contradict each other')
    .option('--config <file>', 'configuration file')
    .action(
      (
        fromID: string,
        intoID: string,
        given: { fromIssuer?: string; intoIssuer?: string; force?: boolean; config?: string },
      ) =>
        withNode(given.config, (node) => {
          const from = namedPatient(node.store, fromID, given.fromIssuer);
          const into = namedPatient(node.store, intoID, given.intoIssuer);
          if (from.patientKey === into.patientKey) {
            console.log(`${fromID} and ${intoID} are already one patient`);
            process.exitCode = ExitCode.nothingToDo;
            return;
          }
          const contradicted = contradictions(from, into);
          if (contradicted.length > 0 && !given.force)
            throw new PrioraError(
              'USAGE_INVALID',
              `${contradicted.join(', ')} of patients ${fromID} and ${intoID} contradict each other; --force merges them anyway`,
            );
          const queued = mergePatients(node, from, into);
          console.log(
            `patient ${fromID} is now filed under ${intoID}; ${queued} ${queued === 1 ? 'study is' : 'studies are'} analysed again`,
          );
        }),
    );
}
