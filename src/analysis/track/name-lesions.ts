import { derivedUID } from '../../dicom/uid.js';
import type { ResponseCriteria } from '../../model/criteria.js';
import type { Lesion, LesionIdentity } from '../../model/lesion.js';
import type { Affine } from '../../imaging/affine.js';
import type { LabelMap } from '../../imaging/volume.js';
import { matchLesions, type KnownLesion, type LesionMatch, type LesionsOnGrid } from './match-lesions.js';

/**
 * A reading in which lesions already have identities: of another time point, or an earlier analysis of the same images.
 */
export interface Reading {
  readonly lesions: readonly KnownLesion[];
  /** Called only if there is something to match. */
  readonly labels: () => Promise<LabelMap>;
  /** Patient space of the current source → that of the reading's, LPS mm. */
  readonly readingFromCurrent: Affine;
}

/** A current lesion and its counterpart in the first reading that knows it. */
export interface NamedLesion extends LesionMatch {
  /** Index of that reading; null for a lesion that none of them knows. */
  readonly reading: number | null;
}

/**
 * Looks for every lesion in one reading after the other. Each identity is looked for only in the first reading that has
 * it: what the prior shows elsewhere is not looked for again in older images.
 *
 * @param readings in order of precedence; merges and splits are determined against the first.
 * @returns one match per lesion, in their order.
 */
export async function recognise(
  current: LesionsOnGrid<Lesion>,
  readings: readonly Reading[],
  criteria: ResponseCriteria,
): Promise<NamedLesion[]> {
  const named = new Map<number, NamedLesion>(
    current.lesions.map(({ number }) => [
      number,
      { number, known: null, mergedFrom: [], splitFrom: null, reading: null },
    ]),
  );
  const decided = new Set<string>();
  for (const [reading, { lesions, labels, readingFromCurrent }] of readings.entries()) {
    const nameless = current.lesions.filter(({ number }) => named.get(number)!.known === null);
    const open = lesions.filter(({ trackingUID }) => !decided.has(trackingUID));
    for (const { trackingUID } of open) decided.add(trackingUID);
    if (nameless.length === 0 || open.length === 0) continue;
    const there = { lesions: open, labels: await labels() };
    for (const match of matchLesions({ ...current, lesions: nameless }, there, readingFromCurrent, criteria))
      if (reading === 0) named.set(match.number, { ...match, reading: match.known && 0 });
      else if (match.known) named.set(match.number, { ...named.get(match.number)!, known: match.known, reading });
  }
  return [...named.values()];
}

/**
 * Mints new identities in the order in which they are asked for. A tracking UID derives from the series and the
 * position where the lesion was first seen.
 *
 * @param taken every identity that the patient has ever had.
 */
export function identityMint(
  SeriesInstanceUID: string,
  taken: readonly LesionIdentity[],
): (lesion: Lesion) => LesionIdentity {
  const uids = new Set(taken.map(({ trackingUID }) => trackingUID));
  const names = new Set(taken.map(({ trackingID }) => trackingID));
  return ({ peakPatientMm }) => {
    const place = peakPatientMm.map((value) => value.toFixed(1)).join();
    let trackingUID = derivedUID('lesion', SeriesInstanceUID, place);
    // The first lesion at this position may have turned out to be another one.
    for (let again = 2; uids.has(trackingUID); again++)
      trackingUID = derivedUID('lesion', SeriesInstanceUID, place, String(again));
    let number = uids.size + 1;
    while (names.has(`Lesion ${number}`)) number++;
    const trackingID = `Lesion ${number}`;
    uids.add(trackingUID);
    names.add(trackingID);
    return { trackingUID, trackingID };
  };
}
