import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasCudaDriver } from '../../src/analysis/infer/provider.js';
import { recordingServer } from '../dimse/recording-server.js';
import { datasetOf, sliceFile } from '../dimse/slices.js';
import { configuration, modelsWith, priora, root, temporary } from './priora.js';

describe('usage', () => {
  it('--help names every command, the exit codes and the warning', async () => {
    const { code, stdout } = await priora('--help');
    expect(code).toBe(0);
    for (const name of [
      'serve',
      'analyse',
      'send',
      'explain',
      'phantom',
      'status',
      'retry',
      'release',
      'verify',
      'migrate',
    ])
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(stdout).toContain('3 nothing to do, 4 input rejected or on hold');
    expect(stdout).toContain('Not for use in diagnostic procedures');
  });

  it.each([
    ['an unknown command', ['analyze', '.'], "unknown command 'analyze'"],
    ['a misspelt option', ['analyse', '.', '--out', 'x', '--force-serie'], "unknown option '--force-serie'"],
    ['a missing option', ['analyse', '.'], "required option '--out <dir>' not specified"],
    [
      'a kind of object that there is not',
      ['analyse', '.', '--out', 'x', '--objects', 'SEG,SC'],
      '"SC" is none of SEG',
    ],
    ['a path that does not exist', ['analyse', 'nowhere', '--out', 'x'], 'nowhere does not exist'],
    ['a peer without a port', ['send', '.', '--to', 'pacs'], 'host:port is required'],
    ['a configuration that does not exist', ['status', '--config', 'nowhere.yaml'], 'nowhere.yaml'],
  ])('%s exits with 2 and is named', async (_, parameters, message) => {
    const { code, stdout, stderr } = await priora(...parameters);
    expect(stderr).toContain(message);
    expect([code, stdout]).toEqual([2, '']);
  });

  it.each(['serve', 'retry'])(
    '%s exits with 2 for a data folder that cannot be made, and names it',
    async (command) => {
      const dataDir = join(temporary('file'), 'file');
      writeFileSync(dataDir, 'no folder');
      const { code, stderr } = await priora(command, '--config', configuration({ dataDir, logLevel: 'silent' }).path);
      expect(stderr).toContain(
        `priora: dataDir: the folder ${dataDir} cannot be created or written (EEXIST)\nCONFIG_INVALID`,
      );
      expect(code).toBe(2);
    },
  );

  it('an --out that cannot be made does the same', async () => {
    const { code, stderr } = await priora('analyse', '.', '--out', '/proc/priora/out');
    expect(stderr).toContain('--out: the folder /proc/priora/out cannot be created or written (ENOENT)');
    expect(code).toBe(2);
  });

  it('a misspelt setting exits with 2 and is named with its place', async () => {
    const { path } = configuration({ dicom: { prot: 104 }, competeness: {} });
    const { code, stderr } = await priora('status', '--config', path);
    expect(stderr).toContain('"dicom.prot"');
    expect(stderr).toContain('"competeness"');
    expect(stderr).toContain('CONFIG_INVALID');
    expect(code).toBe(2);
  });

  it('so does one in a mapping file, before anything is started', async () => {
    const mappingsDir = join(temporary('mappings'), 'mappings');
    cpSync(join(root, 'mappings'), mappingsDir, { recursive: true });
    writeFileSync(
      join(mappingsDir, 'destinations.yaml'),
      'destinations: [{ name: a, hots: h, port: 1, calledAETitle: A }]',
    );
    const { code, stderr } = await priora('serve', '--config', configuration({ mappingsDir }).path);
    expect(stderr).toContain('destinations.yaml');
    expect(stderr).toContain('"destinations.0.hots"');
    expect(code).toBe(2);
  });
});

describe('serve does not start', () => {
  const garbled = () => {
    const folder = modelsWith({});
    const bytes = readFileSync(join(folder, 'm-sens.onnx'));
    writeFileSync(join(folder, 'm-sens.onnx'), bytes.fill(0, 100, 200));
    return folder;
  };
  it.each([
    [
      'with a model whose bytes are not the shipped ones',
      () => ({ modelsDir: garbled() }),
      'MODEL_INVALID',
      'm-sens.onnx has SHA-256',
    ],
    [
      'without models',
      () => ({ modelsDir: temporary('empty') }),
      'MODEL_INVALID',
      'must hold one model with the role sensitivity',
    ],
    [
      'with a manifest of another kind',
      () => ({ modelsDir: modelsWith({ treshold: 0.5 }) }),
      'MODEL_INVALID',
      'treshold',
    ],
  ])('%s, and says what to do', async (_, settings, code, message) => {
    const ended = await priora('serve', '--config', configuration({ ...settings(), dicom: { port: 0 } }).path);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).toContain(`${code}: The model or its manifest is not what was installed. Install it again.`);
    expect(ended.code).toBe(1);
  });

  it.skipIf(hasCudaDriver())('if CUDA is asked for and is not there', async () => {
    const { code, stderr } = await priora('serve', '--config', configuration({ inference: { provider: 'cuda' } }).path);
    expect(stderr).toContain('PROVIDER_UNAVAILABLE: CUDA was requested and cannot be used. See docs/gpu.md');
    expect(stderr).toContain('no CUDA driver on this machine');
    expect(code).toBe(1);
  });

  it('on a port that is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    const { code, stderr } = await priora('serve', '--config', configuration({ dicom: { port } }).path);
    taken.close();
    expect(stderr).toContain(String(port));
    expect(code).toBe(2);
  });
});

describe('send', () => {
  it('delivers a folder unchanged and leaves out whatever is not DICOM', async () => {
    const { port, received, server } = await recordingServer({ aeTitle: 'PACS' });
    const folder = temporary('send');
    const files = [1, 2].map((number) => sliceFile(folder, number));
    writeFileSync(join(folder, 'README'), 'no DICOM');
    const { code, stdout } = await priora('send', folder, '--to', `127.0.0.1:${port}`, '--called', 'PACS');
    await server.close();
    expect([code, stdout]).toEqual([0, '2 of 2 instances sent\n']);
    expect(received.map(({ dataset }) => dataset)).toEqual(files.map((file) => datasetOf(file).dataset));
    expect(received[0].request.association.callingAETitle).toBe('PRIORA_SEND');
  });

  it('exits with 1 and names what was refused', async () => {
    const { port, server } = await recordingServer({
      handler: () => ({
        write: () => undefined,
        abort: () => undefined,
        finish: () => Promise.resolve({ Status: 0xa700 }),
      }),
    });
    const { code, stdout, stderr } = await priora('send', sliceFile(temporary('send'), 7), '--to', `127.0.0.1:${port}`);
    await server.close();
    expect(stderr).toContain('1.2.826.0.1.3680043.10.99.7: answered with status 0xA700');
    expect([code, stdout]).toEqual([1, '0 of 1 instances sent\n']);
  });

  it('exits with 1 if nobody answers, and with 3 if there is nothing to send', async () => {
    const folder = temporary('send');
    const unsent = await priora('send', sliceFile(folder, 1), '--to', '127.0.0.1:1');
    expect(unsent.stderr).toContain('DESTINATION_UNREACHABLE');
    expect(unsent.code).toBe(1);
    mkdirSync(join(folder, 'empty'));
    expect((await priora('send', join(folder, 'empty'), '--to', '127.0.0.1:1')).code).toBe(3);
  });
});
