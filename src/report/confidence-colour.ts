import dcmjs from 'dcmjs';
import type { Confidence } from '../model/lesion.js';

/** Red for confirmed, yellow for candidate, sRGB 0…255: apart also for eyes that tell red and green badly. */
export const confidenceColour: Readonly<Record<Confidence, readonly [number, number, number]>> = {
  confirmed: [255, 90, 79],
  candidate: [255, 216, 74],
};

/** The same as RecommendedDisplayCIELabValue: L 0…100, a and b −128…127, each scaled to 0…65535 (PS3.3 C.10.7.1.1). */
export const confidenceCIELab = (confidence: Confidence): number[] =>
  (dcmjs.data.Colors.rgb2DICOMLAB(confidenceColour[confidence].map((value) => value / 255)) as number[]).map(
    Math.round,
  );
