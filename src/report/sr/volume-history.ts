import type { VolumeChange } from '../../model/change.js';
import type { TrackedLesion } from '../../model/lesion.js';
import { codes, type Code } from '../codes.js';
import { roundedDecimalString } from '../decimal-string.js';
import { numeric, type ContentItem } from './content-item.js';

const sincePrevious = {
  volume: codes.previousVolume,
  change: codes.volumeChange,
  relative: codes.relativeVolumeChange,
  interval: codes.interval,
  doublingTime: codes.doublingTime,
};
const sinceFirst: typeof sincePrevious = {
  volume: codes.firstVolume,
  change: codes.volumeChangeSinceFirst,
  relative: codes.relativeVolumeChangeSinceFirst,
  interval: codes.intervalSinceFirst,
  doublingTime: codes.doublingTimeSinceFirst,
};

/**
 * How a lesion's volume has changed since it was last measured, and since it was first measured.
 *
 * @param modifier a child for each number: OHIF stops at one that has none.
 */
export function volumeHistory(
  { sincePrior, sinceBaseline }: Pick<TrackedLesion, 'sincePrior' | 'sinceBaseline'>,
  modifier: ContentItem,
): ContentItem[] {
  const numbers = (concepts: Record<keyof typeof sincePrevious, Code>, since: VolumeChange) => {
    const item = (concept: Code, value: number, decimals: number, units: Code) =>
      numeric('CONTAINS', concept, roundedDecimalString(value, decimals), units, [modifier]);
    return [
      item(concepts.volume, since.volumeBeforeMm3, 2, codes.cubicMillimetre),
      item(concepts.change, since.volumeChangeMm3, 2, codes.cubicMillimetre),
      ...(since.volumeChangePercent === null
        ? []
        : [item(concepts.relative, since.volumeChangePercent, 1, codes.percent)]),
      item(concepts.interval, since.intervalDays, 0, codes.day),
      ...(since.doublingTimeDays === null ? [] : [item(concepts.doublingTime, since.doublingTimeDays, 1, codes.day)]),
    ];
  };
  return [
    ...(sincePrior ? numbers(sincePrevious, sincePrior) : []),
    ...(sinceBaseline ? numbers(sinceFirst, sinceBaseline) : []),
  ];
}
