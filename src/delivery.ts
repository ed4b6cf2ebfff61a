import { join } from 'node:path';
import { deliveryRetryPolicy } from './case/case-jobs.js';
import type { CaseResult } from './case/case-result.js';
import type { Clock } from './core/clock.js';
import type { Config } from './core/config.js';
import { asPrioraError, PrioraError } from './core/errors.js';
import type { Logger } from './core/log.js';
import { mayDeliver, type Destination } from './deliver/destinations.js';
import { sendFiles, type SendOutcome } from './deliver/send-files.js';
import { defaultRetryPolicy, retryDecision } from './jobs/retry-policy.js';
import type { JobContext, JobHandler } from './jobs/runner.js';
import type { Mappings } from './mappings.js';
import type { DeliveryRow, Store } from './store/store.js';

export interface DeliveryContext {
  readonly store: Store;
  readonly config: Config;
  readonly mappings: Mappings;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Handler of the jobs that send a case's objects. Done means that the destination answered Success or a warning for each. */
export function deliverCase(context: DeliveryContext): JobHandler {
  const { store, config } = context;
  return async ({ destination: name, caseKey }: { destination: string; caseKey: number }, job) => {
    const { demonstration } = store.cases.find(caseKey)!.result as CaseResult;
    const path = ({ SOPInstanceUID }: DeliveryRow) => join(config.dataDir, store.objects.find(SOPInstanceUID)!.path);
    await deliver(context, name, store.deliveries.pending(name, { caseKey }), path, job, (destination) => {
      if (!mayDeliver(destination, { demonstration }))
        throw new PrioraError('DESTINATION_FORBIDDEN', `${name} does not allow results of demonstration weights`);
    });
  };
}

/** Handler of the jobs that pass a series on as it was received. */
export function forwardSeries(context: DeliveryContext): JobHandler {
  const { store, config, clock } = context;
  return async ({ destination: name, SeriesInstanceUID }: { destination: string; SeriesInstanceUID: string }, job) => {
    const instances = new Map(store.instances.ofSeries(SeriesInstanceUID).map((row) => [row.SOPInstanceUID, row]));
    store.transaction(() => {
      for (const SOPInstanceUID of instances.keys())
        store.deliveries.request({ SOPInstanceUID, destination: name, caseKey: null }, clock.now());
    });
    const pending = [...instances.keys()]
      .map((SOPInstanceUID) => store.deliveries.find(SOPInstanceUID, name)!)
      .filter(({ state }) => state === 'pending');
    const path = ({ SOPInstanceUID }: DeliveryRow) => join(config.dataDir, instances.get(SOPInstanceUID)!.path);
    await deliver(context, name, pending, path, job);
  };
}

/**
 * One attempt at sending what is pending; each outcome is noted as it comes. What the destination did not take fails the job,
 * which the queue then tries again; with the last attempt the deliveries are failed, for `priora status` and `priora retry`.
 *
 * @throws PrioraError DESTINATION_UNREACHABLE, DESTINATION_REFUSED, DESTINATION_FORBIDDEN, CONFIG_INVALID (no such destination).
 */
async function deliver(
  { store, config, mappings, logger, clock }: DeliveryContext,
  name: string,
  pending: readonly DeliveryRow[],
  pathOf: (delivery: DeliveryRow) => string,
  { job, signal, setStage }: JobContext,
  check: (destination: Destination) => void = () => undefined,
): Promise<void> {
  if (pending.length === 0) return;
  const open = new Map<string, number | null>(pending.map(({ SOPInstanceUID }) => [SOPInstanceUID, null]));
  const note = (SOPInstanceUID: string, state: DeliveryRow['state'], status: number | null, error: string | null) =>
    store.deliveries.note({ SOPInstanceUID, destination: name }, { state, status, error }, clock.now());
  const onOutcome = ({ SOPInstanceUID, status, delivered }: SendOutcome) => {
    if (!delivered) return void open.set(SOPInstanceUID, status);
    note(SOPInstanceUID, 'delivered', status, null);
    open.delete(SOPInstanceUID);
    setStage(`${pending.length - open.size} of ${pending.length} sent`);
  };
  try {
    const destination = mappings.destinations.find((candidate) => candidate.name === name);
    if (!destination) throw new PrioraError('CONFIG_INVALID', `mappings/destinations.yaml has no destination ${name}`);
    check(destination);
    const paths = pending.map(pathOf);
    await sendFiles({ destination, callingAETitle: config.dicom.aeTitle, paths, onOutcome, logger, signal });
    if (open.size > 0)
      throw new PrioraError('DESTINATION_REFUSED', `${name} did not take ${open.size} of ${pending.length} objects`);
  } catch (thrown) {
    const error = asPrioraError(thrown);
    const policy = { ...defaultRetryPolicy, ...deliveryRetryPolicy(config) };
    const last = !retryDecision(error, { tries: job.attempts + 1, deadline: job.deadline }, clock.now(), policy).retry;
    const state = last ? 'failed' : 'pending';
    for (const [SOPInstanceUID, status] of open) note(SOPInstanceUID, state, status, error.message);
    throw error;
  }
}
