import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeDurably } from '../../core/durable-file.js';
import type { ProbabilityMap } from '../../model/probability-map.js';
import { encodeNifti, readNifti } from '../../imaging/nifti.js';
import type { LabelMap } from '../../imaging/volume.js';

/**
 * The files of one case: its objects as sent, its picture, the label map on the source grid with which other time
 * points match lesions, and what the networks saw, which tells the next time point whether a lesion is new. Everything
 * is written before the case is finished in the database, so a finished case has all of it.
 */
export class CaseFolder {
  /** Relative to the data folder, as the index keeps it. */
  readonly relativePath: string;

  constructor(
    private readonly dataDir: string,
    caseKey: number,
  ) {
    this.relativePath = join('cases', String(caseKey));
  }

  /** @returns the path relative to the data folder. */
  write(name: string, bytes: Uint8Array): string {
    const relative = join(this.relativePath, name);
    writeDurably(join(this.dataDir, relative), bytes);
    return relative;
  }

  writeLabels(labels: LabelMap): void {
    this.write('labels.nii.gz', gzipSync(encodeNifti(labels), { level: 1 }));
  }

  /** On the source grid of the case's series; the value is the number of the lesion. */
  async readLabels(): Promise<LabelMap> {
    const { shape, patientFromVoxel, voxels } = await readNifti(join(this.dataDir, this.relativePath, 'labels.nii.gz'));
    return { shape, patientFromVoxel, voxels: new Uint16Array(voxels) };
  }

  writeProbabilities(map: ProbabilityMap): void {
    this.write('probabilities.nii.gz', gzipSync(encodeNifti(map), { level: 1 }));
  }

  /** @returns null for a case of an earlier version, which did not keep it. */
  async readProbabilities(): Promise<ProbabilityMap | null> {
    const path = join(this.dataDir, this.relativePath, 'probabilities.nii.gz');
    if (!existsSync(path)) return null;
    const { shape, patientFromVoxel, voxels } = await readNifti(path);
    return { shape, patientFromVoxel, voxels: new Uint8Array(voxels) };
  }
}
