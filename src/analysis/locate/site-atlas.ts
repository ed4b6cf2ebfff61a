import { join } from 'node:path';
import { packageFolder } from '../../core/software.js';
import { code, type Code } from '../../dicom/code.js';
import type { FindingSite } from '../../model/lesion.js';
import { readNifti } from '../../imaging/nifti.js';
import type { Volume } from '../../imaging/volume.js';

/** Lobes and structures by their number in the atlas (voxel = 10 × structure + side); codes of CID 7153. */
const structures: Record<number, Code> = {
  1: code('83251001', 'SCT', 'Frontal lobe'),
  2: code('16630005', 'SCT', 'Parietal lobe'),
  3: code('78277001', 'SCT', 'Temporal lobe'),
  4: code('31065004', 'SCT', 'Occipital lobe'),
  5: code('36169008', 'SCT', 'Insula'),
  6: code('113305005', 'SCT', 'Cerebellum'),
  7: code('119238007', 'SCT', 'Brain stem'),
  8: code('5366008', 'SCT', 'Hippocampus'),
  9: code('4958002', 'SCT', 'Amygdala'),
  10: code('11000004', 'SCT', 'Caudate nucleus'),
  11: code('89278009', 'SCT', 'Putamen'),
  12: code('14738005', 'SCT', 'Globus pallidus'),
  13: code('42695009', 'SCT', 'Thalamus'),
};

/** Sides by their digit in the atlas (CID 244); 0 is unpaired. */
const sides: Record<number, Code> = {
  1: code('24028007', 'SCT', 'Right'),
  2: code('7771000', 'SCT', 'Left'),
};

/** What a voxel value of the atlas means; null outside the brain. */
export function siteOf(value: number): FindingSite | null {
  const structure = structures[Math.floor(value / 10)];
  return structure ? { structure, laterality: sides[value % 10] ?? null } : null;
}

let loaded: Promise<Volume> | undefined;

/**
 * The lobes and structures of Colin27, `assets/colin27/sites.nii.gz` (made by `scripts/site-atlas.py`); read once per
 * process.
 */
export function loadSiteAtlas(): Promise<Volume> {
  return (loaded ??= readNifti(join(packageFolder, 'assets/colin27/sites.nii.gz')));
}
