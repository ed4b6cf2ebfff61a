/**
 * The only process that touches ONNX Runtime. `run()` holds its thread and sessions leak when reloaded, so this is a child
 * with one pair of sessions for life; `Ensemble` on the other side ends and replaces it.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { readFileSync } from 'node:fs';
import { cutInput, pathInput, type Tile } from './tiles.js';
import type { OnnxMessage, OnnxRequest, RunRequest, StartRequest } from './messages.js';
import type { Role } from './manifest.js';

const roles: readonly Role[] = ['sensitivity', 'specificity'];
let started: { request: StartRequest; sessions: Record<Role, InferenceSession> } | undefined;

const send = (message: OnnxMessage) => process.send!(message);

async function start(request: StartRequest): Promise<void> {
  const provider = request.provider === 'cpu' ? 'cpu' : cudaUsable() ? 'cuda' : 'cpu';
  if (request.provider === 'cuda' && provider === 'cpu') throw new Error('no CUDA device or driver on this machine');
  const open = (path: string) =>
    InferenceSession.create(path, {
      executionProviders: [provider],
      intraOpNumThreads: request.threads,
      // Sizes differ from layer to layer and from tile to tile; the arena reuses blocks without a plan made for one shape.
      enableCpuMemArena: true,
      enableMemPattern: false,
    });
  const sessions = {
    sensitivity: await open(request.models.sensitivity.path),
    specificity: await open(request.models.specificity.path),
  };
  // ONNX Runtime falls back to the CPU without a word when the CUDA provider cannot be loaded.
  const loaded =
    provider === 'cpu' || readFileSync('/proc/self/maps', 'utf8').includes('libonnxruntime_providers_cuda');
  if (!loaded && request.provider === 'cuda')
    throw new Error("ONNX Runtime's CUDA provider library could not be loaded");
  started = { request, sessions };
  send({ type: 'started', provider: loaded ? provider : 'cpu' });
}

/** A driver and a device are there; whether the provider library loads is seen after the session was made. */
function cudaUsable(): boolean {
  try {
    readFileSync('/proc/driver/nvidia/version');
    return true;
  } catch {
    return false;
  }
}

async function run(request: RunRequest): Promise<void> {
  if (!started) throw new Error('run before start');
  const { current, region, tiles } = request;
  const probabilities = {
    sensitivity: new Float32Array(current.voxels.length),
    specificity: new Float32Array(current.voxels.length),
  };
  for (const [index, tile] of tiles.entries()) {
    const inputs = tileInputs(tile, request);
    for (const role of roles) {
      const { manifest } = started.request.models[role];
      const feeds = Object.fromEntries(manifest.inputs.map((name, position) => [name, inputs[position]]));
      const output = (await started.sessions[role].run(feeds))[manifest.output];
      pasteOutput(probabilities[role], output.data as Float32Array, tile, region);
      output.dispose();
    }
    send({ type: 'progress', done: index + 1, total: tiles.length });
  }
  send({ type: 'done', probabilities, rssBytes: process.memoryUsage.rss() });
}

/** The tensors of one tile in the manifest's order: current, current ×3, current ×5, prior. */
function tileInputs(tile: Tile, { current, prior, missingPriorValue }: RunRequest): Tensor[] {
  const tensor = (step: number, image: RunRequest['prior']) => {
    const { first, count } = pathInput(tile, step);
    const voxels = image
      ? cutInput(image, first, count, step)
      : new Float32Array(count[0] * count[1] * count[2]).fill(missingPriorValue);
    return new Tensor('float32', voxels, [1, 1, count[2], count[1], count[0]]);
  };
  return [tensor(1, current), tensor(3, current), tensor(5, current), tensor(1, prior)];
}

/** Writes a tile's output into the whole image, inside the region only. */
function pasteOutput(
  target: Float32Array,
  output: Float32Array,
  { start, size }: Tile,
  region: RunRequest['region'],
): void {
  const [nx, ny, nz] = region.shape;
  for (let c = 0; c < size[2] && start[2] + c < nz; c++)
    for (let b = 0; b < size[1] && start[1] + b < ny; b++) {
      const row = nx * (start[1] + b + ny * (start[2] + c)) + start[0];
      const source = size[0] * (b + size[1] * c);
      for (let a = 0; a < size[0] && start[0] + a < nx; a++)
        if (region.voxels[row + a]) target[row + a] = output[source + a];
    }
}

process.on('message', (request: OnnxRequest) => {
  (request.type === 'start' ? start(request) : run(request)).catch((error: unknown) =>
    send({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => process.exit(0));
