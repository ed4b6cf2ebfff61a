import type { Command } from 'commander';
import { patientHistory } from '../node/operations/history.js';
import { ExitCode } from './exit-code.js';
import { historyText } from './history-text.js';
import { researchUse } from './time-point-text.js';
import { namedPatient } from '../node/operations/named-patient.js';
import { readNode } from '../node/operations/open-node.js';

/** `priora history <patient>` */
export function registerHistoryCommand(program: Command): void {
  program
    .command('history')
    .description("show a patient's lesions over time")
    .argument('<PatientID>')
    .option('--issuer <IssuerOfPatientID>', 'required if several issuers use the PatientID')
    .option('--config <file>', 'configuration file')
    .option('--json', 'print one JSON object')
    .action((PatientID: string, given: { issuer?: string; config?: string; json?: boolean }) =>
      readNode(given.config, (node) => {
        const history = patientHistory(node, namedPatient(node.store, PatientID, given.issuer));
        if (given.json) console.log(JSON.stringify({ ...history, notice: researchUse }, null, 2));
        else console.log(historyText(history, node.config.time.zone));
        if (history.timePoints.length === 0) process.exitCode = ExitCode.nothingToDo;
      }),
    );
}
