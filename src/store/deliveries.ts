import type { Database } from './database.js';

export type DeliveryState = 'pending' | 'delivered' | 'failed';

/** An instance on its way to a destination. */
export interface DeliveryRow {
  readonly SOPInstanceUID: string;
  readonly destination: string;
  /** Null for a forwarded original. */
  readonly caseKey: number | null;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Last DIMSE status the destination answered. */
  readonly status: number | null;
  readonly lastError: string | null;
  readonly createdAt: number;
  readonly deliveredAt: number | null;
}

export interface DeliveryTable {
  /**
   * Requests the delivery of an object, or of a forwarded original, to a destination. A known pair is left as it is.
   */
  request(delivery: { SOPInstanceUID: string; destination: string; caseKey: number | null }, now: number): void;
  find(SOPInstanceUID: string, destination: string): DeliveryRow | undefined;
  /** Records the end of one attempt. `status` is the DIMSE status answered, null if nothing was. */
  note(
    delivery: { SOPInstanceUID: string; destination: string },
    attempt: { state: DeliveryState; status: number | null; error: string | null },
    now: number,
  ): void;
  /** Pending deliveries of a destination, oldest first; those of one case if given. */
  pending(destination: string, options?: { caseKey?: number; limit?: number }): DeliveryRow[];
  ofCase(caseKey: number): DeliveryRow[];
  failed(limit?: number): DeliveryRow[];
  /** Makes failed deliveries pending again (`priora retry`); returns how many. */
  retry(destination?: string): number;
}

export function deliveryTable(database: Database): DeliveryTable {
  const request = database.prepare(
    `INSERT INTO deliveries (SOPInstanceUID, destination, caseKey, state, createdAt)
     VALUES (:SOPInstanceUID, :destination, :caseKey, 'pending', :now) ON CONFLICT DO NOTHING`,
  );
  const find = database.prepare<DeliveryRow>(
    'SELECT * FROM deliveries WHERE SOPInstanceUID = :SOPInstanceUID AND destination = :destination',
  );
  const note = database.prepare(
    `UPDATE deliveries SET state = :state, status = :status, lastError = :error, attempts = attempts + 1,
       deliveredAt = CASE :state WHEN 'delivered' THEN :now END
     WHERE SOPInstanceUID = :SOPInstanceUID AND destination = :destination`,
  );
  const pending = database.prepare<DeliveryRow>(
    `SELECT * FROM deliveries WHERE state <> 'delivered' AND state = 'pending' AND destination = :destination
       AND (:caseKey IS NULL OR caseKey = :caseKey)
     ORDER BY createdAt, SOPInstanceUID LIMIT :limit`,
  );
  const ofCase = database.prepare<DeliveryRow>(
    'SELECT * FROM deliveries WHERE caseKey = :caseKey ORDER BY destination, SOPInstanceUID',
  );
  const failed = database.prepare<DeliveryRow>(
    "SELECT * FROM deliveries WHERE state <> 'delivered' AND state = 'failed' ORDER BY createdAt LIMIT :limit",
  );
  const retry = database.prepare(
    `UPDATE deliveries SET state = 'pending' WHERE state <> 'delivered' AND state = 'failed'
       AND (:destination IS NULL OR destination = :destination)`,
  );
  return {
    request: (delivery, now) => void request.run({ ...delivery, now }),
    find: (SOPInstanceUID, destination) => find.get({ SOPInstanceUID, destination }),
    note: (delivery, attempt, now) =>
      void note.run({
        SOPInstanceUID: delivery.SOPInstanceUID,
        destination: delivery.destination,
        state: attempt.state,
        status: attempt.status,
        error: attempt.error,
        now,
      }),
    pending: (destination, { caseKey, limit } = {}) =>
      pending.all({ destination, caseKey: caseKey ?? null, limit: limit ?? 1000 }),
    ofCase: (caseKey) => ofCase.all({ caseKey }),
    failed: (limit = 1000) => failed.all({ limit }),
    retry: (destination) => retry.run({ destination: destination ?? null }).changes,
  };
}
