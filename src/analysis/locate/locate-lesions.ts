import { applyTransforms, type StageTransform } from '../../imaging/elastix/transform.js';
import type { FindingSite } from '../../model/lesion.js';
import { applyAffine, invertAffine, type Affine, type Vector3 } from '../../imaging/affine.js';
import { voxelFromIndex, type LabelMap, type Volume } from '../../imaging/volume.js';
import { siteOf } from './site-atlas.js';

/** A lesion just outside the atlas's brain belongs to the structure within this distance, in voxels of the atlas. */
const reach = 4;

/**
 * The location of each lesion: the structure that holds most of its voxels, once the atlas is laid on this brain. A
 * lesion on the surface of the brain takes the nearest structure around it.
 *
 * @param labels lesion numbers, on the source grid.
 * @param templateFromSource rigid: source → template patient space, LPS mm.
 * @param atlasFromTemplate template patient space, where the patient's brain lies → atlas; the first is applied first.
 * @returns the location of each lesion number, or null where the atlas has none.
 */
export function locateLesions(
  labels: LabelMap,
  templateFromSource: Affine,
  atlasFromTemplate: readonly StageTransform[],
  atlas: Volume,
): Map<number, FindingSite | null> {
  const voxelFromPatient = invertAffine(atlas.patientFromVoxel);
  const places = new Map<number, Vector3[]>();
  labels.voxels.forEach((number, index) => {
    if (number === 0) return;
    const inSource = applyAffine(labels.patientFromVoxel, voxelFromIndex(index, labels.shape));
    const inTemplate = applyAffine(templateFromSource, inSource);
    const place = applyAffine(voxelFromPatient, applyTransforms(atlasFromTemplate, inTemplate));
    const known = places.get(number);
    if (known) known.push(place);
    else places.set(number, [place]);
  });
  return new Map([...places].map(([number, at]) => [number, siteOf(mostFrequent(at, atlas))]));
}

/** The atlas value at most of the places; if none has a value, ever wider surroundings are searched. */
function mostFrequent(places: readonly Vector3[], atlas: Volume): number {
  for (let radius = 0; radius <= reach; radius++) {
    const votes = new Map<number, number>();
    for (const place of places)
      for (const value of valuesAround(place, radius, atlas)) votes.set(value, (votes.get(value) ?? 0) + 1);
    // Ties go to the smaller value, so that the result depends on nothing else.
    const [first] = [...votes].sort(([a, m], [b, n]) => n - m || a - b);
    if (first) return first[0];
  }
  return 0;
}

/** Values other than 0 on the surface of a cube of half-width `radius` around a place. */
function valuesAround(place: Vector3, radius: number, { shape, voxels }: Volume): number[] {
  const [x, y, z] = place.map(Math.round);
  const found: number[] = [];
  for (let k = z - radius; k <= z + radius; k++)
    for (let j = y - radius; j <= y + radius; j++)
      for (let i = x - radius; i <= x + radius; i++) {
        if (Math.max(Math.abs(i - x), Math.abs(j - y), Math.abs(k - z)) !== radius) continue;
        if (i < 0 || j < 0 || k < 0 || i >= shape[0] || j >= shape[1] || k >= shape[2]) continue;
        const value = voxels[i + shape[0] * (j + shape[1] * k)];
        if (value) found.push(value);
      }
  return found;
}
