/**
 * Draws docs/pictures/board-sheet.png: the tumour board's sheet for the demonstration's patient at his last follow-up. The
 * lesions are the phantom's truth, measured as the networks' findings would be; one of them is made a candidate.
 * Run it with `npx tsx scripts/board-sheet.ts [en|de]` (needs pdftoppm; `npm run peers`).
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { software } from '../src/core/software.js';
import { changeOf, volumeChange } from '../src/model/change.js';
import type { GoneLesion, Lesion, LesionSighting, TrackedLesion } from '../src/model/lesion.js';
import { locateLesions } from '../src/analysis/locate/locate-lesions.js';
import { loadSiteAtlas } from '../src/analysis/locate/site-atlas.js';
import { loadMappings } from '../src/node/mappings.js';
import { measureLesions } from '../src/analysis/measure/measure.js';
import { demoPatient } from '../src/phantom/demo-patient.js';
import { acquire } from '../src/phantom/acquire.js';
import { labelsOn } from '../src/phantom/scan.js';
import { patientFromHead } from '../src/phantom/scanner.js';
import { loadSourceHead } from '../src/phantom/source-head.js';
import { drawBoardSheet } from '../src/report/pdf/write.js';
import type { TimePointImages } from '../src/report/picture/time-point-picture.js';
import type { ReportInput } from '../src/report/report-input.js';
import { assessResponse } from '../src/analysis/respond/rano-bm.js';
import type { LedgerTimePoint } from '../src/analysis/respond/ledger.js';
import { identityAffine } from '../src/imaging/affine.js';
import { resampleLinear } from '../src/imaging/resample.js';
import { templateGrid, type LabelMap, type Volume } from '../src/imaging/volume.js';

const { response: criteria } = loadMappings('mappings');
const { patient, scanners } = demoPatient(await loadSourceHead());
const atlas = await loadSiteAtlas();
const dates = ['20250310', '20250421', '20250609'];
const studies = dates.map((_, time) => `2.25.${time + 1}`);
const acquiredAt = dates.map((date) => Date.UTC(+date.slice(0, 4), +date.slice(4, 6) - 1, +date.slice(6), 9, 30));
/** The phantom's lesion that only the high-sensitivity network shall see. */
const candidate = 7;

/** The truth at one time point as the ensemble would report it, in the template's space. */
function measuredTruth(time: number) {
  const truth = labelsOn(patient, time, templateGrid, identityAffine);
  const probability = (isSeen: (id: number) => boolean): Volume => ({
    ...templateGrid,
    voxels: Float32Array.from(truth.voxels, (id) => (id > 0 && isSeen(id) ? 0.9 : 0)),
  });
  const measured = measureLesions({
    sensitivity: probability(() => true),
    specificity: probability((id) => id !== candidate),
    thresholds: { sensitivity: 0.5, specificity: 0.5 },
    minimumVoxels: 1,
    source: templateGrid,
    sourceFromTemplate: identityAffine,
  });
  return { ...measured, idOf: ({ number }: Lesion) => idOf(truth, measured.labels, number) };
}

const idOf = (truth: LabelMap, labels: LabelMap, number: number) => truth.voxels[labels.voxels.indexOf(number)];

interface ReadTimePoint extends LedgerTimePoint {
  readonly lesions: readonly TrackedLesion[];
  readonly gone: readonly GoneLesion[];
  readonly labels: LabelMap;
}

const timePoints: ReadTimePoint[] = [];
for (const [time] of dates.entries()) {
  const measured = measuredTruth(time);
  const sites = locateLesions(measured.labels, identityAffine, [], atlas);
  const historyOf = (trackingUID: string): LesionSighting[] =>
    timePoints.flatMap(({ order, lesions }) =>
      lesions
        .filter((lesion) => lesion.trackingUID === trackingUID)
        .map((lesion) => ({
          ...lesion,
          StudyInstanceUID: studies[order - 1],
          order,
          acquiredAt: acquiredAt[order - 1],
        })),
    );
  const lesions = measured.lesions.map((lesion): TrackedLesion => {
    const id = measured.idOf(lesion);
    const history = historyOf(`2.25.100${id}`);
    const last = history.at(-1);
    const now = { acquiredAt: acquiredAt[time], volumeMm3: lesion.volumeMm3 };
    return {
      ...lesion,
      trackingUID: `2.25.100${id}`,
      trackingID: `Lesion ${id}`,
      change: time === 0 ? 'baseline' : last ? changeOf(lesion.volumeMm3, last.volumeMm3, criteria) : 'new',
      site: sites.get(lesion.number) ?? null,
      history,
      sincePrior: last ? volumeChange(last, now, criteria) : null,
      sinceBaseline: last ? volumeChange(history[0], now, criteria) : null,
      mergedFrom: [],
      splitFrom: null,
    };
  });
  const known = new Map(timePoints.flatMap(({ lesions: earlier }) => earlier.map((one) => [one.trackingUID, one])));
  const gone = [...known.values()]
    .filter(({ trackingUID }) => !lesions.some((lesion) => lesion.trackingUID === trackingUID))
    .map(({ trackingUID, trackingID, site }): GoneLesion => ({
      trackingUID,
      trackingID,
      site,
      status: 'not visualised',
      mergedInto: null,
      history: historyOf(trackingUID),
    }));
  timePoints.push({
    order: time + 1,
    acquiredAt: acquiredAt[time],
    followed: time > 0,
    lesions,
    gone,
    labels: measured.labels,
  });
}

const time = dates.length - 1;
const imageAt = (at: number) =>
  resampleLinear(acquire(patient, at, scanners[at]), templateGrid, patientFromHead(scanners[at]));
const now = timePoints[time];
const images: TimePointImages = {
  prior: imageAt(time - 1),
  current: imageAt(time),
  labels: now.labels,
  priorFindings: timePoints[time - 1],
};
const model = (role: 'sensitivity' | 'specificity', sha256: string): ReportInput['models'][number] => ({
  name: role === 'sensitivity' ? 'm-sens' : 'm-spec',
  version: '1.0.0',
  sha256: sha256.repeat(32),
  role,
  use: 'demonstration: trained on synthetic patients',
});
const input: ReportInput = {
  source: {
    header: {
      PatientName: 'Muster^Erika',
      PatientID: 'PRIORA-DEMO-7',
      PatientBirthDate: '19580214',
      PatientSex: 'F',
      AccessionNumber: 'A2025-0609',
      StudyInstanceUID: studies[time],
      AcquisitionDate: dates[time],
    },
    frames: [],
    grid: templateGrid,
  },
  lesions: now.lesions,
  labels: now.labels,
  gone: now.gone,
  response: assessResponse(timePoints, criteria.response, 'unknown'),
  prior: {
    StudyInstanceUID: studies[time - 1],
    SeriesInstanceUID: '2.25.9',
    frameOfReferenceUID: '2.25.10',
    frames: [],
    acquiredDate: dates[time - 1],
    registration: { verdict: 'accepted', similarity: 0.9, refusal: null, priorFromCurrent: identityAffine },
  },
  models: [model('sensitivity', 'a1'), model('specificity', 'b2')],
  timePoint: { order: time + 1, type: 'posttreatment', acquiredAt: acquiredAt[time] },
  software,
  language: process.argv[2] === 'de' ? 'de' : 'en',
  demonstration: true,
  noPriorReason: null,
  qualityNotes: [],
};

const folder = await mkdtemp(join(tmpdir(), 'board-sheet-'));
await writeFile(join(folder, 'sheet.pdf'), drawBoardSheet(input, images));
execFileSync('pdftoppm', ['-r', '72', '-png', join(folder, 'sheet.pdf'), join(folder, 'page')]);
const pages = await Promise.all([1, 2].map((page) => loadImage(join(folder, `page-${page}.png`))));
await rm(folder, { recursive: true });
const canvas = createCanvas(pages[0].width * 2 + 12, pages[0].height);
const context = canvas.getContext('2d');
context.fillStyle = '#9aa0a6';
context.fillRect(0, 0, canvas.width, canvas.height);
pages.forEach((page, index) => context.drawImage(page, index * (page.width + 12), 0));
await writeFile('docs/pictures/board-sheet.png', await canvas.encode('png'));
