import { derivedUID } from '../dicom/uid.js';
import type { Lesion, LesionChange, LesionIdentity } from '../findings/lesion.js';
import type { KnownLesion, LesionTrack } from '../track/lesion-tracking.js';

/** A lesion with its identity, and what became of it since the prior. */
export type IdentifiedLesion = Lesion & LesionIdentity & { readonly change: LesionChange };

/**
 * Gives every lesion the identity it keeps for life: that of the prior's lesion it was matched with, else the one an earlier
 * run over the same images gave it, else a new one. Tracking UIDs derive from the series and the place of first sight.
 *
 * @param tracks against the prior; the change comes from here.
 * @param earlierRun known lesions by current number, from matching with a superseded case of the same images.
 * @param taken how many identities the patient has had so far.
 */
export function identify(
  lesions: readonly Lesion[],
  tracks: readonly LesionTrack[],
  earlierRun: ReadonlyMap<number, KnownLesion>,
  { SeriesInstanceUID, taken }: { SeriesInstanceUID: string; taken: number },
): IdentifiedLesion[] {
  const given = new Set(tracks.flatMap(({ known }) => (known ? [known.trackingUID] : [])));
  let next = taken;
  return lesions.map((lesion): IdentifiedLesion => {
    const track = tracks.find(({ number }) => number === lesion.number);
    const change = track?.change ?? 'baseline';
    if (track?.known) {
      const { trackingUID, trackingID } = track.known;
      return { ...lesion, trackingUID, trackingID, change };
    }
    const again = earlierRun.get(lesion.number);
    if (again && !given.has(again.trackingUID)) {
      given.add(again.trackingUID);
      return { ...lesion, trackingUID: again.trackingUID, trackingID: again.trackingID, change };
    }
    next++;
    const place = lesion.peakPatientMm.map((value) => value.toFixed(1)).join();
    return {
      ...lesion,
      trackingUID: derivedUID('lesion', SeriesInstanceUID, place),
      trackingID: `Lesion ${next}`,
      change,
    };
  });
}
