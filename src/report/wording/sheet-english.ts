import { plural } from './format.js';

/** What only the sheet for the tumour board says, in English. */
export const englishSheet = {
  /** BCP 47. */
  language: 'en',
  title: 'Brain metastases over time',
  researchUse: 'Research use only: no medical device. Every finding needs a radiologist’s reading.',
  demonstration: 'NOT FOR CLINICAL USE: made with demonstration weights, trained on synthetic patients.',
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
    `none: ${date} was not used, its registration was refused (${reason})`,
  noPrior: (reason: string) => `none: ${reason}`,

  response: 'Response (RANO-BM, radiographic part)',
  notAssessed: 'not assessed',
  sums: {
    now: (targets: number) => `sum of ${plural(targets, 'target', 'targets')}`,
    baseline: (change: string | null) => `baseline${change === null ? '' : `: ${change}`}`,
    nadir: (change: string | null) => `nadir${change === null ? '' : `: ${change}`}`,
  },
  newLesions: (names: string) => `New since baseline: ${names}`,
  howItCame: 'How the response came about',
  findings: 'Findings',
  confirmed: (count: number) =>
    count === 0 ? 'No confirmed lesion' : plural(count, 'confirmed lesion', 'confirmed lesions'),
  totalVolume: (volume: string) => `${volume} in all`,
  candidates: (count: number) => `${plural(count, 'candidate', 'candidates')} for a reader to accept or reject`,
  /** Short for a change `baseline`. */
  baseline: 'first look',
  gone: 'no longer seen',

  lesions: 'Lesions',
  nothingFound: 'No brain metastasis found',
  shown: (shown: number, all: number) => `${shown} of ${all}: confirmed first, then new, grown, and by volume`,
  whole: 'Current, whole head',
  prior: 'Prior, registered',
  current: 'Current',
  noPriorImage: 'no prior used',
  pictureNote:
    'Axial; R and L are the patient’s. Outlined in red: confirmed, in yellow: candidates. The pictures are for orientation, not for diagnosis.',
  volumeChange: (percent: string, days: string) => `${percent} in ${days}`,
  doubling: (days: number) => `doubles in ${plural(days, 'day', 'days')}`,

  curves: 'Growth curves',
  curvesNote: 'Volume in cm³ against weeks before this examination; from one grid line to the next it doubles.',
  curvesNoteCoarse: (doublings: number) =>
    `Volume in cm³ against weeks before this examination; a grid line is ${doublings} doublings.`,
  noCurves: 'No lesion has been followed yet: the curves begin with the next examination.',
  notSeen: 'not seen',
  now: 'now',
  weeks: (count: number) => `${count} wk`,

  columns: {
    lesion: 'Lesion',
    site: 'Site',
    confidence: 'Finding',
    change: 'Change',
    volume: 'Volume',
    axes: 'Long × short axis',
    sincePrior: 'vs prior',
    sinceBaseline: 'vs baseline',
    doubling: 'Doubling',
  },
  sinceFirstSight: '* not there at baseline: against its first sighting',
  moreLesions: (count: number) =>
    `and ${plural(count, 'more lesion', 'more lesions')}, listed in the structured report (SR)`,
  notFoundNow: 'Earlier lesions not found now',
  notes: 'Notes',
  moreSentences: (count: number) =>
    `and ${plural(count, 'more sentence', 'more sentences')} in the structured report (SR)`,
  kindsOfFinding:
    'Confirmed: found by the high-specificity network. Candidate: seen by the high-sensitivity network alone.',
  networks: 'Networks',
};

export type SheetWording = typeof englishSheet;
