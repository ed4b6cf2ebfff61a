/**
 * The ensemble over a brain, beside other ways to run the same networks: `npx tsx bench/inference.ts [--models FOLDER]
 * [--provider cpu|cuda|auto] [--tiles N]`. Prints JSON. The image is the template head, its own prior; the region its brain, whole and in parts.
 *
 * Useful work is brain voxels × multiply–adds a voxel of both networks (a multiply–add counts as two operations), nothing else. The
 * tiled rows run `N` tiles (default 4) of the 45³ → 27³ tiles over the brain's bounding box and scale the median up to all of them.
 * PyTorch (Debian's) runs networks of the same architecture with random weights: its time does not depend on them.
 */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { packageFolder } from '../src/core/software.js';
import { cutInput, pathInput } from '../src/infer/boxes.js';
import { Ensemble, type EnsembleOptions } from '../src/infer/ensemble.js';
import { loadModels, type Manifest } from '../src/infer/manifest.js';
import type { Provider } from '../src/infer/messages.js';
import { normalise } from '../src/prepare/normalise.js';
import { loadTemplate } from '../src/prepare/template.js';
import type { Vector3 } from '../src/volume/affine.js';
import { boundingBox } from '../src/volume/crop.js';
import type { LabelMap } from '../src/volume/volume.js';

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: join(packageFolder, 'models') },
    provider: { type: 'string', default: 'cpu' },
    tiles: { type: 'string', default: '4' },
  },
});
const models = await loadModels(resolve(values.models));
const manifests = [models.sensitivity.manifest, models.specificity.manifest];
const threads = availableParallelism();
const loadBefore = loadavg();

const template = await loadTemplate();
const region = template.brainMask;
const current = normalise(template.head, region, manifests[0].preprocessing);
const box = boundingBox(region)!;
const extent = box.last.map((last, axis) => last + 1 - box.first[axis]);
const voxelsOf = ({ voxels }: LabelMap) => {
  let count = 0;
  for (const value of voxels) count += Number(value > 0);
  return count;
};
const brain = voxelsOf(region);

/** Multiply–adds an output voxel of one network. */
function multiplyAdds({ widths, classifierWidths }: Manifest): number {
  const path = widths.reduce((sum, width, layer) => sum + 27 * (layer ? widths[layer - 1] : 1) * width, 0);
  const classifier = [4 * widths.at(-1)!, ...classifierWidths, 2];
  const pointwise = classifier.slice(1).reduce((sum, width, layer) => sum + classifier[layer] * width, 0);
  return 2 * path + path / 27 + path / 125 + pointwise;
}
const operations = manifests.reduce((sum, manifest) => sum + 2 * multiplyAdds(manifest), 0);
const rounded = (value: number) => Math.round(value * 100) / 100;
const row = (seconds: number, voxels = brain) => ({
  seconds: rounded(seconds),
  voxelsPerSecond: Math.round(voxels / seconds),
  usefulGflops: rounded((voxels * operations) / seconds / 1e9),
});
const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1];

const python = (script: string, ...more: string[]) =>
  execFileSync('/usr/bin/python3', ['-c', script, ...more], { maxBuffer: 2 ** 20, cwd: packageFolder });

/** 2048³ in 32-bit floating point, operations a second. */
async function gemm(): Promise<number> {
  const model = python(`
import sys
from onnx import TensorProto as T, helper as h
graph = h.make_graph([h.make_node('MatMul', ['x', 'x'], ['y'])], 'g', [h.make_tensor_value_info('x', T.FLOAT, [2048, 2048])],
                     [h.make_tensor_value_info('y', T.FLOAT, [2048, 2048])])
model = h.make_model(graph, opset_imports=[h.make_opsetid('', 13)])
model.ir_version = 7
sys.stdout.buffer.write(model.SerializeToString())`);
  const session = await InferenceSession.create(model, { executionProviders: ['cpu'], intraOpNumThreads: threads });
  const x = new Tensor(
    'float32',
    Float32Array.from({ length: 2048 ** 2 }, (_, n) => Math.sin(n)),
    [2048, 2048],
  );
  const times: number[] = [];
  for (let repetition = 0; repetition < 5; repetition++) {
    const began = performance.now();
    await session.run({ x });
    times.push((performance.now() - began) / 1000);
  }
  return (2 * 2048 ** 3) / median(times);
}

const tileEdge = 27;
const tilesInAll = extent.reduce((product, length) => product * Math.ceil(length / tileEdge), 1);

/** Seconds of one tile of both networks, whole graphs in ONNX Runtime with its defaults. */
async function plainOnnx(): Promise<number> {
  const sessions = await Promise.all(
    [models.sensitivity, models.specificity].map(({ path }) =>
      InferenceSession.create(path, { executionProviders: ['cpu'], intraOpNumThreads: threads }),
    ),
  );
  const size: Vector3 = [tileEdge, tileEdge, tileEdge];
  const start = box.first.map((first, axis) => Math.floor((first + extent[axis] / 2) / 15) * 15) as unknown as Vector3;
  const tensor = (step: number) => {
    const { first, count } = pathInput({ start, size }, step);
    return new Tensor('float32', cutInput(current, first, count, step), [1, 1, count[2], count[1], count[0]]);
  };
  const times: number[] = [];
  for (let tile = 0; tile <= Number(values.tiles); tile++) {
    const began = performance.now();
    const inputs = [tensor(1), tensor(3), tensor(5), tensor(1)];
    for (const [number, session] of sessions.entries())
      await session.run(Object.fromEntries(manifests[number].inputs.map((name, at) => [name, inputs[at]])));
    if (tile > 0) times.push((performance.now() - began) / 1000);
  }
  return median(times);
}

/** Seconds of one tile of both networks in PyTorch. */
function pytorch(): number {
  const answer = python(
    `
import json, statistics, sys, time
sys.path.insert(0, 'training')
import torch
from export_onnx import random_inputs
from model import NetworkConfig, build_network
shapes, threads, tiles = json.loads(sys.argv[1])
torch.set_num_threads(threads)
networks = [build_network(NetworkConfig(widths=w, classifier_widths=c)).eval() for w, c in shapes]
inputs = random_inputs((${tileEdge},) * 3, torch.Generator().manual_seed(1))
times = []
with torch.no_grad():
    for _ in range(tiles + 1):
        began = time.perf_counter()
        for network in networks:
            network(*inputs)
        times.append(time.perf_counter() - began)
print(statistics.median(times[1:]))`,
    JSON.stringify([manifests.map((m) => [m.widths, m.classifierWidths]), threads, Number(values.tiles)]),
  );
  return Number(answer.toString());
}

/** The part of the brain below a slice, so that it holds about this share of its voxels. */
function lowerPart(share: number): LabelMap {
  let left = Math.round(brain * share);
  return { ...region, voxels: Uint8Array.from(region.voxels, (value) => (value > 0 && left-- > 0 ? 1 : 0)) };
}

async function engine(options: Partial<EnsembleOptions>, shares: readonly number[]) {
  const provider = values.provider as Provider;
  const ensemble = await Ensemble.start(models, { provider, threads, memoryLimitMb: 3000, ...options });
  const rows: object[] = [];
  try {
    const small = lowerPart(0.02);
    await ensemble.run({ current, prior: current, region: small });
    for (const share of shares)
      for (const prior of share === 1 ? [current, null] : [current]) {
        const part = share === 1 ? region : lowerPart(share);
        const began = performance.now();
        await ensemble.run({ current, prior, region: part });
        const seconds = (performance.now() - began) / 1000;
        const voxels = voxelsOf(part);
        const residentMb = Math.round(ensemble.residentBytes / 1e6);
        rows.push({ case: prior ? 'follow-up' : 'first scan', voxels, ...row(seconds, voxels), residentMb });
      }
    return { ...ensemble.execution!, rows };
  } finally {
    ensemble.close();
  }
}

const ceiling = await gemm();
const tile = await plainOnnx();
const torchTile = pytorch();
const screened = await engine({}, [0.33, 0.67, 1]);
const exact = screened.screened ? await engine({ screen: 'never' }, [1]) : screened;
const share = (gflops: number) => rounded(gflops / (ceiling / 1e9));
const tiled = (seconds: number) => ({
  secondsPerTile: rounded(seconds),
  tiles: tilesInAll,
  ...row(seconds * tilesInAll),
  extrapolatedFrom: `median of ${values.tiles} tiles`,
});
console.log(
  JSON.stringify(
    {
      machine: `${cpus().length} × ${cpus()[0].model}, Node ${process.version}`,
      load: { before: loadBefore, after: loadavg() },
      models: manifests.map(({ name, version, sha256 }) => `${name} ${version} ${sha256.slice(0, 12)}`),
      brainVoxels: brain,
      boundingBoxVoxels: extent.reduce((product, length) => product * length, 1),
      multiplyAddsPerVoxel: operations / 2,
      gemmGflops: rounded(ceiling / 1e9),
      engine: screened,
      engineExact: exact,
      exactShareOfGemm: share((exact.rows.at(-2) as { usefulGflops: number }).usefulGflops),
      plainOnnx45: tiled(tile),
      pytorch45: tiled(torchTile),
    },
    null,
    2,
  ),
);
