import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EnsembleInput } from '../src/analysis/infer/ensemble.js';
import type { Preprocessing } from '../src/analysis/infer/manifest.js';
import { normalise } from '../src/analysis/prepare/normalise.js';
import { readNifti } from '../src/imaging/nifti.js';
import { maskWhere, type Volume } from '../src/imaging/volume.js';

/**
 * A time point in the training layout (`training/data/case.py`) as the networks see it; `prior` is null for a first scan.
 *
 * @param changePrior makes of the prior, as it was acquired and registered, the one to be used; null withholds it.
 */
export async function readTimePoint(
  folder: string,
  preprocessing: Preprocessing,
  changePrior: (prior: Volume) => Volume | null = (prior) => prior,
): Promise<EnsembleInput> {
  const region = maskWhere(await readNifti(join(folder, 'mask.nii.gz')), (value) => value > 0);
  const seen = (image: Volume) => normalise(image, region, preprocessing);
  const priorFile = join(folder, 'prior.nii.gz');
  const prior = existsSync(priorFile) ? changePrior(await readNifti(priorFile)) : null;
  return { current: seen(await readNifti(join(folder, 'image.nii.gz'))), prior: prior && seen(prior), region };
}
