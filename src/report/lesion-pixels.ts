import type { LabelMap } from '../imaging/volume.js';

/** The pixels of one lesion: slice k → indices `i + columns * j` in the slice, both rising. */
export type LesionPixels = ReadonlyMap<number, readonly number[]>;

/** Each label's pixels by slice, in one pass over what may be 100 million voxels. */
export function lesionPixels({ shape, voxels }: LabelMap): Map<number, LesionPixels> {
  const sliceSize = shape[0] * shape[1];
  const lesions = new Map<number, Map<number, number[]>>();
  for (let index = 0; index < voxels.length; index++) {
    const label = voxels[index];
    if (label === 0) continue;
    let slices = lesions.get(label);
    if (slices === undefined) lesions.set(label, (slices = new Map<number, number[]>()));
    const k = Math.floor(index / sliceSize);
    const pixels = slices.get(k);
    if (pixels) pixels.push(index - k * sliceSize);
    else slices.set(k, [index - k * sliceSize]);
  }
  return lesions;
}
