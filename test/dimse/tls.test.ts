import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { Association } from '../../src/dimse/association.js';
import { hasPeer, peerEnvironment } from '../peers.js';
import { associateRequest, RawPeer } from './raw-peer.js';
import { recordingServer, type RecordingServer } from './recording-server.js';
import { datasetOf, sliceFile, temporaryFolder } from './slices.js';

const run = promisify(execFile);

describe.skipIf(!hasPeer('openssl'))('TLS', () => {
  const folder = temporaryFolder();
  const file = (name: string) => join(folder, name);
  const pem = (name: string) => readFileSync(file(name));
  let node: RecordingServer;

  beforeAll(() => {
    for (const name of ['node', 'client', 'stranger']) {
      execFileSync(
        'openssl',
        // prettier-ignore
        ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
          '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
          '-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)],
        { stdio: 'ignore' },
      );
    }
  });

  afterEach(async () => {
    await node.server.close();
    expect(node.server.connections).toBe(0);
  });

  const start = async (ca?: string) =>
    (node = await recordingServer({
      artimTimeoutMs: 1000,
      tls: { key: pem('node.key'), cert: pem('node.crt'), ...(ca ? { ca: pem(ca) } : {}) },
    }));

  const request = (tls: object) =>
    Association.request({
      host: '127.0.0.1',
      port: node.port,
      callingAETitle: 'CLIENT',
      calledAETitle: 'PRIORA',
      presentationContexts: [
        { abstractSyntax: SOPClass.Verification, transferSyntaxes: [TransferSyntax.ImplicitVRLittleEndian] },
        { abstractSyntax: SOPClass.MRImageStorage, transferSyntaxes: [TransferSyntax.ExplicitVRLittleEndian] },
      ],
      tls,
    });

  it('carries an association of ours, data included', async () => {
    await start();
    const association = await request({ ca: pem('node.crt') });
    const slice = sliceFile(folder, 1, 512);
    const { dataset, transferSyntax } = datasetOf(slice);
    expect(await association.echo()).toMatchObject({ Status: 0 });
    const response = await association.store({
      SOPClassUID: SOPClass.MRImageStorage,
      SOPInstanceUID: '1.2.3',
      transferSyntax,
      dataset: [dataset],
    });
    expect(response.Status).toBe(0);
    await association.release();
    expect(node.received[0].dataset.equals(dataset)).toBe(true);
    expect(node.received[0].request.association.secure).toBe(true);
  });

  it('carries a storescu', async () => {
    await start('client.crt');
    const slice = sliceFile(folder, 2);
    await run(
      'storescu',
      // prettier-ignore
      ['+tls', file('client.key'), file('client.crt'), '+cf', file('node.crt'), '-aec', 'PRIORA', 'localhost', String(node.port), slice],
      { env: peerEnvironment },
    );
    await node.until(() => node.ends.length === 1);
    expect(node.received[0].dataset.equals(datasetOf(slice).dataset)).toBe(true);
  });

  it('does not talk to a server whose certificate it does not know', async () => {
    await start();
    await expect(request({ ca: pem('stranger.crt') })).rejects.toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
  });

  it('refuses a client without the certificate it demands', async () => {
    await start('client.crt');
    const refusedBefore = node.refused.length;
    for (const tls of [
      { ca: pem('node.crt') },
      { ca: pem('node.crt'), key: pem('stranger.key'), cert: pem('stranger.crt') },
    ]) {
      await expect(request(tls)).rejects.toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
    }
    await node.until(() => node.refused.length === refusedBefore + 2);
    const association = await request({ ca: pem('node.crt'), key: pem('client.key'), cert: pem('client.crt') });
    await association.release();
  });

  it('ends a client without TLS, whether it speaks or not, and serves others', async () => {
    await start();
    const speaking = await RawPeer.connect(node.port);
    speaking.send(associateRequest());
    const silent = await RawPeer.connect(node.port);
    const association = await request({ ca: pem('node.crt') });
    await node.until(() => node.refused.length === 2);
    expect(node.refused[0]).toMatch(/no TLS handshake/);
    expect(node.refused[1]).toMatch(/no TLS handshake: ERR_TLS_HANDSHAKE_TIMEOUT/);
    for (const { socket } of [speaking, silent]) {
      if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
    }
    expect(await association.echo()).toMatchObject({ Status: 0 });
    await association.release();
  });

  it('ends a silent client after the handshake by ARTIM', async () => {
    await start();
    const { connect } = await import('node:tls');
    const socket = connect({ host: '127.0.0.1', port: node.port, ca: pem('node.crt') });
    await new Promise((resolve) => socket.once('close', resolve).resume());
    await node.until(() => node.refused.length === 1);
    expect(node.refused[0]).toMatch(/ARTIM/);
  });
});
