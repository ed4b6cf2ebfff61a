import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { PrioraError } from '../../core/errors.js';

/** How images are prepared, whatever their normalisation. */
const preparation = {
  /** `n4`: N4 on the series as acquired, before anything else. */
  biasCorrection: z.enum(['none', 'n4']),
  masking: z.enum(['brain', 'none']),
  /** The constant the networks see in place of a missing prior. */
  missingPriorValue: z.number(),
};

const onnxFile = {
  file: z.string().regex(/^[A-Za-z0-9_.-]+\.onnx$/, 'a file beside the manifest'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
};

/** A network cut into the graphs that the node runs; `training/export/parts.py` defines their inputs and outputs. */
const parts = z.strictObject({
  context: z.strictObject(onnxFile),
  prior: z.strictObject(onnxFile),
  detail: z.strictObject(onnxFile),
});

/**
 * What a model declares in the JSON file next to its ONNX files: how its input must be prepared, how large its layers
 * are (for the planner of boxes), how it is executed, where it comes from and what it may be used for.
 */
export const manifestSchema = z.strictObject({
  schema: z.literal(3),
  name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
  role: z.enum(['sensitivity', 'specificity']),
  version: z.string(),
  /** The whole network in one graph, for other programs; the node runs its parts. */
  ...onnxFile,
  architecture: z.string(),
  /** Feature maps of the nine 3³ layers of each path. */
  widths: z.array(z.int().positive()).length(9),
  classifierWidths: z.array(z.int().positive()),
  /** Names of the graph's inputs, in this order: current, current ×3, current ×5, prior. */
  inputs: z.tuple([z.string(), z.string(), z.string(), z.string()]),
  output: z.string(),
  execution: z.strictObject({
    /** The network itself, in 32-bit floating point. */
    exact: parts,
    /**
     * For M_sens: an 8-bit approximation (`training/export/screen.py`) that says where the exact networks need not run.
     * Used only if `validation` says that results stay the same.
     */
    screen: parts
      .extend({
        /** Voxels (j and i) of a folded position. */
        block: z.literal([1, 2]),
        /** The probability of the screen from which M_sens runs, and that of M_sens from which M_spec runs. */
        thresholds: z.strictObject({ sensitivity: z.number().gt(0).lt(0.5), specificity: z.number().gt(0).lt(0.5) }),
        /** Whole phantoms with and without the screen (`scripts/validate-screen.ts`); null: not validated, not used. */
        validation: z
          .strictObject({
            /** SHA-256 of the M_spec it was validated with. */
            specificity: onnxFile.sha256,
            volumes: z.int().positive(),
            lesions: z.int().nonnegative(),
            /** Lesions that are confirmed, a candidate or absent only with or only without the screen. */
            changedClass: z.int().nonnegative(),
            /** Of the masks of both networks at their thresholds; the lowest of any volume. */
            leastDice: z.number().min(0).max(1),
            /** Of any voxel's probability, for either network. */
            largestDifference: z.number().min(0).max(1),
            passed: z.boolean(),
          })
          .nullable(),
      })
      .nullable(),
  }),
  spacingMm: z.tuple([z.literal(1), z.literal(1), z.literal(1)]),
  shape: z.tuple([z.literal(240), z.literal(240), z.literal(155)]),
  preprocessing: z.discriminatedUnion('normalisation', [
    z.strictObject({
      ...preparation,
      /** Mean 0 and variance 1 within the brain mask; outside it, and beyond the grid, this value. */
      normalisation: z.literal('z-score-in-mask'),
      backgroundValue: z.number(),
    }),
    /**
     * The masked image, its zeros included, has mean 0 and variance 1; beyond the grid it continues as outside the
     * brain.
     */
    z.strictObject({ ...preparation, normalisation: z.literal('z-score-whole') }),
  ]),
  /** A voxel belongs to a metastasis from this probability on. */
  threshold: z.number().gt(0).lt(1),
  /**
   * A finding has at least this many connected voxels of the template grid, each a cubic millimetre: fewer are noise.
   */
  minimumVoxels: z.int().positive(),
  /**
   * `demonstration` weights leave their mark on everything they produce, which stays on loopback unless a destination
   * allows it.
   */
  use: z.enum(['demonstration', 'clinical-study']),
  training: z.looseObject({ data: z.string(), recipe: z.string() }),
  licence: z.string(),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type Role = Manifest['role'];
export type Preprocessing = Manifest['preprocessing'];

export type Part = keyof z.infer<typeof parts>;

/** A manifest whose ONNX files have been read and found to be the files it names. */
export interface Model {
  readonly manifest: Manifest;
  /** Absolute path of the manifest. */
  readonly manifestPath: string;
  /** Absolute path of the whole network. */
  readonly path: string;
  /** Absolute paths of the parts. */
  readonly exact: Readonly<Record<Part, string>>;
  readonly screen: Readonly<Record<Part, string>> | null;
}

/** The two networks of the ensemble (Huang 2021, II.D). */
export type EnsembleModels = Readonly<Record<Role, Model>>;

/** The probability and the size from which the ensemble calls something a finding. */
export const findingRule = ({ sensitivity, specificity }: EnsembleModels) => ({
  thresholds: { sensitivity: sensitivity.manifest.threshold, specificity: specificity.manifest.threshold },
  minimumVoxels: specificity.manifest.minimumVoxels,
});

/**
 * Reads every manifest in `directory`, verifies the ONNX files against their SHA-256, and returns the ensemble.
 *
 * @throws PrioraError MODEL_INVALID: no such folder, a broken manifest, a wrong hash, a role missing or taken twice, or
 *   two models that need their input prepared differently or count findings from different sizes on.
 */
export async function loadModels(directory: string): Promise<EnsembleModels> {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw new PrioraError('MODEL_INVALID', `the model folder ${directory} cannot be read`, { cause });
  });
  const models: Partial<Record<Role, Model>> = {};
  for (const name of names.filter((entry) => entry.endsWith('.json')).sort()) {
    const model = await loadModel(directory, name);
    const { role } = model.manifest;
    if (models[role])
      throw new PrioraError('MODEL_INVALID', `${directory} holds two models with the role ${role}; keep one`);
    models[role] = model;
  }
  const { sensitivity, specificity } = models;
  if (!sensitivity || !specificity)
    throw new PrioraError(
      'MODEL_INVALID',
      `${directory} must hold one model with the role sensitivity and one with specificity`,
    );
  for (const shared of ['preprocessing', 'minimumVoxels'] as const)
    if (JSON.stringify(sensitivity.manifest[shared]) !== JSON.stringify(specificity.manifest[shared]))
      throw new PrioraError('MODEL_INVALID', `the two models of an ensemble must share their ${shared}`);
  return { sensitivity, specificity };
}

async function loadModel(directory: string, name: string): Promise<Model> {
  const path = join(directory, name);
  let manifest: Manifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new PrioraError('MODEL_INVALID', `${path} is no valid model manifest: ${reason}`, { cause });
  }
  return { manifest, manifestPath: path, ...(await verifiedFiles(path, manifest)) };
}

/**
 * Reads the ONNX files of the models again.
 *
 * @throws PrioraError MODEL_INVALID if one is no longer what the manifest named when it was loaded.
 */
export async function verifyModels(models: EnsembleModels): Promise<void> {
  for (const { manifestPath, manifest } of Object.values(models)) await verifiedFiles(manifestPath, manifest);
}

/** Absolute paths of the files that a manifest names, each verified against its SHA-256. */
async function verifiedFiles(
  manifestPath: string,
  manifest: Manifest,
): Promise<Pick<Model, 'path' | 'exact' | 'screen'>> {
  const verified = async ({ file, sha256 }: { file: string; sha256: string }): Promise<string> => {
    const weights = join(dirname(manifestPath), file);
    const bytes = await readFile(weights).catch((cause: unknown) => {
      throw new PrioraError('MODEL_INVALID', `${manifestPath} names ${file}, which cannot be read`, { cause });
    });
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== sha256)
      throw new PrioraError('MODEL_INVALID', `${weights} has SHA-256 ${found}, its manifest says ${sha256}`);
    return weights;
  };
  const verifiedParts = async (graphs: z.infer<typeof parts>) => ({
    context: await verified(graphs.context),
    prior: await verified(graphs.prior),
    detail: await verified(graphs.detail),
  });
  const { exact, screen } = manifest.execution;
  return {
    path: await verified(manifest),
    exact: await verifiedParts(exact),
    screen: screen && (await verifiedParts(screen)),
  };
}
