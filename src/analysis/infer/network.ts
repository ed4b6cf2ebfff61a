import './no-telemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Vector3 } from '../../imaging/affine.js';
import type { LabelMap, NetworkImage } from '../../imaging/volume.js';
import { cutInput, haloVoxels, inputVoxels, latticeVoxels, pathInput, pathWork, type Box } from './boxes.js';
import type { Part } from './manifest.js';
import type { NetworkShape } from './network-shape.js';
import { planBoxes } from './plan-boxes.js';

/** The input from which a network computes a voxel. */
export interface NetworkInput {
  readonly current: NetworkImage;
  /** Null: no prior, and the network sees `missingPriorValue` everywhere. */
  readonly prior: NetworkImage | null;
  readonly missingPriorValue: number;
}

const factors = [3, 5] as const;

/** Boxes for the low-resolution paths and for the others. */
export interface Plan {
  readonly context: readonly Box[];
  readonly detail: readonly Box[];
}

/** Plans of regions that are still in use, by shape of network and memory. */
const plans = new WeakMap<LabelMap, Map<string, Plan>>();

/** The parts of a network (`training/export/parts.py`) in ONNX Runtime: it turns images into probabilities. */
export class Network {
  private readonly constantPriors = new Map<number, Tensor>();

  private constructor(
    private readonly shape: NetworkShape,
    private readonly sessions: Readonly<Record<Part, InferenceSession>>,
  ) {}

  static async open(
    paths: Readonly<Record<Part, string>>,
    shape: NetworkShape,
    { provider, threads }: { readonly provider: 'cpu' | 'cuda'; readonly threads: number },
  ): Promise<Network> {
    const options: InferenceSession.SessionOptions = {
      executionProviders: [provider],
      intraOpNumThreads: threads,
      // The arena of each session would keep its own peak; one heap of the process serves all (`heapEnvironment` of the
      // ensemble).
      enableCpuMemArena: false,
      enableMemPattern: false,
    };
    const open = (part: Part) => InferenceSession.create(paths[part], options);
    return new Network(shape, {
      context: await open('context'),
      prior: await open('prior'),
      detail: await open('detail'),
    });
  }

  /**
   * The boxes in which `region` is computed; `region` must not change afterwards. They are planned once for all
   * networks of one shape.
   */
  plan(region: LabelMap, memoryBytes: number): Plan {
    const planned = plans.get(region) ?? new Map<string, Plan>();
    plans.set(region, planned);
    const key = JSON.stringify([this.shape, memoryBytes]);
    const plan = planned.get(key) ?? this.newPlan(region, memoryBytes);
    planned.set(key, plan);
    return plan;
  }

  private newPlan(region: LabelMap, memoryBytes: number): Plan {
    const { block, widths, bytesPerVoxel } = this.shape;
    const fits = (size: Vector3) => inputVoxels(size) * bytesPerVoxel <= memoryBytes;
    const edge = latticeVoxels * block;
    return {
      context: planBoxes(region, {
        startStep: [latticeVoxels, latticeVoxels, latticeVoxels],
        sizeStep: [edge, edge, latticeVoxels],
        cost: (size) => factors.reduce((sum, factor) => sum + pathWork(coarse(size, factor), widths), boxOverhead),
        fits: (size) => fits(coarse(size, 3)),
      }),
      detail: planBoxes(region, {
        startStep: [1, 1, 1],
        sizeStep: [block, block, 1],
        cost: (size) => this.work(size),
        fits,
      }),
    };
  }

  /**
   * The probability at each voxel of `region`, zero elsewhere. The choice of boxes makes no difference to the result.
   *
   * @param plan boxes of {@link plan} for this region.
   * @param onProgress called after every box with the fraction of the work done.
   */
  async probabilities(
    input: NetworkInput,
    region: LabelMap,
    plan: Plan,
    onProgress: (fraction: number) => void = () => undefined,
  ): Promise<Float32Array> {
    const probability = new Float32Array(region.voxels.length);
    if (plan.detail.length === 0) return probability;
    const context = await this.context(input.current, plan.context);
    const total = plan.detail.reduce((sum, { size }) => sum + this.work(size), 0);
    let done = 0;
    for (const box of plan.detail) {
      const features = input.prior
        ? await this.priorFeatures(input.prior, box)
        : await this.constantPrior(input.missingPriorValue);
      const output = await this.sessions.detail.run({
        current: this.blocked(cutInput(input.current, ...fullResolution(box), 1), inputSize(box)),
        prior_features: features,
        ...context.feeds(box, this.shape.block),
      });
      paste(probability, output.probability.data as Float32Array, box, region);
      done += this.work(box.size);
      onProgress(done / total);
    }
    return probability;
  }

  /** Cost of a box, in the unit of {@link pathWork}. */
  private readonly work = (size: Vector3) => pathWork(size, this.shape.widths) + boxOverhead;

  /** Features of the low-resolution paths wherever a box may need them. */
  private async context(current: NetworkImage, boxes: readonly Box[]): Promise<Context> {
    const context = new Context(boxes);
    for (const box of boxes) {
      const inputs = factors.map((factor) => {
        const { first, count } = pathInput(box, factor);
        return this.blocked(cutInput(current, first, count, factor), count);
      });
      const output = await this.sessions.context.run({ current_by3: inputs[0], current_by5: inputs[1] });
      context.put(box, 3, output.context_by3);
      context.put(box, 5, output.context_by5);
    }
    return context;
  }

  private async priorFeatures(prior: NetworkImage, box: Box): Promise<Tensor> {
    const voxels = cutInput(prior, ...fullResolution(box), 1);
    return (await this.sessions.prior.run({ prior: this.blocked(voxels, inputSize(box)) })).prior_features;
  }

  /** What the prior path makes of a constant: it is the same everywhere, so the smallest input gives it. */
  private async constantPrior(value: number): Promise<Tensor> {
    let features = this.constantPriors.get(value);
    if (!features) {
      const size: Vector3 = [this.shape.block + 2 * haloVoxels, this.shape.block + 2 * haloVoxels, 1 + 2 * haloVoxels];
      const voxels = new Float32Array(size[0] * size[1] * size[2]).fill(value);
      features = (await this.sessions.prior.run({ prior: this.blocked(voxels, size) })).prior_features;
      this.constantPriors.set(value, features);
    }
    return features;
  }

  private blocked(voxels: Float32Array, size: Vector3): Tensor {
    return new Tensor('float32', voxels, blockedShape(size, this.shape.block));
  }
}

/** Work of starting a box, in units of {@link pathWork}: about a millisecond. */
const boxOverhead = 1e7;

const coarse = (size: Vector3, factor: number) => size.map((edge) => edge / factor) as unknown as Vector3;
const inputSize = (box: Box) => box.size.map((edge) => edge + 2 * haloVoxels) as unknown as Vector3;
const fullResolution = (box: Box): [Vector3, Vector3] => [pathInput(box, 1).first, inputSize(box)];

/** [k, j / b, b, i / b, b] of `size` voxels. */
const blockedShape = ([i, j, k]: Vector3, block: number) => [k, j / block, block, i / block, block];

/** Low-resolution features on the box around all context boxes: a row of channels for each block of 3 or 5 voxels. */
class Context {
  private readonly start: Vector3;
  private readonly size: Vector3;
  private readonly features: Record<3 | 5, { data: Float32Array | Uint8Array; channels: number } | null> = {
    3: null,
    5: null,
  };

  constructor(boxes: readonly Box[]) {
    this.start = [0, 1, 2].map((axis) => Math.min(...boxes.map((b) => b.start[axis]))) as unknown as Vector3;
    this.size = this.start.map(
      (from, axis) => Math.max(...boxes.map((b) => b.start[axis] + b.size[axis])) - from,
    ) as unknown as Vector3;
  }

  put(box: Box, factor: 3 | 5, tensor: Tensor): void {
    const source = tensor.data as Float32Array | Uint8Array;
    const channels = tensor.dims[1];
    const [ni, nj, nk] = this.size.map((edge) => edge / factor);
    const target = (this.features[factor] ??= {
      data:
        source instanceof Uint8Array
          ? new Uint8Array(ni * nj * nk * channels)
          : new Float32Array(ni * nj * nk * channels),
      channels,
    }).data;
    const [oi, oj, ok] = box.start.map((from, axis) => (from - this.start[axis]) / factor);
    const [bi, bj, bk] = box.size.map((edge) => edge / factor);
    for (let k = 0; k < bk; k++)
      for (let j = 0; j < bj; j++) {
        const from = bi * (j + bj * k) * channels;
        target.set(source.subarray(from, from + bi * channels), (oi + ni * (oj + j + nj * (ok + k))) * channels);
      }
  }

  /** The features, and for each voxel of `box` the row it takes from them. */
  feeds(box: Box, block: number): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {};
    for (const factor of factors) {
      const { data, channels } = this.features[factor]!;
      const rows = [data.length / channels, channels];
      feeds[`context_by${factor}`] =
        data instanceof Uint8Array ? new Tensor('uint8', data, rows) : new Tensor('float32', data, rows);
      const count = this.size.map((edge) => edge / factor);
      const index = new Int32Array(box.size[0] * box.size[1] * box.size[2]);
      // What a box computes beyond the end of the context is not used.
      const along = (axis: number) =>
        Array.from({ length: box.size[axis] }, (_, voxel) =>
          Math.min(Math.floor((box.start[axis] + voxel - this.start[axis]) / factor), count[axis] - 1),
        );
      const [is, js, ks] = [along(0), along(1), along(2)];
      let at = 0;
      for (const k of ks)
        for (const j of js) {
          const row = count[0] * (j + count[1] * k);
          for (const i of is) index[at++] = row + i;
        }
      feeds[`index_by${factor}`] = new Tensor('int32', index, blockedShape(box.size, block));
    }
    return feeds;
  }
}

/** Writes a box's output into the whole image, inside the region only. */
function paste(target: Float32Array, output: Float32Array, { start, size }: Box, region: LabelMap): void {
  const [nx, ny, nz] = region.shape;
  for (let c = 0; c < size[2] && start[2] + c < nz; c++)
    for (let b = 0; b < size[1] && start[1] + b < ny; b++) {
      const row = nx * (start[1] + b + ny * (start[2] + c)) + start[0];
      const source = size[0] * (b + size[1] * c);
      for (let a = 0; a < size[0] && start[0] + a < nx; a++)
        if (region.voxels[row + a]) target[row + a] = output[source + a];
    }
}

/**
 * Number of voxels around a suspicious one that are computed exactly, since the screen may have it in the wrong place.
 */
export const screenMargin = 2;

/** The region's voxels within `margin` voxels (per axis) of one whose probability reaches `threshold`. */
export function suspicious(region: LabelMap, probability: Float32Array, threshold: number, margin: number): LabelMap {
  const [nx, ny, nz] = region.shape;
  const voxels = new Uint8Array(region.voxels.length);
  let index = 0;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, index++) {
        if (!(probability[index] >= threshold)) continue;
        for (let c = Math.max(0, k - margin); c <= Math.min(nz - 1, k + margin); c++)
          for (let b = Math.max(0, j - margin); b <= Math.min(ny - 1, j + margin); b++)
            for (let a = Math.max(0, i - margin); a <= Math.min(nx - 1, i + margin); a++) {
              const near = a + nx * (b + ny * c);
              voxels[near] = region.voxels[near] ? 1 : 0;
            }
      }
  return { shape: region.shape, patientFromVoxel: region.patientFromVoxel, voxels };
}
