import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../processes.js';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** An Orthanc with DICOMweb on loopback, filled over its REST interface. */
export class Orthanc {
  private constructor(
    readonly url: string,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  /** @throws Error when it ends instead of answering. */
  static async start(): Promise<Orthanc> {
    const folder = mkdtempSync(join(tmpdir(), 'priora-orthanc-'));
    const HttpPort = await freePort();
    const configuration = join(folder, 'orthanc.json');
    writeFileSync(
      configuration,
      JSON.stringify({
        StorageDirectory: join(folder, 'storage'),
        IndexDirectory: join(folder, 'storage'),
        HttpPort,
        DicomServerEnabled: false,
        AuthenticationEnabled: false,
        Plugins: ['/usr/share/orthanc/plugins'],
        DicomWeb: { Enable: true, Root: '/dicom-web/' },
      }),
    );
    const child = spawn('Orthanc', [configuration], { stdio: 'ignore' });
    const url = `http://127.0.0.1:${HttpPort}`;
    const orthanc = new Orthanc(url, child, folder);
    const answers = () => fetch(`${url}/dicom-web/studies`).then(({ ok }) => ok, () => false); // prettier-ignore
    await until(async () => child.exitCode !== null || (await answers()));
    if (child.exitCode !== null) throw new Error(`Orthanc ended with ${child.exitCode}`);
    return orthanc;
  }

  async store(instances: readonly Buffer[]): Promise<void> {
    for (const body of instances) {
      const response = await fetch(`${this.url}/instances`, { method: 'POST', body: new Uint8Array(body) });
      if (!response.ok) throw new Error(`Orthanc refuses an instance: ${await response.text()}`);
    }
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null) {
      this.process.kill();
      await once(this.process, 'exit');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
