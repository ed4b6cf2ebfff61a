import type { LesionChange } from '../../model/lesion.js';
import { plural } from './format.js';

/** What only the tumour board sheet says, in English. */
export const englishSheet = {
  /** BCP 47. */
  language: 'en',
  title: 'Brain metastases over time',
  demonstration: 'NOT FOR CLINICAL USE: produced with demonstration weights trained on synthetic patients.',
  pageOf: (page: number, pages: number) => `Page ${page} of ${pages}`,
  notStated: 'not stated',

  patientID: 'Patient ID',
  birthDate: 'Born',
  sex: 'Sex',
  accession: 'Accession',
  examination: 'Examination',
  timePoint: (order: number) => `time point ${order}`,
  comparedWith: 'Compared with',
  priorUsed: (date: string, days: string | null) =>
    `${date}${days === null ? '' : ` (${days} earlier)`}, registration accepted`,
  priorRefused: (date: string, reason: string) =>
    `none: the study of ${date} was not used, its registration was refused (${reason})`,
  noPrior: (reason: string) => `none: ${reason}`,

  response: 'Response (RANO-BM, radiographic part)',
  notAssessed: 'not assessed',
  sums: {
    now: (targets: number) => `sum of ${plural(targets, 'target', 'targets')}`,
    baseline: (change: string | null) => `baseline${change === null ? '' : `: ${change}`}`,
    nadir: (change: string | null) => `nadir${change === null ? '' : `: ${change}`}`,
  },
  newLesions: (names: string) => `New since baseline: ${names}`,
  howItCame: 'Basis of the response',
  findings: 'Findings',
  confirmed: (count: number) =>
    count === 0 ? 'No confirmed lesion' : plural(count, 'confirmed lesion', 'confirmed lesions'),
  totalVolume: (volume: string) => `total volume ${volume}`,
  candidates: (count: number) => `${plural(count, 'candidate', 'candidates')} for review`,
  /** Short enough for a column. */
  changes: {
    baseline: 'baseline',
    new: 'new',
    equivocal: 'equivocal new',
    grown: 'grown',
    stable: 'stable',
    shrunk: 'shrunk',
    reappeared: 'reappeared',
    unclear: 'unclear',
  } as Record<LesionChange, string>,
  gone: 'not visualised',

  lesions: 'Lesions',
  nothingFound: 'No lesions found',
  shown: (shown: number, all: number) => `${shown} of ${all}: confirmed first, then new, grown, and by volume`,
  whole: 'Current, overview',
  prior: 'Prior, registered',
  current: 'Current',
  noPriorImage: 'no prior study',
  pictureNote:
    'Axial images; R and L are the patient’s right and left. Outlines: red, confirmed; yellow, candidate. For orientation, not for diagnosis.',
  volumeChange: (percent: string, days: string) => `${percent} in ${days}`,
  doubling: (days: number) => `doubling time ${plural(days, 'day', 'days')}`,

  curves: 'Growth curves',
  curvesNote: 'Volume in cm³ against weeks before the current study; each grid line is one doubling.',
  curvesNoteCoarse: (doublings: number) =>
    `Volume in cm³ against weeks before the current study; each grid line is ${doublings} doublings.`,
  noCurves: 'No lesion has been followed yet; growth curves begin with the next study.',
  notSeen: 'none',
  weeks: (count: number) => `${count} wk`,

  columns: {
    lesion: 'Lesion',
    site: 'Location',
    confidence: 'Status',
    change: 'Change',
    volume: 'Volume',
    axes: 'Long × short axis',
    sincePrior: 'vs prior',
    sinceBaseline: 'vs baseline',
    doubling: 'Doubling time',
  },
  sinceFirstSight: '* not present at baseline: compared with its first time point',
  moreLesions: (count: number) =>
    `and ${plural(count, 'more lesion', 'more lesions')}, listed in the structured report (SR)`,
  notFoundNow: 'Lesions of earlier time points',
  notes: 'Notes',
  moreSentences: (count: number) =>
    `and ${plural(count, 'more sentence', 'more sentences')} in the structured report (SR)`,
  kindsOfFinding:
    'Confirmed: also marked by the high-specificity network, or accepted by a reader. Candidate: marked by the high-sensitivity network only; a reader has to decide.',
  networks: 'Networks',
};

export type SheetWording = typeof englishSheet;
