import dcmjs from 'dcmjs';
import type { Confidence, TrackedLesion } from '../model/lesion.js';
import { codes, type Code } from './codes.js';
import type { Wording } from './wording/english.js';

/** Red for confirmed, yellow for candidate, sRGB 0…255: apart also for eyes that tell red and green badly. */
export const confidenceColour: Readonly<Record<Confidence, readonly [number, number, number]>> = {
  confirmed: [255, 90, 79],
  candidate: [255, 216, 74],
};

/** The same as canvas and PDF write it. */
export const confidenceHex = (confidence: Confidence): string =>
  `#${confidenceColour[confidence].map((value) => value.toString(16).padStart(2, '0')).join('')}`;

/** The same as RecommendedDisplayCIELabValue: L 0…100, a and b −128…127, each scaled to 0…65535 (PS3.3 C.10.7.1.1). */
export const confidenceCIELab = (confidence: Confidence): number[] =>
  dcmjs.data.Colors.rgb2DICOMLAB(confidenceColour[confidence].map((value) => value / 255)).map(Math.round);

/** What a lesion is called in every object, at every time point: `Lesion 12`, `Lesion 5 (candidate)`. */
export const lesionName = (
  { trackingID, confidence }: Pick<TrackedLesion, 'trackingID' | 'confidence'>,
  { confidences }: Wording,
): string => (confidence === 'candidate' ? `${trackingID} (${confidences.candidate})` : trackingID);

/** Whether a lesion was confirmed at an earlier time point. */
const wasConfirmed = ({ history }: Pick<TrackedLesion, 'history'>): boolean =>
  history.some(({ confidence }) => confidence === 'confirmed');

/** How sure a lesion is: `confirmed`, `candidate`, `candidate (confirmed earlier)`. */
export const confidenceText = (
  lesion: Pick<TrackedLesion, 'confidence' | 'history'>,
  { confidences, confirmedEarlier }: Wording,
): string =>
  lesion.confidence === 'candidate' && wasConfirmed(lesion)
    ? `${confidences.candidate} (${confirmedEarlier})`
    : confidences[lesion.confidence];

/** How sure a lesion is and what became of it, e.g. `confirmed, grown`. */
export const lesionState = (
  lesion: Pick<TrackedLesion, 'confidence' | 'history' | 'change'>,
  wording: Wording,
): string => `${confidenceText(lesion, wording)}, ${wording.changes[lesion.change]}`;

/** The coded type of what was found: a metastasis once it has been confirmed, a lesion until then (CID 7159). */
export const findingType = (
  lesion: Pick<TrackedLesion, 'history'> & Partial<Pick<TrackedLesion, 'confidence'>>,
): Code => (lesion.confidence === 'confirmed' || wasConfirmed(lesion) ? codes.metastasis : codes.lesion);
