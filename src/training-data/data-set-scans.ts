import { existsSync, statSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { PrioraError } from '../core/errors.js';
import { readNifti } from '../imaging/nifti.js';
import { maskWhere, type Grid, type LabelMap } from '../imaging/volume.js';
import type { FoundScans, RefusedScan, Scan } from './scan.js';
import type { DataSet } from './training-settings.js';
import { visitOrder } from './visit-order.js';

/** Origins and spacings in the headers of an image and its label may differ by what tools round off. */
const gridTolerance = 0.01;

/**
 * The scans of a public data set of NIfTI files, found by the names that its entry in mappings/training-data.yaml
 * gives. An image without a label file serves as a prior only.
 *
 * @param root the folder of the data set; `files` lie below it.
 * @throws PrioraError USAGE_INVALID if no file is named like an image of this data set, or its table of visits is
 *   missing.
 */
export function dataSetScans(root: string, files: readonly string[], dataSet: DataSet): FoundScans {
  const image = new RegExp(dataSet.image, 'i');
  const patients = new Map<string, { time: string; scan: Scan }[]>();
  const refused: RefusedScan[] = [];
  const order = visitOrder(files, dataSet);
  for (const path of files) {
    const name = relative(root, path).split(sep).join('/');
    const { patient, time } = image.exec(name)?.groups ?? {};
    if (patient === undefined || time === undefined) continue;
    if (!order.knows(time)) {
      refused.push({ name, code: 'LABEL_UNUSABLE', reason: `no table says when visit ${time} was` });
      continue;
    }
    const others = patients.get(patient) ?? [];
    if (others.some((other) => other.time === time)) {
      refused.push({ name, code: 'LABEL_UNUSABLE', reason: `patient ${patient} has two images of ${time}` });
      continue;
    }
    patients.set(patient, [...others, { time, scan: scanOf(path, name, patient, dataSet) }]);
  }
  if (patients.size === 0)
    throw new PrioraError('USAGE_INVALID', `no file below ${root} has the name of an image of ${dataSet.name}`);
  const byName = new Intl.Collator('en', { numeric: true });
  return {
    patients: new Map(
      [...patients]
        .sort(([a], [b]) => byName.compare(a, b))
        .map(([patient, scans]) => [
          `${dataSet.name}/${patient}`,
          scans.sort((a, b) => order.compare(a.time, b.time)).map(({ scan }) => scan),
        ]),
    ),
    refused,
  };
}

function scanOf(path: string, name: string, patient: string, { label, values, ...dataSet }: DataSet): Scan {
  const labelPath = path.replace(new RegExp(label.replace, 'i'), label.with);
  const labelled = labelPath !== path && existsSync(labelPath);
  const made = (file: string) => [statSync(file).size, statSync(file).mtimeMs];
  return {
    patient: `${dataSet.name}/${patient}`,
    name,
    acquiredAt: null,
    identity: JSON.stringify([name, made(path), labelled && [made(labelPath), values]]),
    source: { name: dataSet.name, licence: dataSet.licence },
    brainOnly: dataSet.brainOnly,
    image: () => readNifti(path),
    metastases: labelled ? async (grid) => [await readLabel(labelPath, grid, values)] : null,
  };
}

/** @throws PrioraError LABEL_UNUSABLE if the label is not on the grid of its image. */
async function readLabel(path: string, grid: Grid, values: readonly number[]): Promise<LabelMap> {
  const label = await readNifti(path);
  const same =
    label.shape.every((count, axis) => count === grid.shape[axis]) &&
    label.patientFromVoxel.every((value, index) => Math.abs(value - grid.patientFromVoxel[index]) < gridTolerance);
  if (!same) throw new PrioraError('LABEL_UNUSABLE', 'the label is not on the grid of its image');
  const { voxels } = maskWhere(label, (value) => values.includes(value));
  return { shape: grid.shape, patientFromVoxel: grid.patientFromVoxel, voxels };
}
