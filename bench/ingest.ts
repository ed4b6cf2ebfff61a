/**
 * Ingest beside DCMTK's storescp, Orthanc and a plain loop that writes, syncs and renames the same files:
 * `npx tsx bench/ingest.ts [rounds]` (default 5). Prints JSON.
 *
 * 192 MR slices of 131 kB (25 MB) are sent by storescu over one association, and over four at once. A second part sends
 * them without TCP_NODELAY, as DCMTK and many modalities do by default. Each receiver starts afresh for each round, the
 * receivers take turns, and the medians are compared; times run from the first sender's start to the last one's end, so
 * that each holds the same start-up of storescu (`senderStartMs`).
 *
 * Only ours and the loop are durable: file sync, rename, folder sync, index commit before the answer.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { writeFile } from '../src/dicom/dataset.js';
import { SOPClass, TransferSyntax } from '../src/dicom/uid.js';
import { Association } from '../src/dimse/association.js';

const sliceCount = 192;
const size = 256;
const rounds = Number(process.argv[2] ?? 5);
const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'priora-ingest-'));
const nodelay = { ...process.env, TCP_NODELAY: '1' };
const nagle = { ...process.env, TCP_NODELAY: '0' };

interface Receiver {
  readonly process: ChildProcess;
  readonly port: number;
}

/** An MR series with the geometry and text a scanner writes, as files. */
function generateSeries(folder: string): string[] {
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
        SOPInstanceUID: `1.2.826.0.1.3680043.10.77.3.${index + 1}`,
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
        StudyInstanceUID: '1.2.826.0.1.3680043.10.77.1',
        SeriesInstanceUID: '1.2.826.0.1.3680043.10.77.2',
        FrameOfReferenceUID: '1.2.826.0.1.3680043.10.77.4',
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

async function startPriora(folder: string): Promise<Receiver> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', resolve(import.meta.dirname, '../test/receive/receiving-node.ts'), folder],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { process: child, port: Number(line.toString().split(' ')[0]) };
}

async function startStorescp(folder: string, associations: number): Promise<Receiver> {
  const port = await freePort();
  const options = [...(associations > 1 ? ['--fork'] : []), '-od', folder, String(port)];
  return { process: spawn('storescp', options, { env: nodelay, stdio: 'ignore' }), port };
}

async function startOrthanc(folder: string): Promise<Receiver> {
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
  return { process: spawn('Orthanc', [configuration], { env: nodelay, stdio: 'ignore' }), port };
}

/** Peak resident memory of a process so far, MB (Linux). */
function peakMb({ pid }: ChildProcess): number {
  const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(match?.[1] ?? 0) / 1024);
}

/** Sends the series over `associations` at once; milliseconds. */
async function send(port: number, files: readonly string[], associations: number, env: NodeJS.ProcessEnv) {
  const share = files.length / associations;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: associations }, (_, sender) =>
      run(
        'storescu',
        ['-R', '-aec', 'PRIORA', '127.0.0.1', String(port), ...files.slice(sender * share, (sender + 1) * share)],
        {
          env,
        },
      ),
    ),
  );
  return performance.now() - began;
}

async function measure(
  start: (folder: string, associations: number) => Promise<Receiver>,
  files: readonly string[],
  associations: number,
  env: NodeJS.ProcessEnv,
) {
  const folder = mkdtempSync(join(root, 'receiver-'));
  const receiver = await start(folder, associations);
  try {
    await answering(receiver.port);
    const ms = await send(receiver.port, files, associations, env);
    return { ms, peakMb: peakMb(receiver.process) };
  } finally {
    const ended = once(receiver.process, 'exit');
    receiver.process.kill();
    await ended;
    rmSync(folder, { recursive: true });
  }
}

/** Writes, syncs and renames each file in turn: what any receiver that keeps its promise has to do at least. */
async function plainLoop(files: readonly Buffer[]): Promise<number> {
  const folder = mkdtempSync(join(root, 'loop-'));
  const began = performance.now();
  for (const [index, bytes] of files.entries()) {
    const path = join(folder, `${index}.part`);
    const file = await open(path, 'wx');
    await file.write(bytes);
    await file.sync();
    await file.close();
    await rename(path, join(folder, `${index}.dcm`));
  }
  const ms = performance.now() - began;
  rmSync(folder, { recursive: true });
  return ms;
}

/** How long storescu takes to start, connect and leave without sending a slice: part of each time. */
async function senderStart(): Promise<number> {
  const folder = mkdtempSync(join(root, 'start-'));
  const receiver = await startStorescp(folder, 1);
  try {
    await answering(receiver.port);
    const began = performance.now();
    await run('echoscu', ['-aec', 'PRIORA', '127.0.0.1', String(receiver.port)], { env: nodelay });
    return performance.now() - began;
  } finally {
    receiver.process.kill();
    await once(receiver.process, 'exit');
  }
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];

const receivers = { priora: startPriora, storescp: startStorescp, orthanc: startOrthanc };
type Name = keyof typeof receivers;

/** The receivers in turn, so that what else the machine does falls on each alike. */
async function compare(files: readonly string[], associations: number, env: NodeJS.ProcessEnv, times: number) {
  const seen: Record<Name, { ms: number; peakMb: number }[]> = { priora: [], storescp: [], orthanc: [] };
  const loop: number[] = [];
  const contents = files.map((file) => readFileSync(file));
  for (let round = 0; round < times; round++) {
    for (const name of Object.keys(receivers) as Name[]) {
      seen[name].push(await measure(receivers[name], files, associations, env));
    }
    loop.push(await plainLoop(contents));
  }
  const rate = (ms: number) => Math.round((sliceCount * 1000) / ms);
  const rates = Object.fromEntries(
    Object.entries(seen).map(([name, results]) => [
      name,
      { perSecond: rate(median(results.map(({ ms }) => ms))), peakMb: Math.max(...results.map((r) => r.peakMb)) },
    ]),
  ) as Record<Name, { perSecond: number; peakMb: number }>;
  const loopPerSecond = rate(median(loop));
  const ratio = (other: number) => Number((rates.priora.perSecond / other).toFixed(2));
  return {
    associations,
    ...rates,
    loop: { perSecond: loopPerSecond },
    prioraOver: {
      loop: ratio(loopPerSecond),
      storescp: ratio(rates.storescp.perSecond),
      orthanc: ratio(rates.orthanc.perSecond),
    },
  };
}

try {
  const files = generateSeries(join(root, 'series'));
  const bytes = files.reduce((sum, file) => sum + readFileSync(file).length, 0);
  const result = {
    slices: sliceCount,
    megabytes: Number((bytes / 1e6).toFixed(1)),
    rounds,
    senderStartMs: Math.round(median([await senderStart(), await senderStart(), await senderStart()])),
    tcpNoDelay: [await compare(files, 1, nodelay, rounds), await compare(files, 4, nodelay, rounds)],
    nagle: await compare(files, 1, nagle, 1),
  };
  console.log(JSON.stringify(result, null, 2));
} finally {
  rmSync(root, { recursive: true, force: true });
}
