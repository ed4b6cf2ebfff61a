import type { Dataset } from './dataset.js';

/**
 * A functional group of one frame (counted from 0), per-frame before shared (PS3.3 C.7.6.16); empty if there is none.
 */
export function functionalGroup(dataset: Dataset, keyword: string, frame = 0): Dataset {
  const own = (dataset['PerFrameFunctionalGroupsSequence'] as readonly Dataset[] | undefined)?.[frame]?.[keyword];
  const shared = (dataset['SharedFunctionalGroupsSequence'] as readonly Dataset[] | undefined)?.[0]?.[keyword];
  return (own?.[0] ?? shared?.[0] ?? {}) as Dataset;
}
