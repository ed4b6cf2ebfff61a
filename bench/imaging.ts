/**
 * The loops over voxels that a case spends its time in, beside the networks: `npx tsx bench/imaging.ts`. Prints JSON, the processor
 * time in ms of the fastest of seven runs each. The template's head (181 × 217 × 181 at 1 mm), turned a little.
 */
import { detectLesions } from '../src/analysis/measure/detect.js';
import { loadTemplate } from '../src/analysis/prepare/template.js';
import { invertAffine, type Affine } from '../src/imaging/affine.js';
import { coarsen } from '../src/imaging/block-mean.js';
import { connectedComponents } from '../src/imaging/components.js';
import { correlate } from '../src/imaging/correlation.js';
import { boundingBox } from '../src/imaging/crop.js';
import { warpLinear } from '../src/imaging/elastix/warp.js';
import { flattenedCeilings } from '../src/imaging/flatten.js';
import { mutualInformation } from '../src/imaging/mutual-information.js';
import { resampleLinear } from '../src/imaging/resample.js';
import { templateGrid, type LabelMap } from '../src/imaging/volume.js';
import { Random } from '../src/phantom/random.js';
import { randomField, displacementAt } from '../src/phantom/warp.js';
import { sampleAlong } from '../src/phantom/source-coordinates.js';

const runs = 7;
const template = await loadTemplate();
const [c, s] = [Math.cos(0.1), Math.sin(0.1)];
const turned: Affine = [c, -s, 0, 3, s, c, 0, -2, 0, 0, 1, 4.5, 0, 0, 0, 1];
const coarse = coarsen(template.flatHead, 4);
const map = { ...template.head, voxels: template.head.voxels.map((value) => value / 254) };
const labels: LabelMap = { ...template.head, voxels: Uint8Array.from(template.head.voxels, (v) => (v > 100 ? 1 : 0)) };
const field = randomField(new Random('bench'), [[40, 2.4]]);
const source = {
  ...templateGrid,
  shape: [512, 512, 192] as const,
  patientFromVoxel: [0.5, 0, 0, -128, 0, 0.5, 0, -128, 0, 0, 1, -96, 0, 0, 0, 1],
};

const loops: Record<string, () => unknown> = {
  resampleLinear: () => resampleLinear(template.head, templateGrid, turned),
  correlate: () => correlate(coarse, template.flatHead, turned),
  mutualInformation: () => mutualInformation(coarse, template.flatHead, turned, flattenedCeilings),
  warpLinear: () =>
    warpLinear(template.head, templateGrid, boundingBox(template.brainMask)!, [
      { kind: 'affine', movingFromFixed: turned },
    ]),
  connectedComponents: () => connectedComponents(labels.voxels as Uint8Array, labels.shape),
  detectLesions: () =>
    detectLesions({
      sensitivity: map,
      specificity: map,
      thresholds: { sensitivity: 0.6, specificity: 0.65 },
      minimumVoxels: 3,
      source,
      sourceFromTemplate: invertAffine(turned),
    }),
  displacementAt: () => {
    let sum = 0;
    for (let n = 0; n < 2e6; n++) sum += displacementAt(field, [(n % 200) - 100, (n % 173) - 80, (n % 181) - 90])[0];
    return sum;
  },
  sampleAlong: () => {
    let sum = 0;
    const at = ([i, j, k]: readonly number[]) => [0.9 * i + 0.1 * j + 3, 0.9 * j + 2, 0.95 * k + 1] as const;
    sampleAlong({ shape: [180, 220, 180], at }, template.head, (_, value) => (sum += value));
    return sum;
  },
};

const processorMs: Record<string, number> = {};
for (const [name, loop] of Object.entries(loops)) {
  let least = Infinity;
  for (let run = 0; run < runs; run++) {
    const start = process.cpuUsage();
    loop();
    least = Math.min(least, process.cpuUsage(start).user / 1000);
  }
  processorMs[name] = Math.round(10 * least) / 10;
}
console.log(JSON.stringify({ node: process.version, runs, processorMs }, null, 2));
