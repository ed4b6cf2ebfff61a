import dcmjs from 'dcmjs';
import type { Confidence, TrackedLesion } from '../model/lesion.js';
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
  (dcmjs.data.Colors.rgb2DICOMLAB(confidenceColour[confidence].map((value) => value / 255)) as number[]).map(
    Math.round,
  );

/** `Metastasis 1` for what both networks see, `Candidate 2` for what is left to the reader. */
export const segmentLabel = (
  { confidence, number }: Pick<TrackedLesion, 'confidence' | 'number'>,
  { objects }: Wording,
): string => `${objects.segment[confidence]} ${number}`;

/** How sure a lesion is and what became of it, e.g. `confirmed, grown`. */
export const segmentState = (
  { confidence, change }: Pick<TrackedLesion, 'confidence' | 'change'>,
  { confidences, changes }: Wording,
): string => `${confidences[confidence]}, ${changes[change]}`;
