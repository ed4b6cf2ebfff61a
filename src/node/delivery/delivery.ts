import { join } from 'node:path';
import { deliveryRetryPolicy } from '../queue/case-jobs.js';
import type { Clock } from '../../core/clock.js';
import type { Config } from '../../core/config.js';
import { asPrioraError, PrioraError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { mayDeliver, type Destination } from './destinations.js';
import { sendFiles, type SendOutcome } from './send-files.js';
import { defaultRetryPolicy, retryDecision } from '../queue/retry-policy.js';
import type { JobContext, JobHandler } from '../queue/runner.js';
import type { DeliveryRow, Store } from '../../store/store.js';

export interface DeliveryContext {
  readonly store: Store;
  readonly config: Config;
  readonly destinations: readonly Destination[];
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Handler of the jobs that send a case's objects. Done means that the destination answered Success or a warning for
 * each.
 */
export function deliverCase(context: DeliveryContext): JobHandler<'deliver'> {
  const { store, config } = context;
  return async ({ destination: name, caseKey }, job) => {
    const { demonstration } = store.cases.reported(caseKey).result;
    const path = ({ SOPInstanceUID }: DeliveryRow) => join(config.dataDir, store.objects.find(SOPInstanceUID)!.path);
    const open = store.deliveries.ofCase(caseKey).filter(({ destination }) => destination === name);
    await deliver(context, name, open, path, job, (destination) => {
      if (!mayDeliver(destination, { demonstration }))
        throw new PrioraError('DESTINATION_FORBIDDEN', `${name} may not receive results of demonstration weights`);
    });
  };
}

/** Handler of the jobs that forward a series as received. */
export function forwardSeries(context: DeliveryContext): JobHandler<'forward'> {
  const { store, config, clock } = context;
  return async ({ destination: name, SeriesInstanceUID }, job) => {
    const instances = new Map(store.instances.ofSeries(SeriesInstanceUID).map((row) => [row.SOPInstanceUID, row]));
    store.transaction(() => {
      for (const SOPInstanceUID of instances.keys())
        store.deliveries.request({ SOPInstanceUID, destination: name, caseKey: null }, clock.now());
    });
    const requested = [...instances.keys()].map((SOPInstanceUID) => store.deliveries.find(SOPInstanceUID, name)!);
    const path = ({ SOPInstanceUID }: DeliveryRow) => join(config.dataDir, instances.get(SOPInstanceUID)!.path);
    await deliver(context, name, requested, path, job);
  };
}

/**
 * One attempt at sending what has not been delivered; each outcome is recorded as it comes. Whatever the destination
 * did not accept fails the job, which the queue then retries; with the last attempt the deliveries fail, for
 * `priora status` and `priora retry`.
 *
 * @throws PrioraError DESTINATION_UNREACHABLE, DESTINATION_REFUSED, DESTINATION_FORBIDDEN, CONFIG_INVALID (no such
 *   destination).
 */
async function deliver(
  { store, config, destinations, logger, clock }: DeliveryContext,
  name: string,
  requested: readonly DeliveryRow[],
  pathOf: (delivery: DeliveryRow) => string,
  run: JobContext,
  check: (destination: Destination) => void = () => undefined,
): Promise<void> {
  const { job, signal } = run;
  const pending = requested.filter(({ state }) => state !== 'delivered');
  if (pending.length === 0) return;
  const open = new Map<string, SendOutcome | null>(pending.map(({ SOPInstanceUID }) => [SOPInstanceUID, null]));
  const note = (SOPInstanceUID: string, state: DeliveryRow['state'], status: number | null, error: string | null) =>
    store.deliveries.note({ SOPInstanceUID, destination: name }, { state, status, error }, clock.now());
  const onOutcome = (outcome: SendOutcome) => {
    const { SOPInstanceUID, status, delivered } = outcome;
    if (!delivered) return void open.set(SOPInstanceUID, outcome);
    note(SOPInstanceUID, 'delivered', status, null);
    open.delete(SOPInstanceUID);
    run.setStage(`${pending.length - open.size} of ${pending.length} sent`);
  };
  try {
    const destination = destinations.find((candidate) => candidate.name === name);
    if (!destination) throw new PrioraError('CONFIG_INVALID', `mappings/destinations.yaml has no destination ${name}`);
    check(destination);
    const paths = pending.map(pathOf);
    await sendFiles({ destination, callingAETitle: config.dicom.aeTitle, paths, onOutcome, logger, signal });
    if (open.size > 0)
      throw new PrioraError('DESTINATION_REFUSED', `${name} did not accept ${open.size} of ${pending.length} objects`);
  } catch (thrown) {
    const error = asPrioraError(thrown);
    const policy = { ...defaultRetryPolicy, ...deliveryRetryPolicy(config) };
    // Stopping the node is not an attempt: the queue gets the job back as it was.
    const last =
      error.code !== 'CANCELLED' &&
      !retryDecision(error, { tries: job.attempts + 1, deadline: job.deadline }, clock.now(), policy).retry;
    const state = last ? 'failed' : 'pending';
    for (const [SOPInstanceUID, outcome] of open)
      note(SOPInstanceUID, state, outcome?.status ?? null, outcome?.reason ?? error.message);
    throw error;
  }
}
