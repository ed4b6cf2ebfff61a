import { errorKinds } from '../../core/errors.js';
import { holdSentence } from '../../model/hold.js';
import type { OpenNode } from './open-node.js';

/** What is waiting, running, retrying, on hold, failed, in quarantine or not applied: one object, also printed as JSON. */
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

export type NodeStatus = ReturnType<typeof nodeStatus>;
