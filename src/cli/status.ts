import type { Command } from 'commander';
import { errorKinds } from '../core/errors.js';
import { holdSentence } from '../model/hold.js';
import { readNode, type OpenNode } from './open-node.js';

/** What is waiting, running, tried again, held, failed, quarantined and not applied: one object, also printed as JSON. */
export function nodeStatus({ store, queue }: OpenNode) {
  return {
    instances: store.instances.count(),
    jobs: queue.counts(),
    running: queue.list({ state: 'running' }).map(({ key, stage, startedAt }) => ({ key, stage, startedAt })),
    receiving: store.series.receiving().map(({ SeriesInstanceUID, StudyInstanceUID, completeness }) => ({
      SeriesInstanceUID,
      StudyInstanceUID,
      completeness,
    })),
    held: store.studies.held().map(({ StudyInstanceUID, PatientID }) => {
      const holds = store.holds.open(StudyInstanceUID);
      const [{ code, heldAt }] = holds;
      return {
        StudyInstanceUID,
        PatientID,
        code,
        reason: holdSentence(holds),
        since: new Date(heldAt).toISOString(),
        action: errorKinds[code].action,
      };
    }),
    failedJobs: queue.list({ state: 'failed' }).map(({ key, code, error, attempts }) => ({
      key,
      code,
      error,
      attempts,
      action: code && errorKinds[code].action,
    })),
    retrying: queue
      .list({ state: 'queued' })
      .filter(({ attempts }) => attempts > 0)
      .map(({ key, code, error, attempts, runAfter }) => ({
        key,
        code,
        error,
        attempts,
        nextTry: new Date(runAfter).toISOString(),
      })),
    failedDeliveries: store.deliveries.failed(),
    quarantine: store.quarantine.list(20).map(({ path, code, message, SOPInstanceUID, callingAETitle, times }) => ({
      path,
      code,
      message,
      SOPInstanceUID,
      callingAETitle,
      times,
    })),
    reviews: store.reviews.open(20).map(({ SOPInstanceUID, StudyInstanceUID, callingAETitle, state, reason }) => ({
      SOPInstanceUID,
      StudyInstanceUID,
      callingAETitle,
      state,
      reason,
    })),
    cases: store.cases.list({ limit: 20 }).map(({ StudyInstanceUID, PatientID, status, code, reason }) => ({
      StudyInstanceUID,
      PatientID,
      status,
      code,
      reason,
    })),
  };
}

function print(status: ReturnType<typeof nodeStatus>): void {
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
    'Held for a person',
    status.held.map(({ StudyInstanceUID, reason, action }) => `study ${StudyInstanceUID}: ${reason}. ${action}`),
  );
  section(
    'Tried again',
    status.retrying.map(
      ({ key, error, attempts, nextTry }) =>
        `${key}: ${error} (${attempts} ${attempts === 1 ? 'time' : 'times'}), next at ${nextTry}`,
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
        `${SOPInstanceUID}, study ${StudyInstanceUID}: ${state === 'refused' ? `refused, ${reason}` : 'waits for the analysis of the study'}`,
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
    .description('what is waiting, running, tried again, held, failed and quarantined')
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
