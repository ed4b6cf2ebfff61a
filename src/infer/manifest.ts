import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PrioraError } from '../core/errors.js';

/** How images are prepared, whatever their normalisation. */
const preparation = {
  /** `n4`: N4 on the series as acquired, before anything else. */
  biasCorrection: z.enum(['none', 'n4']),
  masking: z.enum(['brain', 'none']),
  /** What the networks see all over in place of a prior. */
  missingPriorValue: z.number(),
};

/**
 * What a model says of itself, in the JSON file beside its ONNX file: how its input must be prepared, how large its
 * layers are (for the tile planner), where it comes from and what it may be used for.
 */
export const manifestSchema = z.strictObject({
  schema: z.literal(1),
  name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
  role: z.enum(['sensitivity', 'specificity']),
  version: z.string(),
  file: z.string().regex(/^[A-Za-z0-9_.-]+\.onnx$/, 'a file beside the manifest'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  architecture: z.string(),
  /** Feature maps of the nine 3³ layers of each path. */
  widths: z.array(z.int().positive()).length(9),
  classifierWidths: z.array(z.int().positive()),
  /** Names of the graph's inputs, in this order: current, current ×3, current ×5, prior. */
  inputs: z.tuple([z.string(), z.string(), z.string(), z.string()]),
  output: z.string(),
  spacingMm: z.tuple([z.literal(1), z.literal(1), z.literal(1)]),
  shape: z.tuple([z.literal(240), z.literal(240), z.literal(155)]),
  preprocessing: z.discriminatedUnion('normalisation', [
    z.strictObject({
      ...preparation,
      /** Mean 0 and variance 1 within the brain mask; outside, and beyond the grid, this value. */
      normalisation: z.literal('z-score-in-mask'),
      backgroundValue: z.number(),
    }),
    /** The masked image, its zeros included, has mean 0 and variance 1; beyond the grid it goes on as outside the brain. */
    z.strictObject({ ...preparation, normalisation: z.literal('z-score-whole') }),
  ]),
  /** A voxel is metastasis from this probability on. */
  threshold: z.number().gt(0).lt(1),
  /** `demonstration` weights are marked on everything they produce and stay on loopback unless a destination allows them. */
  use: z.enum(['demonstration', 'clinical-study']),
  training: z.looseObject({ data: z.string(), recipe: z.string() }),
  licence: z.string(),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type Role = Manifest['role'];
export type Preprocessing = Manifest['preprocessing'];

/** A manifest whose ONNX file has been read and found to be the file it names. */
export interface Model {
  readonly manifest: Manifest;
  /** Absolute path of the ONNX file. */
  readonly path: string;
}

/** The two networks of the ensemble (Huang 2021, II.D). */
export type EnsembleModels = Readonly<Record<Role, Model>>;

/**
 * Reads every manifest in `directory`, verifies the ONNX files against their SHA-256, and returns the ensemble.
 *
 * @throws PrioraError MODEL_INVALID: no such folder, a broken manifest, a wrong hash, a role missing or taken twice, or
 *   two models that want their input prepared differently.
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
  if (JSON.stringify(sensitivity.manifest.preprocessing) !== JSON.stringify(specificity.manifest.preprocessing))
    throw new PrioraError('MODEL_INVALID', 'the two models of an ensemble must share their preprocessing');
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
  const weights = join(directory, manifest.file);
  const bytes = await readFile(weights).catch((cause: unknown) => {
    throw new PrioraError('MODEL_INVALID', `${path} names ${manifest.file}, which cannot be read`, { cause });
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== manifest.sha256)
    throw new PrioraError('MODEL_INVALID', `${weights} has SHA-256 ${sha256}, its manifest says ${manifest.sha256}`);
  return { manifest, path: weights };
}
