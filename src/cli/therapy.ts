import { Option, type Command } from 'commander';
import { enqueueAnalysis } from '../node/queue/case-jobs.js';
import { standingTimePoints } from '../analysis/case/time-points.js';
import { ExitCode } from '../core/exit-code.js';
import type { Immunotherapy } from '../model/response.js';
import { namedPatient } from './named-patient.js';
import { withNode, type OpenNode } from './open-node.js';

/**
 * Keeps what a person knows of a patient's therapy and has judged again what depends on it: every time point but the baseline.
 *
 * @returns how many studies are queued; null when it was known already.
 */
export function setImmunotherapy(
  { store, queue }: Pick<OpenNode, 'store' | 'queue'>,
  patient: { readonly patientKey: number; readonly immunotherapy: Immunotherapy },
  immunotherapy: Immunotherapy,
): number | null {
  if (patient.immunotherapy === immunotherapy) return null;
  return store.transaction(() => {
    store.patients.setImmunotherapy(patient.patientKey, immunotherapy);
    const [, ...later] = standingTimePoints(store, patient.patientKey);
    for (const { row } of later) enqueueAnalysis(queue, store.series.find(row.SeriesInstanceUID!)!);
    return later.length;
  });
}

/** `priora therapy <patient> --immunotherapy yes|no|unknown` */
export function registerTherapyCommand(program: Command): void {
  program
    .command('therapy')
    .description('say whether a patient is under immunotherapy: new lesions alone are no progression then (RANO-BM)')
    .argument('<PatientID>')
    .addOption(
      new Option('--immunotherapy <answer>', 'yes, no or unknown')
        .choices(['yes', 'no', 'unknown'])
        .makeOptionMandatory(),
    )
    .option('--issuer <IssuerOfPatientID>', 'needed where several issuers use the PatientID')
    .option('--config <file>', 'configuration file')
    .action((PatientID: string, given: { immunotherapy: Immunotherapy; issuer?: string; config?: string }) =>
      withNode(given.config, (node) => {
        const patient = namedPatient(node.store, PatientID, given.issuer);
        const queued = setImmunotherapy(node, patient, given.immunotherapy);
        if (queued === null) {
          console.log(`immunotherapy of patient ${PatientID} was ${given.immunotherapy} already`);
          process.exitCode = ExitCode.nothingToDo;
        } else
          console.log(
            `immunotherapy of patient ${PatientID}: ${given.immunotherapy}; ${queued} ${queued === 1 ? 'study is' : 'studies are'} judged again`,
          );
      }),
    );
}
