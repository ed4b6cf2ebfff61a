import type { Command } from 'commander';
import { readNode } from '../node/operations/open-node.js';
import { nodeStatus, type NodeStatus } from '../node/operations/status.js';

function print(status: NodeStatus): void {
  const section = (title: string, lines: readonly string[]) => {
    if (lines.length > 0)
      console.log([`${title} (${lines.length})`, ...lines.map((line) => `  ${line}`), ''].join('\n'));
  };
  console.log(`${status.instances} instances in the index\n`);
  section(
    'Jobs',
    status.jobs.map(({ kind, state, n }) => `${kind} ${state}: ${n}`),
  );
  section(
    'Running',
    status.running.map(({ key, stage }) => `${key}  ${stage ?? 'starting'}`),
  );
  section(
    'Still receiving',
    status.receiving.map(({ SeriesInstanceUID }) => `series ${SeriesInstanceUID}`),
  );
  section(
    'On hold',
    status.held.map(({ StudyInstanceUID, reason, action }) => `study ${StudyInstanceUID}: ${reason}. ${action}`),
  );
  section(
    'Retrying',
    status.retrying.map(
      ({ key, error, attempts, nextTry }) =>
        `${key}: ${error} (${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}), next at ${nextTry}`,
    ),
  );
  section(
    'Failed',
    status.failedJobs.map(({ key, error, action }) => `${key}: ${error}. ${action ?? ''}`),
  );
  section(
    'Not delivered',
    status.failedDeliveries.map(
      ({ SOPInstanceUID, destination, lastError }) => `${SOPInstanceUID} → ${destination}: ${lastError}`,
    ),
  );
  section(
    'Quarantine, newest',
    status.quarantine.map(({ path, code, message, times }) => `${path}: ${code}, ${message} (${times}×)`),
  );
  section(
    'Corrections that were not applied, newest',
    status.reviews.map(
      ({ SOPInstanceUID, StudyInstanceUID, state, reason }) =>
        `${SOPInstanceUID}, study ${StudyInstanceUID}: ${state === 'refused' ? `refused, ${reason}` : 'waiting for the analysis of the study'}`,
    ),
  );
  section(
    'Cases, newest',
    status.cases.map(
      ({ StudyInstanceUID, status: state, reason }) =>
        `study ${StudyInstanceUID}: ${state}${reason ? `, ${reason}` : ''}`,
    ),
  );
}

/** `priora status` */
export function registerStatusCommand(program: Command): void {
  program
    .command('status')
    .description('list what is waiting, running, retrying, on hold, failed or in quarantine')
    .option('--config <file>', 'configuration file', undefined)
    .option('--json', 'print one JSON object')
    .action(({ config, json }: { config?: string; json?: boolean }) =>
      readNode(config, (node) => {
        const status = nodeStatus(node);
        if (json) console.log(JSON.stringify(status, null, 2));
        else print(status);
      }),
    );
}
