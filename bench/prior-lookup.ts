/**
 * How long the search for a prior takes in a large index: `npx tsx bench/prior-lookup.ts [series]` (default 10 million,
 * some 4 GB in a temporary folder). Prints JSON. Ten studies a patient, one assembled series each. Beside the slowest lookups
 * stands what befell the process meanwhile: times it was put off the processor, blocks it had to read from the disk, and
 * its own processor time.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPrior } from '../src/analysis/match/find-prior.js';
import type { SeriesRow } from '../src/store/store.js';
import { priorsSQL } from '../src/store/series.js';
import { openStore } from '../src/store/store.js';

const seriesCount = Number(process.argv[2] ?? 10_000_000);
const studiesPerPatient = 10;
const patients = Math.ceil(seriesCount / studiesPerPatient);
const lookups = 20_000;
const day = 86_400_000;
const rules = { maximumAgeDays: 730, minimumIntervalHours: 12 };

const folder = mkdtempSync(join(tmpdir(), 'priora-bench-'));
try {
  const path = join(folder, 'priora.sqlite');
  const store = openStore(path);
  const { database } = store;
  // The filling is no measurement: it may be lost, and may take memory.
  database.execute('PRAGMA synchronous = OFF; PRAGMA cache_size = -600000');
  const began = performance.now();
  const count = (n: number) =>
    `WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < ${n - 1})`;
  const uid = (root: number, n: string) => `'1.2.826.0.1.3680043.10.1099.${root}.' || printf('%012d', ${n})`;
  database.transaction(() => {
    database.execute(`${count(patients)} INSERT INTO patients (patientKey, IssuerOfPatientID, PatientID)
      SELECT n + 1, 'HOSPITAL', printf('%09d', n) FROM number`);
    database.execute(`${count(seriesCount)} INSERT INTO studies (studyKey, StudyInstanceUID, patientKey, receivedAt)
      SELECT n + 1, ${uid(1, 'n')}, n % ${patients} + 1, n FROM number`);
    database.execute(`${count(seriesCount)}
      INSERT INTO series (seriesKey, SeriesInstanceUID, studyKey, patientKey, Modality, SeriesDescription, acquiredAt,
        acquiredAtSource, callingAETitle, origin, firstInstanceAt, lastInstanceAt, state)
      SELECT n + 1, ${uid(2, 'n')}, n + 1, n % ${patients} + 1, 'MR', 't1 mprage gd', (n / ${patients} + 1) * ${35 * day},
        'AcquisitionDateTime', 'MR1', 'received', n, n, 'assembled' FROM number`);
  });
  database.execute('PRAGMA synchronous = FULL; PRAGMA cache_size = -32000');
  const filledSeconds = (performance.now() - began) / 1000;

  // xorshift32: the same patients in every run, near each other in no index.
  let state = 12345;
  const next = (below: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const durations = new Float64Array(lookups);
  const slowest: { ms: number; cpuMs: number; putOff: number; blocksRead: number }[] = [];
  let worstCpuMs = 0;
  let found = 0;
  for (let index = 0; index < lookups; index++) {
    const patientKey = next(patients) + 1;
    const study = next(studiesPerPatient);
    const current = {
      patientKey,
      acquiredAt: (study + 1) * 35 * day,
      StudyInstanceUID: `1.2.826.0.1.3680043.10.1099.1.${String(study * patients + patientKey - 1).padStart(12, '0')}`,
    } as SeriesRow;
    const before = process.resourceUsage();
    const start = performance.now();
    if (findPrior(store, current, rules)) found++;
    durations[index] = performance.now() - start;
    const after = process.resourceUsage();
    const spent = (usage: NodeJS.ResourceUsage) => usage.userCPUTime + usage.systemCPUTime;
    const cpuMs = (spent(after) - spent(before)) / 1000;
    worstCpuMs = Math.max(worstCpuMs, cpuMs);
    slowest.push({
      ms: Number(durations[index].toFixed(3)),
      cpuMs,
      putOff: after.involuntaryContextSwitches - before.involuntaryContextSwitches,
      blocksRead: after.fsRead - before.fsRead,
    });
    if (slowest.length > 1000) slowest.sort((a, b) => b.ms - a.ms).splice(10);
  }
  durations.sort();
  slowest.sort((a, b) => b.ms - a.ms).splice(10);
  const percentile = (part: number) => Number(durations[Math.floor(part * (lookups - 1))].toFixed(4));
  const plan = database
    .prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${priorsSQL}`)
    .all({ patientKey: 1, before: 1, notBefore: 0, exceptStudyInstanceUID: '', limit: 1 })
    .map(({ detail }) => detail);
  console.log(
    JSON.stringify(
      {
        bench: 'prior-lookup',
        series: seriesCount,
        patients,
        lookups,
        priorsFound: found,
        databaseMB: Math.round(statSync(path).size / 1e6),
        filledSeconds: Number(filledSeconds.toFixed(1)),
        lookupMs: { median: percentile(0.5), p99: percentile(0.99), p999: percentile(0.999), worst: percentile(1) },
        worstCpuMs,
        slowest,
        plan,
      },
      null,
      2,
    ),
  );
  store.close();
} finally {
  rmSync(folder, { recursive: true });
}
