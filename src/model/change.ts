import { z } from 'zod';
import type { ResponseCriteria } from './criteria.js';

/** A lesion's volume at one time point. */
export interface DatedVolume {
  /** Milliseconds since the epoch, UTC. */
  readonly acquiredAt: number;
  readonly volumeMm3: number;
}

/** How a lesion's volume changed between two time points. */
export const volumeChangeSchema = z
  .object({
    category: z.enum(['grown', 'stable', 'shrunk']),
    /** Days between both, rounded. */
    intervalDays: z.number(),
    volumeBeforeMm3: z.number(),
    volumeChangeMm3: z.number(),
    /** Of the earlier volume; null when that lay below the measuring floor. */
    volumeChangePercent: z.number().nullable(),
    /**
     * Days in which the volume doubles at this pace; null when it did not grow by more than measurement noise, within a
     * day, or from below the measuring floor.
     */
    doublingTimeDays: z.number().nullable(),
  })
  .readonly();
export type VolumeChange = z.output<typeof volumeChangeSchema>;

const dayMs = 86_400_000;

/** The numbers that SR, PDF and `priora history` all show. Doubling time after Collins 1956: exponential growth between two volumes. */
export function volumeChange(before: DatedVolume, now: DatedVolume, criteria: ResponseCriteria): VolumeChange {
  const days = (now.acquiredAt - before.acquiredAt) / dayMs;
  const volumeChangeMm3 = now.volumeMm3 - before.volumeMm3;
  const { minimumVolumeChangeMm3, minimumVolumeMm3 } = criteria.change;
  const isMeasured = before.volumeMm3 > 0 && before.volumeMm3 >= minimumVolumeMm3;
  const grows = isMeasured && volumeChangeMm3 > 0 && volumeChangeMm3 >= minimumVolumeChangeMm3 && days >= 1;
  return {
    category: changeOf(now.volumeMm3, before.volumeMm3, criteria),
    intervalDays: Math.round(days),
    volumeBeforeMm3: before.volumeMm3,
    volumeChangeMm3,
    volumeChangePercent: isMeasured ? (100 * volumeChangeMm3) / before.volumeMm3 : null,
    doublingTimeDays: grows ? (days * Math.LN2) / Math.log(now.volumeMm3 / before.volumeMm3) : null,
  };
}

/**
 * Grown, shrunk or stable, from two volumes of one lesion. A volume below the measuring floor is known to be no larger than
 * the floor, and counts as that: what has grown from a few voxels has grown if it has from the floor, too.
 */
export function changeOf(
  volumeMm3: number,
  priorVolumeMm3: number,
  { change }: ResponseCriteria,
): 'grown' | 'stable' | 'shrunk' {
  const [now, before] = [volumeMm3, priorVolumeMm3].map((volume) => Math.max(volume, change.minimumVolumeMm3));
  if (Math.abs(now - before) < change.minimumVolumeChangeMm3) return 'stable';
  const ratio = now / before;
  if (ratio >= change.grownVolumeRatio) return 'grown';
  return ratio <= change.shrunkVolumeRatio ? 'shrunk' : 'stable';
}
