import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { encodeFileMeta } from '../../../src/dicom/part10.js';
import { SOPClass, TransferSyntax } from '../../../src/dicom/uid.js';
import { verifyStorage } from '../../../src/node/operations/verify.js';
import { openStore } from '../../../src/store/store.js';
import { hasPeer, peerEnvironment } from '../../peers.js';
import { sliceDataset } from './instance.js';

const nodes: ChildProcess[] = [];
const end = () => nodes.splice(0).forEach((node) => node.kill('SIGKILL'));
afterEach(end);

const root = join(import.meta.dirname, '../../..');
const temporary = (name: string) => mkdtempSync(join(tmpdir(), `priora-${name}-`));

/** Starts `priora serve`, under `wrapper` if given, which must leave it this process's child; resolves with its port. */
async function start(dataDir: string, wrapper: string[] = []): Promise<{ port: number; node: ChildProcess }> {
  const config = join(temporary('config'), 'priora.yaml');
  const modelsDir = join(root, 'test/fixtures/models');
  writeFileSync(config, stringify({ dataDir, modelsDir, logLevel: 'silent', dicom: { port: 0 } }));
  const [command, ...rest] = [...wrapper, process.execPath, join(root, 'dist/main.js'), 'serve', '--config', config];
  const node = spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  nodes.push(node);
  const [{ port }] = (await once(node, 'message')) as [{ port: number }];
  return { port, node };
}

/** Slices 1 … count as files. */
function slices(count: number): string {
  const folder = temporary('slices');
  for (let number = 1; number <= count; number++) {
    const meta = {
      MediaStorageSOPClassUID: SOPClass.MRImageStorage,
      MediaStorageSOPInstanceUID: `1.2.3.1.1.${number}`,
      TransferSyntaxUID: TransferSyntax.ExplicitVRLittleEndian,
    };
    writeFileSync(join(folder, `${number}.dcm`), Buffer.concat([encodeFileMeta(meta), sliceDataset(number)]));
  }
  return folder;
}

/** Sends a folder with DCMTK's storescu; resolves with its exit code and what it said. */
function storescu(port: number, folder: string): Promise<{ code: number | null; text: string }> {
  const args = ['-v', '-xe', '+sd', '-aec', 'PRIORA', '127.0.0.1', String(port), folder];
  const child = spawn('storescu', args, { env: peerEnvironment, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  child.stderr.on('data', (data: Buffer) => (text += data.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, text })));
}

describe.skipIf(!hasPeer('strace') || !hasPeer('storescu'))('the order of work before Success', () => {
  it('is file sync, rename, folder sync, commit, and only then the answer', async () => {
    const dataDir = temporary('strace');
    const log = join(dataDir, 'strace.log');
    const calls = 'trace=mkdir,mkdirat,fsync,fdatasync,rename,renameat,renameat2,write,writev,sendto,sendmsg';
    const strace = ['strace', '-D', '-f', '--seccomp-bpf', '-yy', '-s', '128', '-x', '-e', calls, '-o', log];
    const { port } = await start(dataDir, strace);
    expect((await storescu(port, slices(2))).code).toBe(0);
    end();

    // From the second slice on nothing is the first of its kind (folders, tables). Calls that another thread's call
    // interrupts are two lines: what counts is when they end.
    const lines = readFileSync(log, 'latin1').split('\n');
    const folder = join(dataDir, 'instances/1.2.3.1/1.2.3.1.1');
    const begun = (call: string, path: string, from: number) =>
      lines.findIndex((line, at) => at > from && line.includes(path) && new RegExp(`\\b${call}\\(`).test(line));
    const finished = (start: number) => {
      if (!lines[start].includes('<unfinished')) return start;
      const thread = lines[start].split(' ')[0];
      return lines.findIndex(
        (line, index) => index > start && line.startsWith(`${thread} `) && line.includes('resumed'),
      );
    };
    const renamed = lines.findIndex((line) => /rename\w*\(/.test(line) && line.includes('1.2.3.1.1.2.dcm'));
    expect(renamed).toBeGreaterThan(0);
    const temporaryName = /incoming\/(\d+\.\d+\.part)/.exec(lines[renamed])![1];
    const fileSync = finished(begun('fsync', temporaryName, 0));
    const folderSync = begun('fsync', `<${folder}>`, renamed);
    const walSync = begun('f(?:data)?sync', 'priora.sqlite-wal', finished(folderSync));
    const answer = lines.findIndex(
      (line, index) => index > renamed && /(?:write|writev|sendto|sendmsg)\(\d+<TCP/.test(line),
    );
    expect(fileSync).toBeGreaterThan(0);
    expect(fileSync).toBeLessThan(renamed);
    expect(folderSync).toBeGreaterThan(renamed);
    expect(walSync).toBeGreaterThan(finished(folderSync));
    expect(answer).toBeGreaterThan(finished(walSync));

    // The names of the folders are durable before anything is received, also of the one for what will be quarantined.
    const received = begun('writev?', '/incoming/', 0);
    for (const name of ['instances', 'quarantine']) {
      const made = begun('mkdir(?:at)?', `"${join(dataDir, name)}"`, 0);
      const nameSync = begun('fsync', `<${dataDir}>`, made);
      expect(made).toBeGreaterThan(0);
      expect(nameSync).toBeGreaterThan(made);
      expect(finished(nameSync)).toBeLessThan(received);
    }
  });
});

describe.skipIf(!hasPeer('storescu'))('kill -9 while receiving', () => {
  it('loses nothing that was answered with Success, and leaves nothing half-written', async () => {
    const dataDir = temporary('kill');
    const folder = slices(60);
    const acknowledged = new Set<string>();
    for (const after of [4, 25]) {
      const { port, node } = await start(dataDir);
      const sending = storescu(port, folder);
      // Killed as soon as so many slices lie in their folder: in the midst of the next one.
      const stored = join(dataDir, 'instances/1.2.3.1/1.2.3.1.1');
      while (!existsSync(stored) || readdirSync(stored).length < after)
        await new Promise((resolve) => setImmediate(resolve));
      node.kill('SIGKILL');
      const { text } = await sending;
      const sent = text
        .split('Sending file: ')
        .filter((report) => report.includes('Received Store Response (Success)'));
      for (const report of sent) acknowledged.add(report.split(/\s/, 1)[0].split('/').at(-1)!.replace('.dcm', ''));
    }
    expect(acknowledged.size).toBeGreaterThan(0);
    const { port } = await start(dataDir);
    const store = openStore(join(dataDir, 'priora.sqlite'));
    for (const number of acknowledged) expect(store.instances.find(`1.2.3.1.1.${number}`)).toBeDefined();
    expect(readdirSync(join(dataDir, 'incoming'))).toEqual([]);
    expect((await storescu(port, folder)).code).toBe(0);
    expect(await verifyStorage(store, dataDir)).toMatchObject({ checked: 60, missing: [], altered: [], orphans: [] });
    expect(store.quarantine.count()).toBe(0);
    store.close();
  });
});
