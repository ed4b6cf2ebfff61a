/**
 * Ingest beside DCMTK's storescp, Orthanc and plain loops over the same files: `npm run build`, then
 * `npx tsx bench/ingest.ts [rounds] [one] [four] [nagle]` (default: 5 rounds, all three parts). Prints JSON.
 *
 * 192 MR slices of 131 kB (25 MB) are sent by storescu over one association, and over four at once, with TCP_NODELAY=1 for every
 * DCMTK process. A second part leaves DCMTK as it comes, Nagle on in sender and receivers, as many modalities are. Each receiver
 * starts afresh for each round and takes another series first, to warm up; the receivers take turns, and the medians are compared.
 * Times are those of storescu's own log, from the first request for an association to the last release.
 *
 * Only ours and the loops are durable, and only ours keeps an index that is. `loop` writes, syncs and renames each file;
 * `threeSyncs` also does what our order demands before each answer: folder sync, then append and sync in one more file. `sink` is a storescp
 * that keeps nothing, `bound` what a receiver of one association could do that costs no more than both. Ours is the
 * node as it ships (`priora serve` from dist/), told to wait with the analysis; its memory is that of the process that receives.
 * TMPDIR chooses the disk. On a shared machine each series waits, ten seconds at most, for a moment in which the rest of it leaves
 * seven eighths of the processors idle; `busyStarts` counts those that were sent without one, and says how much to believe.
 */
import { execFile, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { createServer } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { writeFile } from '../src/dicom/dicom-file.js';
import { SOPClass, TransferSyntax } from '../src/dicom/uid.js';
import { Association } from '../src/dimse/index.js';

const sliceCount = 192;
const size = 256;
const rounds = Number(process.argv[2] ?? 5);
const parts = process.argv.slice(3);
let busyStarts = 0;
const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'priora-ingest-'));
const nodelay = { ...process.env, TCP_NODELAY: '1' };
const warmUp = generateSeries(join(root, 'warm-up'), 1);
const files = generateSeries(join(root, 'series'), 2);
const nagle = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'TCP_NODELAY'));

interface Receiver {
  readonly process: ChildProcess;
  readonly port: number;
}

/** An MR series with the geometry and text a scanner writes, as files; `study` sets its UIDs apart. */
function generateSeries(folder: string, study: number): string[] {
  mkdirSync(folder);
  return Array.from({ length: sliceCount }, (_, index) => {
    const pixels = new Uint16Array(size * size);
    pixels.forEach((_, at) => (pixels[at] = (at * 31 + index * 17) % 2039));
    const path = join(folder, `${index}.dcm`);
    writeFileSync(
      path,
      writeFile({
        SpecificCharacterSet: 'ISO_IR 192',
        ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'ND'],
        SOPClassUID: SOPClass.MRImageStorage,
        SOPInstanceUID: `1.2.826.0.1.3680043.10.77.${study}.3.${index + 1}`,
        StudyDate: '20260105',
        AcquisitionDate: '20260105',
        StudyTime: '081500',
        AcquisitionTime: '082000',
        Modality: 'MR',
        Manufacturer: 'BENCH',
        StudyDescription: 'HEAD',
        SeriesDescription: 't1_mprage_sag_gd',
        PatientName: 'Bench^Patient',
        PatientID: 'BENCH1',
        StudyInstanceUID: `1.2.826.0.1.3680043.10.77.${study}.1`,
        SeriesInstanceUID: `1.2.826.0.1.3680043.10.77.${study}.2`,
        FrameOfReferenceUID: `1.2.826.0.1.3680043.10.77.${study}.4`,
        SeriesNumber: 3,
        InstanceNumber: index + 1,
        ImagePositionPatient: [-88 + index, -128, 128],
        ImageOrientationPatient: [0, 1, 0, 0, 0, -1],
        SliceThickness: 1,
        SamplesPerPixel: 1,
        PhotometricInterpretation: 'MONOCHROME2',
        Rows: size,
        Columns: size,
        PixelSpacing: [1, 1],
        BitsAllocated: 16,
        BitsStored: 12,
        HighBit: 11,
        PixelRepresentation: 0,
        PixelData: [pixels.buffer],
        _vrMap: { PixelData: 'OW' },
      }),
    );
    return path;
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

const request = (port: number) =>
  Association.request({
    host: '127.0.0.1',
    port,
    callingAETitle: 'BENCH',
    calledAETitle: 'PRIORA',
    presentationContexts: [
      { abstractSyntax: SOPClass.Verification, transferSyntaxes: [TransferSyntax.ImplicitVRLittleEndian] },
    ],
  });

/** Waits until a receiver answers C-ECHO. */
async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    try {
      const association = await request(port);
      await association.echo();
      await association.release();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`nothing answers on port ${port}`);
}

/** The real node; series wait for the analysis until long after the measurement. */
async function startPriora(folder: string): Promise<Receiver> {
  const configPath = join(folder, 'priora.yaml');
  const completeness = { settleSeconds: 3600, timerSeconds: 3600 };
  writeFileSync(configPath, JSON.stringify({ dataDir: 'data', logLevel: 'error', completeness, dicom: { port: 0 } }));
  const child = fork(resolve(import.meta.dirname, '../dist/main.js'), ['serve', '--config', configPath], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { process: child, port };
}

/** DCMTK's receiver; `output` says what becomes of what it gets. */
const storescp =
  (output: (folder: string) => string[]) =>
  async (folder: string, associations: number, env: NodeJS.ProcessEnv): Promise<Receiver> => {
    const port = await freePort();
    const options = [...(associations > 1 ? ['--fork'] : []), ...output(folder), String(port)];
    return { process: spawn('storescp', options, { env, stdio: 'ignore' }), port };
  };

async function startOrthanc(folder: string, _associations: number, env: NodeJS.ProcessEnv): Promise<Receiver> {
  const port = await freePort();
  const configuration = join(folder, 'orthanc.json');
  writeFileSync(
    configuration,
    JSON.stringify({
      StorageDirectory: join(folder, 'storage'),
      IndexDirectory: join(folder, 'storage'),
      DicomPort: port,
      DicomAet: 'PRIORA',
      HttpServerEnabled: false,
      DicomServerEnabled: true,
    }),
  );
  return { process: spawn('Orthanc', [configuration], { env, stdio: 'ignore' }), port };
}

/** Peak resident memory of a process so far, MB (Linux). */
function peakMb({ pid }: ChildProcess): number {
  const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(match?.[1] ?? 0) / 1024);
}

/** storescu's log with the time in front of each line, seconds since 1970. */
const logConfiguration = `log4cplus.rootLogger = INFO, console
log4cplus.appender.console = log4cplus::ConsoleAppender
log4cplus.appender.console.ImmediateFlush = true
log4cplus.appender.console.layout = log4cplus::PatternLayout
log4cplus.appender.console.layout.ConversionPattern = %D{%s.%q} %m%n
`;

/** Sends the series over `associations` at once; milliseconds from the first request to the last release. */
async function send(port: number, files: readonly string[], associations: number, env: NodeJS.ProcessEnv) {
  const share = files.length / associations;
  const logs = await Promise.all(
    Array.from({ length: associations }, (_, sender) => {
      const own = files.slice(sender * share, (sender + 1) * share);
      const options = ['-lc', join(root, 'log.cfg'), '-R', '-aec', 'PRIORA', '127.0.0.1', String(port)];
      return run('storescu', [...options, ...own], { env });
    }),
  );
  const at = (log: string, event: string) => Number(new RegExp(`^([0-9.]+) ${event}`, 'm').exec(log)![1]) * 1000;
  const answers = logs.map(({ stdout }) => stdout.match(/Received Store Response \(Success\)/g)?.length ?? 0);
  if (answers.reduce((sum, count) => sum + count, 0) !== files.length) throw new Error('not every slice was stored');
  const began = Math.min(...logs.map(({ stdout }) => at(stdout, 'Requesting Association')));
  return Math.max(...logs.map(({ stdout }) => at(stdout, 'Releasing Association'))) - began;
}

async function measure(
  start: (folder: string, associations: number, env: NodeJS.ProcessEnv) => Promise<Receiver>,
  associations: number,
  env: NodeJS.ProcessEnv,
) {
  const folder = mkdtempSync(join(root, 'receiver-'));
  const receiver = await start(folder, associations, env);
  try {
    await answering(receiver.port);
    await send(receiver.port, warmUp, associations, nodelay);
    await quietMoment();
    const ms = await send(receiver.port, files, associations, env);
    return { ms, peakMb: peakMb(receiver.process) };
  } finally {
    const ended = once(receiver.process, 'exit');
    receiver.process.kill();
    await ended;
    rmSync(folder, { recursive: true });
  }
}

/** Bytes that an instance adds to the index's log (SQLite WAL): 5 pages with their headers. */
const indexRecord = Buffer.alloc(5 * 4120, 1);

/** Writes, syncs and renames each file in turn; with `index` also what must be durable before an answer: folder and index. */
async function plainLoop(files: readonly Buffer[], index: boolean): Promise<number> {
  const folder = mkdtempSync(join(root, 'loop-'));
  const log = await open(join(root, 'loop.log'), 'w');
  const began = performance.now();
  for (const [number, bytes] of files.entries()) {
    const path = join(folder, `${number}.part`);
    const file = await open(path, 'wx');
    await file.write(bytes);
    await file.sync();
    await file.close();
    await rename(path, join(folder, `${number}.dcm`));
    if (!index) continue;
    const names = await open(folder, 'r');
    await names.sync();
    await names.close();
    await log.write(indexRecord);
    await log.datasync();
  }
  const ms = performance.now() - began;
  await log.close();
  rmSync(folder, { recursive: true });
  return ms;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];

const receivers = {
  priora: startPriora,
  storescp: storescp((folder) => ['-od', folder]),
  orthanc: startOrthanc,
  sink: storescp(() => ['--ignore']),
};
type Name = keyof typeof receivers;

/** Waits until the machine has done almost nothing for 200 ms (Linux). */
async function quietMoment(): Promise<void> {
  const times = () => {
    const all = cpus().map((cpu) => cpu.times);
    const idle = all.reduce((sum, time) => sum + time.idle, 0);
    return { idle, total: all.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idle) };
  };
  for (let tries = 0; tries < 50; tries++) {
    const before = times();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const after = times();
    if (after.idle - before.idle > (7 / 8) * (after.total - before.total)) return;
  }
  busyStarts++;
}

/** The receivers in turn, so that what else the machine does falls on each alike. */
async function compare(associations: number, env: NodeJS.ProcessEnv, times: number) {
  const seen: Record<Name, { ms: number; peakMb: number }[]> = { priora: [], storescp: [], orthanc: [], sink: [] };
  const loops = { loop: [] as number[], threeSyncs: [] as number[] };
  const contents = files.map((file) => readFileSync(file));
  for (let round = 0; round < times; round++) {
    for (const name of Object.keys(receivers) as Name[]) {
      seen[name].push(await measure(receivers[name], associations, env));
    }
    await quietMoment();
    loops.loop.push(await plainLoop(contents, false));
    await quietMoment();
    loops.threeSyncs.push(await plainLoop(contents, true));
  }
  const rate = (ms: number) => Math.round((sliceCount * 1000) / ms);
  const rates = Object.fromEntries(
    Object.entries(seen).map(([name, results]) => [
      name,
      { perSecond: rate(median(results.map(({ ms }) => ms))), peakMb: Math.max(...results.map((r) => r.peakMb)) },
    ]),
  ) as Record<Name, { perSecond: number; peakMb: number }>;
  const loop = rate(median(loops.loop));
  const threeSyncs = rate(median(loops.threeSyncs));
  const ratio = (other: number) => Number((rates.priora.perSecond / other).toFixed(2));
  // The sender waits for each answer, so with one association what it does cannot overlap the synchronisations before it.
  const bound = 1 / (1 / threeSyncs + 1 / rates.sink.perSecond);
  return {
    associations,
    ...rates,
    loop: { perSecond: loop },
    threeSyncs: { perSecond: threeSyncs },
    ...(associations === 1 && {
      bound: { perSecond: Math.round(bound), overOrthanc: Number((bound / rates.orthanc.perSecond).toFixed(2)) },
    }),
    prioraOver: {
      loop: ratio(loop),
      threeSyncs: ratio(threeSyncs),
      storescp: ratio(rates.storescp.perSecond),
      orthanc: ratio(rates.orthanc.perSecond),
    },
  };
}

try {
  writeFileSync(join(root, 'log.cfg'), logConfiguration);
  const bytes = files.reduce((sum, file) => sum + readFileSync(file).length, 0);
  const asked = (part: string) => parts.length === 0 || parts.includes(part);
  const result = {
    slices: sliceCount,
    megabytes: Number((bytes / 1e6).toFixed(1)),
    rounds,
    cores: cpus().length,
    ...(asked('one') && { one: await compare(1, nodelay, rounds) }),
    ...(asked('four') && { four: await compare(4, nodelay, rounds) }),
    ...(asked('nagle') && { nagle: await compare(1, nagle, Math.min(rounds, 2)) }),
    load: loadavg().map((load) => Number(load.toFixed(1))),
    busyStarts,
  };
  console.log(JSON.stringify(result, null, 2));
} finally {
  rmSync(root, { recursive: true, force: true });
}
