import { readFile } from 'node:fs/promises';
import { PrioraError } from '../core/errors.js';
import { readSegmentation } from '../dicom/segmentation-reader.js';
import { readStructureSet, regionMask } from '../dicom/structure-set-reader.js';
import { SOPClass } from '../dicom/uid.js';
import { identityAffine } from '../imaging/affine.js';
import { resampleNearest } from '../imaging/resample.js';
import type { Grid, LabelMap } from '../imaging/volume.js';
import type { TrainingSettings } from './training-settings.js';

/** Decides which names are those of metastases. */
export function isMetastasis(names: readonly string[], { take, leave }: TrainingSettings['metastases']): boolean {
  const some = (expressions: readonly string[]) =>
    expressions.some((expression) => names.some((name) => new RegExp(expression, 'i').test(name)));
  return some(take) && !some(leave);
}

/**
 * The metastases of a segmentation or structure set, on the grid of the series on which it was drawn: one mask per
 * segment or ROI.
 *
 * @throws PrioraError LABEL_UNUSABLE if none of its names is that of a metastasis; what the readers throw.
 */
export async function drawnMetastases(
  { path, SOPClassUID }: { readonly path: string; readonly SOPClassUID: string },
  grid: Grid,
  rules: TrainingSettings['metastases'],
): Promise<LabelMap[]> {
  const bytes = await readFile(path);
  const drawn =
    SOPClassUID === SOPClass.RTStructureSetStorage
      ? readStructureSet(bytes).regions.map((region) => ({
          names: [region.ROIName, region.RTROIInterpretedType],
          mask: () => regionMask(region, grid),
        }))
      : (await readSegmentation(bytes)).segments.map((segment) => ({
          names: [segment.SegmentLabel, segment.type?.meaning ?? ''],
          mask: () => resampleNearest(segment.mask, grid, identityAffine),
        }));
  const taken = drawn.filter(({ names }) => isMetastasis(names, rules));
  if (taken.length === 0) {
    const names = drawn.map((entry) => `"${entry.names.filter(Boolean).join(', ')}"`).join(', ');
    throw new PrioraError(
      'LABEL_UNUSABLE',
      `none of its outlines has the name of a metastasis: ${names || 'it is empty'}`,
    );
  }
  return taken.map(({ mask }) => mask());
}
