/**
 * The ensemble over a brain, beside other ways to run the same networks: `npx tsx bench/inference.ts [row …] [--models FOLDER]
 * [--case FOLDER] [--provider cpu|cuda|auto] [--screen validated|always|never] [--share N] [--tiles N]`. Prints JSON.
 *
 * Rows (default all): `engine` a follow-up and a first scan; `linear` follow-ups over a third, two thirds and the whole of the brain; `exact`
 * the exact networks everywhere, on the lowest `share` of the brain (default 1) and scaled up to all of it; `plain` whole graphs in ONNX Runtime and
 * `pytorch` (Debian's; random weights, its time does not depend on them), both in 45³ → 27³ tiles over the brain's bounding box, the median of
 * N tiles (default 4) scaled up to all of them. The ceiling, a 2048³ GEMM, is measured before and after.
 *
 * Useful work is brain voxels × multiply–adds a voxel of both networks (a multiply–add counts as two operations), nothing else. `case` is a time
 * point in the training layout; by default the image is the template head, its own prior. `training/export/widened_models.py` makes a pair of the
 * authors' size for `--models`.
 */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import '../src/analysis/infer/no-telemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { packageFolder } from '../src/core/software.js';
import { cutInput, pathInput } from '../src/analysis/infer/boxes.js';
import { Ensemble, type EnsembleInput } from '../src/analysis/infer/ensemble.js';
import { loadModels, type Manifest } from '../src/analysis/infer/manifest.js';
import type { Provider, ScreenUse } from '../src/analysis/infer/messages.js';
import { normalise } from '../src/analysis/prepare/normalise.js';
import { loadTemplate } from '../src/analysis/prepare/template.js';
import type { Vector3 } from '../src/imaging/affine.js';
import { boundingBox } from '../src/imaging/crop.js';
import { maskWhere, type LabelMap } from '../src/imaging/volume.js';
import { readTimePoint } from '../scripts/training-time-point.js';

const { values, positionals } = parseArgs({
  options: {
    models: { type: 'string', default: join(packageFolder, 'models') },
    case: { type: 'string' },
    provider: { type: 'string', default: 'cpu' },
    screen: { type: 'string', default: 'validated' },
    share: { type: 'string', default: '1' },
    tiles: { type: 'string', default: '4' },
  },
  allowPositionals: true,
});
const rowNames = ['engine', 'linear', 'exact', 'plain', 'pytorch'] as const;
type RowName = (typeof rowNames)[number];
const unknown = positionals.filter((name) => !rowNames.includes(name as RowName));
if (unknown.length > 0) throw new Error(`no such rows: ${unknown.join(' ')}; there are ${rowNames.join(' ')}`);
const wanted = (name: RowName) => positionals.length === 0 || positionals.includes(name);
const models = await loadModels(resolve(values.models));
const manifests = [models.sensitivity.manifest, models.specificity.manifest];
const threads = availableParallelism();
const loadBefore = loadavg();

const { current, prior, region } = await (values.case
  ? readTimePoint(resolve(values.case), manifests[0].preprocessing)
  : templateHead());
const box = boundingBox(region)!;
const extent = box.last.map((last, axis) => last + 1 - box.first[axis]);
const voxelsOf = ({ voxels }: LabelMap) => {
  let count = 0;
  for (const value of voxels) count += Number(value > 0);
  return count;
};
const brain = voxelsOf(region);

async function templateHead(): Promise<EnsembleInput> {
  const template = await loadTemplate();
  const head = normalise(template.head, template.brainMask, manifests[0].preprocessing);
  return { current: head, prior: head, region: template.brainMask };
}

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

/** What `training/network/` builds a model's network from; imported and random ones say no more than their widths. */
function networkConfig({ training, widths, classifierWidths }: Manifest): unknown {
  const { config } = training as { config?: { network?: unknown } };
  return config?.network ?? { widths, classifier_widths: classifierWidths };
}

/** Seconds of one tile of both networks in PyTorch; how long it takes does not depend on their variables. */
function pytorch(): number {
  const answer = python(
    `
import json, statistics, sys, time
sys.path.insert(0, '.')
import torch
from training.export.write_model import random_inputs
from training.network.build import build_network
from training.network.config import NetworkConfig
configs, threads, tiles = json.loads(sys.argv[1])
torch.set_num_threads(threads)
networks = [build_network(NetworkConfig.from_dict(c)).eval() for c in configs]
inputs = random_inputs((${tileEdge},) * 3, torch.Generator().manual_seed(1))
times = []
with torch.no_grad():
    for _ in range(tiles + 1):
        began = time.perf_counter()
        for network in networks:
            network(*inputs)
        times.append(time.perf_counter() - began)
print(statistics.median(times[1:]))`,
    JSON.stringify([manifests.map(networkConfig), threads, Number(values.tiles)]),
  );
  return Number(answer.toString());
}

/** The part of the brain below a slice, so that it holds about this share of its voxels. */
function lowerPart(share: number): LabelMap {
  let left = Math.round(brain * share);
  return maskWhere(region, (value) => value > 0 && left-- > 0);
}

/** Follow-ups and first scans with the engine; `shares` of the brain. */
async function engine(screen: ScreenUse, shares: readonly number[], cases: readonly ('follow-up' | 'first scan')[]) {
  const provider = values.provider as Provider;
  const ensemble = await Ensemble.start(models, { provider, threads, memoryLimitMb: 3000, screen });
  const rows: object[] = [];
  try {
    await ensemble.run({ current, prior, region: lowerPart(0.02) });
    for (const share of shares)
      for (const name of cases) {
        const part = share === 1 ? region : lowerPart(share);
        const began = performance.now();
        await ensemble.run({ current, prior: name === 'follow-up' ? prior : null, region: part });
        const seconds = (performance.now() - began) / 1000;
        const voxels = voxelsOf(part);
        const residentMb = Math.round(ensemble.residentBytes / 1e6);
        const { exactVoxels } = ensemble;
        rows.push({ case: name, voxels, exactVoxels, ...row(seconds, voxels), residentMb });
      }
    return { ...ensemble.execution!, rows };
  } finally {
    ensemble.close();
  }
}

const tiled = (secondsPerTile: number) => ({
  secondsPerTile: rounded(secondsPerTile),
  tiles: tilesInAll,
  ...row(secondsPerTile * tilesInAll),
  extrapolatedFrom: `median of ${values.tiles} tiles`,
});
const screenUse = values.screen as ScreenUse;
const share = Number(values.share);
const rows: Record<string, () => Promise<object>> = {
  engine: () => engine(screenUse, [1], ['follow-up', 'first scan']),
  linear: () => engine(screenUse, [1 / 3, 2 / 3, 1], ['follow-up']),
  exact: async () => {
    const part = await engine('never', [share], ['follow-up']);
    const { seconds } = part.rows[0] as { seconds: number };
    return share === 1 ? part : { ...part, wholeBrainExtrapolated: row(seconds / share) };
  },
  plain: async () => tiled(await plainOnnx()),
  pytorch: () => Promise.resolve(tiled(pytorch())),
};
const before = await gemm();
const measured: Record<string, object> = {};
for (const name of rowNames) if (wanted(name)) measured[name] = await rows[name]();
const after = await gemm();
console.log(
  JSON.stringify(
    {
      machine: `${cpus().length} × ${cpus()[0].model}, Node ${process.version}`,
      load: { before: loadBefore, after: loadavg() },
      models: manifests.map(({ name, version, sha256 }) => `${name} ${version} ${sha256.slice(0, 12)}`),
      brainVoxels: brain,
      boundingBoxVoxels: extent.reduce((product, length) => product * length, 1),
      multiplyAddsPerVoxel: operations / 2,
      gemmGflops: { before: rounded(before / 1e9), after: rounded(after / 1e9) },
      ...measured,
    },
    null,
    2,
  ),
);
