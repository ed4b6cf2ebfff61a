/**
 * The only process that runs ONNX Runtime. `run()` holds its thread and sessions leak when reloaded, so this is a child
 * that keeps its networks for life; `Ensemble`, on the other side, ends and replaces it.
 */
import { answerParent } from '../../core/child-process.js';
import { identityAffine, type Vector3 } from '../../imaging/affine.js';
import type { LabelMap, NetworkImage } from '../../imaging/volume.js';
import type { Execution, OnnxCalls, RunAnswer, RunRequest, StartRequest } from './messages.js';
import type { Model, Role } from './manifest.js';
import { Network, screenMargin, suspicious } from './network.js';
import { exactShape, screenShape } from './network-shape.js';
import { chooseProvider, cudaLibraryLoaded, freeCardMemory, hasCudaDriver } from './provider.js';

const roles: readonly Role[] = ['sensitivity', 'specificity'];

interface Started {
  readonly exact: Record<Role, Network>;
  readonly screen: { readonly network: Network; readonly thresholds: Record<Role, number> } | null;
  readonly execution: Execution;
  /** What activations may take, bytes. */
  readonly memoryBytes: number;
}
let started: Started | undefined;

/** Resident size besides the activations: runtime, networks, images in and out. Measured with both compact networks. */
const baseMemoryMb = 700;
/** Fractions of the time after which the screen, and M_sens behind it, are done; for the progress display. */
const timeShares = [0.5, 0.85] as const;
/** Fraction of a card's free memory for which boxes are sized; the rest is cuDNN's workspace. */
const cardShare = 0.5;

async function start(request: StartRequest): Promise<Execution> {
  const { models, threads } = request;
  const forEach = async <T>(open: (model: Model) => Promise<T>): Promise<Record<Role, T>> => ({
    sensitivity: await open(models.sensitivity),
    specificity: await open(models.specificity),
  });
  const openExact = (provider: 'cpu' | 'cuda') =>
    forEach((model) => Network.open(model.exact, exactShape(model.manifest), { provider, threads }));
  let exact = await openExact('cpu');
  let difference: number | null = null;
  const driver = hasCudaDriver();
  let onCard: typeof exact | null = null;
  if (request.provider !== 'cpu' && driver) {
    onCard = await openExact('cuda');
    if (cudaLibraryLoaded()) difference = await selfTest(exact, onCard);
  }
  const provider = chooseProvider(request.provider, { driver, difference });
  if (provider === 'cuda') exact = onCard!;
  const { screen: files, manifest } = models.sensitivity;
  const described = manifest.execution.screen;
  const screen =
    files && described && provider === 'cpu' && mayScreen(request)
      ? {
          network: await Network.open(files, screenShape(manifest, described.block), { provider: 'cpu', threads }),
          thresholds: described.thresholds,
        }
      : null;
  const execution = { provider, screened: screen !== null };
  const limit = Math.max(request.memoryLimitMb - baseMemoryMb, 50) * 1e6;
  const card = provider === 'cuda' ? freeCardMemory() : null;
  started = { exact, screen, execution, memoryBytes: card === null ? limit : card * cardShare };
  return execution;
}

/** Whether the screen of M_sens was validated together with this M_spec, or is used regardless. */
function mayScreen({ screen, models }: StartRequest): boolean {
  const validation = models.sensitivity.manifest.execution.screen?.validation;
  const harmless = validation?.passed === true && validation.specificity === models.specificity.manifest.sha256;
  return screen === 'always' || (screen === 'validated' && harmless);
}

/** The largest difference between two openings of the networks on a box of noise with a bright ball. */
async function selfTest(a: Record<Role, Network>, b: Record<Role, Network>): Promise<number> {
  const shape: Vector3 = [30, 30, 30];
  const grid = { shape, patientFromVoxel: identityAffine };
  const ball = (index: number) =>
    Math.hypot((index % 30) - 15, (Math.floor(index / 30) % 30) - 15, Math.floor(index / 900) - 15) < 4 ? 5 : 0;
  const image: NetworkImage = {
    ...grid,
    background: 0,
    voxels: Float32Array.from({ length: 27_000 }, (_, index) => ball(index) + Math.sin(index * 12.9898)),
  };
  const region: LabelMap = { ...grid, voxels: new Uint8Array(27_000).fill(1) };
  let worst = 0;
  for (const role of roles) {
    const input = { current: image, prior: image, missingPriorValue: 0 };
    const plan = a[role].plan(region, 1e9);
    const [x, y] = [await a[role].probabilities(input, region, plan), await b[role].probabilities(input, region, plan)];
    worst = x.reduce((most, value, index) => Math.max(most, Math.abs(value - y[index])), worst);
  }
  return worst;
}

async function run(request: RunRequest, report: (fraction: number) => void): Promise<RunAnswer> {
  if (!started) throw new Error('run before start');
  const { exact, screen, memoryBytes } = started;
  const progress = (from: number, to: number) => (fraction: number) => report(from + (to - from) * fraction);
  const computed = (network: Network, input: RunRequest, region: LabelMap, from: number, to: number) =>
    network.probabilities(input, region, network.plan(region, memoryBytes), progress(from, to));
  const [screened, found] = screen ? timeShares : [0, 0.5];
  // The screen treats every study as a first one: that costs half as much, and its threshold was chosen for it.
  const rough = screen && (await computed(screen.network, { ...request, prior: null }, request.region, 0, screened));
  const within = (region: LabelMap, probability: Float32Array, role: Role) =>
    screen ? suspicious(region, probability, screen.thresholds[role], screenMargin) : region;
  const suspected = rough ? within(request.region, rough, 'sensitivity') : request.region;
  const sensitivity = await computed(exact.sensitivity, request, suspected, screened, found);
  const likely = within(suspected, sensitivity, 'specificity');
  const specificity = await computed(exact.specificity, request, likely, found, 1);
  let exactVoxels = 0;
  for (let index = 0; index < suspected.voxels.length; index++) {
    exactVoxels += suspected.voxels[index];
    if (!rough) continue;
    // Where a network did not run, the probability of the one before it stands for its own.
    if (!suspected.voxels[index]) sensitivity[index] = rough[index];
    if (!likely.voxels[index]) specificity[index] = sensitivity[index];
  }
  report(1);
  return { probabilities: { sensitivity, specificity }, exactVoxels, rssBytes: process.memoryUsage.rss() };
}

answerParent<OnnxCalls>({ start, run: (request, { progress }) => run(request, progress) });
