import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EnsembleInput } from '../src/infer/ensemble.js';
import type { Preprocessing } from '../src/infer/manifest.js';
import { normalise } from '../src/prepare/normalise.js';
import { maskWhere } from '../src/volume/mask.js';
import { readNifti } from '../src/volume/nifti.js';

/** A time point in the training layout (`training/data.py`) as the networks see it; `prior` is null for a first scan. */
export async function readTimePoint(folder: string, preprocessing: Preprocessing): Promise<EnsembleInput> {
  const region = maskWhere(await readNifti(join(folder, 'mask.nii.gz')), (value) => value > 0);
  const image = async (name: string) => normalise(await readNifti(join(folder, name)), region, preprocessing);
  const prior = existsSync(join(folder, 'prior.nii.gz')) ? await image('prior.nii.gz') : null;
  return { current: await image('image.nii.gz'), prior, region };
}
