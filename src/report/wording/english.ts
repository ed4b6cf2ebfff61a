import type { Confidence, FindingSite, LesionChange } from '../../model/lesion.js';
import type { Immunotherapy, NotEvaluable, ResponseCategory } from '../../model/response.js';
import type { Refusal, Remark } from '../../model/remark.js';
import { formatOf, listed, plural } from './format.js';
import { englishObjects } from './objects-english.js';
import { englishSheet } from './sheet-english.js';

const { decimal, signed, date } = formatOf('en-GB', '$1-$2-$3');
const mm = (value: number) => `${decimal(value, 1)} mm`;
const days = (count: number) => plural(count, 'day', 'days');
const joined = (words: readonly string[]) => listed(words, 'and');

const responses: Record<ResponseCategory | 'baseline', string> = {
  baseline: 'baseline',
  CR: 'complete response (CR)',
  PR: 'partial response (PR)',
  SD: 'stable disease (SD)',
  'non-CR/non-PD': 'neither complete response nor progressive disease (non-CR/non-PD)',
  PD: 'progressive disease (PD)',
  NE: 'not evaluable (NE)',
};
const changes: Record<LesionChange, string> = {
  baseline: 'baseline (site not previously imaged)',
  new: 'new',
  equivocal: 'equivocal new, to be confirmed',
  grown: 'grown',
  stable: 'stable',
  shrunk: 'shrunk',
  reappeared: 'reappeared',
  unclear: 'unclear',
};
const confidences: Record<Confidence, string> = { confirmed: 'confirmed', candidate: 'candidate' };
const immunotherapies: Record<Immunotherapy, string> = {
  unknown: 'It is not known whether the patient is receiving immunotherapy.',
  yes: 'The patient is receiving immunotherapy.',
  no: 'The patient is not receiving immunotherapy.',
};
const notEvaluable: Record<NotEvaluable, string> = {
  'no usable prior': 'the current study could not be compared with a prior study',
  'incomplete coverage': 'target lesions lie outside the field of view',
  'no lesion': 'there was no confirmed lesion at baseline and there is none now',
};

/** A length in mm, without its unit. */
const lengthText = (mm: number | null): string =>
  mm === null ? 'outside the field of view' : mm === 0 ? 'resolved' : decimal(mm, 1);

/** Why a registration was refused, as a part of a sentence. */
function refusal(why: Refusal): string {
  switch (why.kind) {
    case 'low similarity':
      return `similarity ${decimal(why.similarity, 3)} is below ${why.minimum}`;
    case 'small overlap':
      return `the prior covers ${decimal(why.percent, 0)} % of the brain, less than the required ${why.minimumPercent} %`;
    case 'implausible turn':
      return `a rotation of ${decimal(why.degrees, 0)}° is implausible`;
    case 'implausible shift':
      return `a translation of ${decimal(why.millimetres, 0)} mm is implausible`;
  }
}

/** A remark as a part of a sentence. */
function remark(about: Remark): string {
  switch (about.kind) {
    case 'frames left out':
      return `${plural(about.frames, 'frame of another stack or image type was', 'frames of other stacks or image types were')} excluded`;
    case 'padding':
      return `${plural(about.voxels, 'padding voxel was', 'padding voxels were')} set to the lowest intensity`;
    case 'lossy compression':
      return 'the source images have undergone lossy compression';
    case 'brain cut off':
      return `the brain extends beyond the field of view; ${about.examinedPercent} % of it was examined`;
    case 'prior reviewed':
      return 'the lesions of the prior study are those corrected by a reader';
    case 'no earlier study':
      return 'no earlier study of this patient is available';
    case 'no eligible earlier study':
      return about.studies === 1
        ? 'one earlier study of this patient is available, but it is not eligible for comparison'
        : `${about.studies} earlier studies of this patient are available, but none is eligible for comparison`;
    case 'prior images unusable':
      return `the images of the prior study cannot be used: ${about.message}`;
    case 'registration failed':
      return `the prior study could not be registered: ${about.message}`;
    case 'registration refused':
      return `registration of the prior study was refused: ${refusal(about.refusal)}`;
  }
}

/** Everything that results say in plain words, in English; other languages have the same entries, by type. */
export const english = {
  /** For numbers and dates in other texts. */
  decimal,
  signed,
  date,
  days,
  joined,
  changes,
  confidences,
  confirmedEarlier: 'confirmed earlier',
  responses,
  remark,
  refusal,

  site: ({ structure, laterality }: FindingSite): string =>
    laterality ? `${laterality.meaning} ${structure.meaning.toLowerCase()}` : structure.meaning,

  timePoint: (order: number) => `Time point ${order}`,
  nothingFound: 'No lesion found, neither confirmed nor candidate.',
  found: (confirmed: number, candidates: number) =>
    candidates === 0
      ? `${plural(confirmed, 'confirmed lesion', 'confirmed lesions')}, no candidates.`
      : `${plural(confirmed, 'confirmed lesion', 'confirmed lesions')}, ${plural(candidates, 'candidate', 'candidates')} for review.`,
  sincePrior: (counts: readonly (readonly [LesionChange | 'gone', number])[]) =>
    `Since the prior study: ${counts.map(([change, count]) => `${count} ${change === 'gone' ? 'not visualised' : changes[change]}`).join(', ')}.`,
  forced: 'Series selection was overridden by an operator.',
  demonstration: 'Produced with demonstration weights. Not for clinical use.',
  researchUse: 'For research use only. Not a medical device. Not for use in diagnostic procedures.',
  note: (about: Remark) => `Note: ${remark(about)}.`,

  priorAccepted: (on: string, similarity: number) =>
    `Compared with the prior study of ${date(on)}; rigid registration accepted (similarity ${decimal(similarity, 3)}).`,
  priorRefused: (on: string, reason: string) =>
    `The prior study of ${date(on)} was not used: its registration was refused (${reason}). The networks were given an empty prior.`,
  noPrior: (reason: string) => `No prior study was used: ${reason}. The networks were given an empty prior.`,
  model: (role: 'sensitivity' | 'specificity', name: string, version: string, sha256: string, use: string) =>
    `High-${role} network ${name} ${version}, SHA-256 ${sha256}. ${use}`,

  mergedFrom: (others: readonly string[]) => `Merged with ${joined(others)}.`,
  splitFrom: (whole: string) => `Split from ${whole}.`,
  notVisualised: 'Not visualised.',
  outsideFieldOfView: 'Outside the field of view.',
  mergedInto: (other: string) => `Merged with ${other}.`,
  lastSeen: (order: number, daysAgo: number, volumeMm3: number, longAxisMm: number) =>
    `Last seen at time point ${order}, ${days(daysAgo)} earlier: ${decimal(volumeMm3, 0)} mm³, long axis ${mm(longAxisMm)}.`,
  method: 'RANO-BM (Lin et al. 2015), radiographic part only.',

  // The response, a sentence for each part
  overall: (category: ResponseCategory | 'baseline') => `RANO-BM, radiographic part: ${responses[category]}.`,
  notEvaluable: (why: NotEvaluable) => `Not evaluable: ${notEvaluable[why]}.`,
  underImmunotherapy: (category: ResponseCategory) =>
    `Under immunotherapy new lesions alone do not constitute progression; the response would then be ${responses[category]}.`,
  immunotherapy: (known: Immunotherapy) => immunotherapies[known],
  lasting: (confirmed: boolean, sustained: number, needed: number) =>
    confirmed
      ? `Response confirmed: sustained for ${days(sustained)} (${needed} required).`
      : `Response not yet confirmed: sustained for ${days(sustained)} (${needed} required).`,
  noTargets: 'No target lesions: none was measurable at baseline.',
  targetsAtBaseline: (lengths: readonly string[], sumMm: number, order: number) =>
    `Target lesions selected at time point ${order}, longest diameters in mm: ${lengths.join('; ')}. Sum ${mm(sumMm)}.`,
  targets: (category: string, sumMm: number, baselineMm: number, nadirMm: number, nadirOrder: number) =>
    `Targets: ${category}. Sum of longest diameters ${mm(sumMm)}; baseline ${mm(baselineMm)}${
      baselineMm > 0 ? ` (${signed(100 * (sumMm / baselineMm - 1), 0)} %)` : ''
    }, nadir ${mm(nadirMm)} at time point ${nadirOrder}${
      nadirMm > 0 ? ` (${signed(100 * (sumMm / nadirMm - 1), 0)} %)` : ''
    }.`,
  targetsNotShown: (sumMm: number, baselineMm: number, nadirMm: number, nadirOrder: number) =>
    `Targets: not all lie within the field of view. The sum of those that do is ${mm(sumMm)}; the sum of all was ${mm(baselineMm)} at baseline and ${mm(nadirMm)} at the nadir (time point ${nadirOrder}).`,
  targetLengths: (lengths: readonly string[]) =>
    `Target lesions, baseline → nadir → current, in mm: ${lengths.join('; ')}.`,
  nonTargets: (category: string, lengths: readonly string[]) =>
    `Non-targets: ${category}. Smallest so far → current, in mm: ${lengths.join('; ')}.`,
  nonTargetsAtBaseline: (lengths: readonly string[]) => `Non-target lesions, in mm: ${lengths.join('; ')}.`,
  newLesions: (lengths: readonly string[]) => `New since baseline, in mm: ${lengths.join('; ')}.`,
  equivocalLesions: (lengths: readonly string[]) =>
    `Equivocal new, to be confirmed, in mm: ${lengths.join('; ')}. Not counted as progression.`,
  noNewLesions: 'No new lesions.',
  progressionFrom: (order: number) =>
    `Progression is dated back to time point ${order}, when what is now known to be new was first seen.`,
  shortCountsMore: (mmCounted: number) =>
    `In the sums, a visualised lesion shorter than ${mmCounted} mm counts ${mmCounted} mm.`,
  length: (name: string, lengthsMm: readonly (number | null)[]) => `${name} ${lengthsMm.map(lengthText).join(' → ')}`,
  firstSeen: (order: number) => `first seen at time point ${order}`,
  clinicalPart: 'RANO-BM also considers corticosteroid dose and clinical status, which are not assessed here.',
  candidatesDoNotCount: 'Candidates are counted neither as new lesions nor as progression.',

  objects: englishObjects,
  sheet: englishSheet,
};

/** What a language has to say; complete by type. */
export type Wording = typeof english;
