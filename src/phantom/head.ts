import type { Affine, Vector3 } from '../imaging/affine.js';
import type { Volume } from '../imaging/volume.js';
import type { EnhancingPart } from './enhancing-part.js';
import type { Random } from './random.js';
import type { Tube } from './tube.js';
import type { Warping } from './warp.js';

/** What a head is made of in one patient, without metastases, on the head's own grid. */
export interface PaintedHead {
  /** Signal without contrast agent in vessels and sheets, white matter = 1. */
  readonly tissue: Float32Array;
  /** What takes up contrast. */
  readonly parts: readonly EnhancingPart[];
}

/**
 * The head phantoms are made from. It stands in source space: LPS mm, where and as large as Colin27 is in MNI space, so
 * that vessels' waypoints can be given in MNI coordinates.
 */
export interface SourceHead extends Warping {
  /** Name of the label map it was made from; null for one made from an image. */
  readonly anatomy: string | null;
  /** Dark fluid, grey and bright white matter by `levels`: what vessels, plexus and lesions find their way by. */
  readonly image: Volume;
  /** 1 inside the brain, 0 outside; same grid as `image`. */
  readonly brain: Uint8Array;
  /** 1 where the vessels of the surface run: sulci, cisterns, and the fluid around the brain. */
  readonly vesselSpace: Uint8Array;
  readonly voxelFromSource: Affine;
  readonly levels: { readonly csf: number; readonly grey: number; readonly white: number };
  /** Draws a patient's tissues. */
  readonly paint: (random: Random) => PaintedHead;
  /** Draws a patient's vessels and other tubes, structure by structure, in source space. */
  readonly tubes: (random: Random) => Readonly<Record<string, readonly Tube[]>>;
}

/** Index of the voxel nearest to a point of the source space, or −1 outside the image. */
export function voxelIndexAt({ image, voxelFromSource: m }: SourceHead, [x, y, z]: Vector3): number {
  const [nx, ny, nz] = image.shape;
  const i = Math.round(m[0] * x + m[1] * y + m[2] * z + m[3]);
  const j = Math.round(m[4] * x + m[5] * y + m[6] * z + m[7]);
  const k = Math.round(m[8] * x + m[9] * y + m[10] * z + m[11]);
  return i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz ? -1 : i + nx * (j + ny * k);
}

/** Whether a point of the source space lies in the brain mask. */
export function isBrain(head: SourceHead, point: Vector3): boolean {
  const index = voxelIndexAt(head, point);
  return index >= 0 && head.brain[index] === 1;
}

/** The image's value at a point (nearest voxel), 0 outside. */
export function intensityAt(head: SourceHead, point: Vector3): number {
  const index = voxelIndexAt(head, point);
  return index < 0 ? 0 : head.image.voxels[index];
}
