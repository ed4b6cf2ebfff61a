import type { Confidence, FindingSite, LesionChange } from '../../model/lesion.js';
import type { Immunotherapy, NotEvaluable, ResponseCategory } from '../../model/response.js';
import type { Refusal, Remark } from '../../model/remark.js';
import { formatOf, listed, plural } from './format.js';
import { englishObjects } from './objects-english.js';
import { englishSheet } from './sheet-english.js';

const { decimal, signed, date } = formatOf('en-US', '$1-$2-$3');
const mm = (value: number) => `${decimal(value, 1)} mm`;
const days = (count: number) => plural(count, 'day', 'days');
const joined = (words: readonly string[]) => listed(words, 'and');

const responses: Record<ResponseCategory | 'baseline', string> = {
  baseline: 'baseline',
  CR: 'complete response (CR)',
  PR: 'partial response (PR)',
  SD: 'stable disease (SD)',
  'non-CR/non-PD': 'neither complete response nor progression (non-CR/non-PD)',
  PD: 'progressive disease (PD)',
  NE: 'not evaluable (NE)',
};
const changes: Record<LesionChange, string> = {
  baseline: 'first look at the site',
  new: 'new',
  grown: 'grown',
  stable: 'stable',
  shrunk: 'shrunk',
  reappeared: 'reappeared',
  unclear: 'unclear',
};
const confidences: Record<Confidence, string> = { confirmed: 'confirmed', candidate: 'candidate' };
const immunotherapies: Record<Immunotherapy, string> = {
  unknown: 'Whether the patient is under immunotherapy is not known.',
  yes: 'The patient is under immunotherapy.',
  no: 'The patient is not under immunotherapy.',
};
const notEvaluable: Record<NotEvaluable, string> = {
  'no usable prior': 'this time point could not be compared with the prior study',
  'incomplete coverage': 'the images do not show where targets lie',
  'no lesion': 'there was no confirmed lesion at baseline, and there is none now',
};

/** Why a registration was refused, as a part of a sentence. */
function refusal(why: Refusal): string {
  switch (why.kind) {
    case 'low similarity':
      return `similarity ${decimal(why.similarity, 3)} is below ${why.minimum}`;
    case 'small overlap':
      return `the prior covers ${decimal(why.percent, 0)} % of the brain, less than ${why.minimumPercent} %`;
    case 'implausible turn':
      return `a turn of ${decimal(why.degrees, 0)}° is implausible`;
    case 'implausible shift':
      return `a shift of ${decimal(why.millimetres, 0)} mm is implausible`;
  }
}

/** A remark as a part of a sentence. */
function remark(about: Remark): string {
  switch (about.kind) {
    case 'frames left out':
      return `${plural(about.frames, 'frame', 'frames')} of other stacks or image types were left out`;
    case 'padding':
      return `${plural(about.voxels, 'padding voxel was', 'padding voxels were')} set to the lowest value`;
    case 'lossy compression':
      return 'the source has been through lossy compression';
    case 'brain cut off':
      return `the examined field of view cuts the brain off: ${about.examinedPercent} % of it was examined`;
    case 'prior reviewed':
      return 'the lesions of the prior study are compared as a reader has corrected them';
    case 'no earlier study':
      return 'no earlier study of this patient is known';
    case 'no eligible earlier study':
      return about.studies === 1
        ? 'one earlier study of this patient is known, and it is not eligible for comparison'
        : `${about.studies} earlier studies of this patient are known, and none is eligible for comparison`;
    case 'prior images unusable':
      return `the images of the prior (study ${about.StudyInstanceUID}) cannot be used: ${about.message}`;
    case 'registration failed':
      return `the prior (study ${about.StudyInstanceUID}) could not be registered: ${about.message}`;
    case 'registration refused':
      return `the registration of the prior was refused: ${refusal(about.refusal)}`;
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
  responses,
  remark,
  refusal,

  site: ({ structure, laterality }: FindingSite): string =>
    laterality ? `${laterality.meaning} ${structure.meaning.toLowerCase()}` : structure.meaning,

  timePoint: (order: number) => `Time point ${order}`,
  nothingFound: 'No brain metastasis found, neither confirmed nor candidate.',
  found: (confirmed: number, candidates: number) =>
    candidates === 0
      ? `${confirmed} confirmed, no candidate.`
      : `${confirmed} confirmed, ${plural(candidates, 'candidate', 'candidates')} for a reader to judge.`,
  sincePrior: (counts: readonly (readonly [LesionChange | 'gone', number])[]) =>
    `Since the prior study: ${counts.map(([change, count]) => `${count} ${change === 'gone' ? 'no longer seen' : changes[change]}`).join(', ')}.`,
  forced: 'A person had this series analysed although series selection refused it.',
  demonstration: 'Made with demonstration weights, not for clinical use.',
  researchUse: 'For research use only: no medical device, not to be used for diagnosis.',
  note: (about: Remark) => `Note: ${remark(about)}.`,

  priorAccepted: (study: string, on: string, similarity: number) =>
    `Prior: study ${study} of ${date(on)}, registered rigidly and accepted (similarity ${decimal(similarity, 3)}).`,
  priorRefused: (study: string, on: string, reason: string) =>
    `Prior study ${study} of ${date(on)} was not used: its registration was refused (${reason}). The networks saw an empty prior.`,
  noPrior: (reason: string) => `No prior study was used: ${reason}. The networks saw an empty prior.`,
  model: (role: 'sensitivity' | 'specificity', name: string, version: string, sha256: string, use: string) =>
    `High-${role} network ${name} ${version}, SHA-256 ${sha256}. ${use}`,

  mergedFrom: (others: readonly string[]) => `Has grown together with ${joined(others)}.`,
  splitFrom: (whole: string) => `Was a part of ${whole}.`,
  gone: 'No longer seen.',
  notCovered: 'The images do not show its site.',
  mergedInto: (other: string) => `Has grown together with ${other}.`,
  lastSeen: (order: number, daysAgo: number, volumeMm3: number, longAxisMm: number) =>
    `Last seen at time point ${order}, ${days(daysAgo)} before, with ${decimal(volumeMm3, 0)} mm³ and a long axis of ${mm(longAxisMm)}.`,
  method: 'RANO-BM (Lin 2015), radiographic part only.',

  // The response, a sentence for each part
  overall: (category: ResponseCategory | 'baseline') => `RANO-BM, radiographic part: ${responses[category]}.`,
  notEvaluable: (why: NotEvaluable) => `Not evaluable: ${notEvaluable[why]}.`,
  underImmunotherapy: (category: ResponseCategory) =>
    `New lesions alone are progression only without immunotherapy; under immunotherapy it would be ${responses[category]}.`,
  immunotherapy: (known: Immunotherapy) => immunotherapies[known],
  lasting: (confirmed: boolean, sustained: number, needed: number) =>
    confirmed
      ? `Confirmed: it has lasted for ${days(sustained)} (at least ${needed} are needed).`
      : `Not confirmed yet: it has lasted for ${days(sustained)}, ${needed} are needed.`,
  noTargets: 'No target lesions: none was measurable at baseline.',
  targetsAtBaseline: (count: number, sumMm: number, order: number) =>
    `${plural(count, 'target lesion', 'target lesions')} chosen at time point ${order}; sum of longest diameters ${mm(sumMm)}; in mm:`,
  targets: (category: string, sumMm: number, baselineMm: number, nadirMm: number, nadirOrder: number) =>
    `Targets: ${category}. Sum of longest diameters ${mm(sumMm)}; baseline ${mm(baselineMm)}${
      baselineMm > 0 ? ` (${signed(100 * (sumMm / baselineMm - 1), 0)} %)` : ''
    }, nadir ${mm(nadirMm)} at time point ${nadirOrder}${
      nadirMm > 0 ? ` (${signed(100 * (sumMm / nadirMm - 1), 0)} %)` : ''
    }.`,
  targetsNotShown: (sumMm: number, baselineMm: number, nadirMm: number, nadirOrder: number) =>
    `Targets: not all are shown. Those that are add up to ${mm(sumMm)}; all of them to ${mm(baselineMm)} at baseline and ${mm(nadirMm)} at the nadir, time point ${nadirOrder}.`,
  targetLengths: (lengths: readonly string[]) => `Target lesions in mm, baseline → nadir → now: ${lengths.join('; ')}.`,
  nonTargets: (category: string, lengths: readonly string[]) =>
    `Non-targets: ${category}. Smallest before → now, in mm: ${lengths.join('; ')}.`,
  nonTargetsAtBaseline: (lengths: readonly string[]) => `Non-target lesions, in mm: ${lengths.join('; ')}.`,
  newLesions: (lengths: readonly string[]) => `New since baseline, in mm: ${lengths.join('; ')}.`,
  noNewLesions: 'No new lesion.',
  length: (name: string, lengthsMm: readonly (number | null)[]) =>
    `${name} ${lengthsMm.map((length) => (length === null ? 'not shown' : decimal(length, 1))).join(' → ')}`,
  firstSeen: (order: number) => `first seen at time point ${order}`,
  clinicalPart:
    'Steroid dose and clinical status are part of RANO-BM, too; they are not judged here, a person has to add them.',
  candidatesDoNotCount: 'Candidates count neither as new lesions nor as progression.',

  objects: englishObjects,
  sheet: englishSheet,
};

/** What a language has to say; complete by type. */
export type Wording = typeof english;
