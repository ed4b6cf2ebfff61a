/**
 * What the shipped ensemble finds in real heads, for `training/paper/results.py`:
 * `npx tsx scripts/real-heads.ts <file.json> <folder of a head>…`. Positions are in the template's space, so that they can be shown
 * on the template and nothing of the real image is kept.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { timePointOf } from '../src/node/operations/time-point.js';
import { analyseFiles } from '../src/node/operations/analyse-files.js';
import { applyAffine, invertAffine } from '../src/imaging/affine.js';

const [file, ...folders] = process.argv.slice(2);
if (!file || folders.length === 0) throw new Error('usage: real-heads <file.json> <folder of a head>…');

const heads: unknown[] = [];
for (const folder of folders) {
  const { refusedFiles, failures } = await analyseFiles(
    [folder],
    { forceSeries: true, objects: ['SEG', 'SR'] },
    (finished, store, dataDir) => {
      const timePoint = timePointOf(store, dataDir, finished);
      const { status, reason, lesions, forced, notes } = timePoint;
      const templateFromSource =
        finished.status === 'reported' ? invertAffine(finished.result.sourceFromTemplate) : null;
      heads.push({
        head: basename(folder),
        status,
        reason,
        forced,
        notes,
        findings: lesions.map(({ confidence, volumeMm3, longAxisMm, probability, site, centroidPatientMm }) => ({
          confidence,
          volumeMm3,
          longAxisMm,
          probability,
          site,
          templateMm: applyAffine(templateFromSource!, centroidPatientMm),
        })),
      });
      return timePoint;
    },
  );
  const first = [...failures, ...refusedFiles][0];
  if (first) throw new Error(`${folder}: ${first.reason}`);
}
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, JSON.stringify(heads, null, 1) + '\n');
