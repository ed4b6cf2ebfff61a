/**
 * Makes a head for `priora phantom --head` from a DICOM series: `npx tsx scripts/phantom-head.ts SERIES_FOLDER OUT_FOLDER`.
 *
 * The series goes through the node's own assembly and preparation; affinely laid on Colin27, where the phantoms' vessels are drawn,
 * it becomes `head.nii.gz` and `brain-mask.nii.gz`.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { assembleSeries } from '../src/analysis/assemble/assemble-series.js';
import { composeAffine } from '../src/imaging/elastix/transform.js';
import { prepareCurrent } from '../src/analysis/prepare/prepare-current.js';
import { loadTemplate } from '../src/analysis/prepare/template.js';
import { invertAffine, multiplyAffine } from '../src/imaging/affine.js';
import { encodeNifti } from '../src/imaging/nifti.js';
import { resampleLinear, resampleNearest } from '../src/imaging/resample.js';

const [folder, out] = process.argv.slice(2);
if (!folder || !out) throw new Error('usage: npx tsx scripts/phantom-head.ts SERIES_FOLDER OUT_FOLDER');
const files = (await readdir(folder)).sort().map((name) => join(folder, name));
const { volume } = await assembleSeries(files);
const { head } = await loadTemplate();
const { brainMask, sourceFromTemplate, atlasFromTemplate, coverage } = await prepareCurrent(volume);
// The affine part alone: the head keeps its own shape.
const templateFromAtlas = invertAffine(composeAffine([atlasFromTemplate[0]]));
const image = resampleLinear(volume, head, multiplyAffine(sourceFromTemplate, templateFromAtlas));
const mask = resampleNearest(brainMask, head, templateFromAtlas);
await mkdir(out, { recursive: true });
await writeFile(join(out, 'head.nii.gz'), gzipSync(encodeNifti(image)));
await writeFile(
  join(out, 'brain-mask.nii.gz'),
  gzipSync(encodeNifti({ ...mask, voxels: Uint8Array.from(mask.voxels) })),
);
console.log(`${out}: ${Math.round(coverage * 100)} % of the brain lies in the field of view`);
