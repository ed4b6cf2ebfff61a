import type { Vector3 } from '../imaging/affine.js';
import { intensityAt, isBrain, type SourceHead } from './head.js';

/** MNI coordinates (RAS) → LPS mm. */
export const fromMni = (x: number, y: number, z: number): Vector3 => [-x, -y, z];

/** Middle of the fan of rays that finds the inner skull in the midline. */
const fanCentre = fromMni(0, -20, 10);

/** The farthest brain along a ray, in mm from `origin`; 0 when the ray meets none. */
export function brainRadius(head: SourceHead, origin: Vector3, direction: Vector3): number {
  for (let radius = 125; radius > 0; radius -= 0.5)
    if (
      isBrain(head, [
        origin[0] + radius * direction[0],
        origin[1] + radius * direction[1],
        origin[2] + radius * direction[2],
      ])
    )
      return radius;
  return 0;
}

/**
 * The inner skull in the midline, from the forehead over the vertex to the torcula: points 3° apart with their distance
 * to the fan's centre. The mask follows the cortex into the fissure, so the fan is looked at beside the midline.
 */
export function midlineContour(head: SourceHead): { angleDeg: number; radiusMm: number; point: Vector3 }[] {
  const angles = Array.from({ length: 61 }, (_, index) => 14 + 3 * index);
  const radii = angles.map((angle) => {
    const direction: Vector3 = [0, -Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
    return Math.max(...[-9, -6, 6, 9].map((x) => brainRadius(head, [x, fanCentre[1], fanCentre[2]], direction)));
  });
  return angles.map((angleDeg, index) => {
    const around = [-2, -1, 0, 1, 2].map((d) => radii[Math.min(radii.length - 1, Math.max(0, index + d))]);
    const radiusMm = around.reduce((sum, radius) => sum + radius, 0) / around.length + 1;
    return { angleDeg, radiusMm, point: onFan(angleDeg, radiusMm) };
  });
}

/** Where a point of the midline (LPS mm) lies on the fan: 14° at the forehead, 90° at the vertex, 194° at the torcula. */
export function onMidlineFan(y: number, z: number): { angleDeg: number; radiusMm: number } {
  const [forward, up] = [fanCentre[1] - y, z - fanCentre[2]];
  const angle = (Math.atan2(up, forward) * 180) / Math.PI;
  return { angleDeg: angle < -90 ? angle + 360 : angle, radiusMm: Math.hypot(forward, up) };
}

function onFan(angleDeg: number, radiusMm: number, x = 0): Vector3 {
  const angle = (angleDeg * Math.PI) / 180;
  return [x, fanCentre[1] - radiusMm * Math.cos(angle), fanCentre[2] + radiusMm * Math.sin(angle)];
}

/** The x within ±3 mm where the image is darkest: the fissure's middle, which wanders about the midline. */
function fissureX(head: SourceHead, point: Vector3): number {
  let best = 0;
  let darkest = Infinity;
  for (const x of [0, 1, -1, 2, -2, 3, -3]) {
    const value = intensityAt(head, [x, point[1], point[2]]) + 2 * Math.abs(x);
    if (value < darkest) [darkest, best] = [value, x];
  }
  return best;
}

/** Points of the falx, half a millimetre apart: from the midline contour inwards, deeper towards the back. */
export function falxPoints(head: SourceHead): Vector3[] {
  const contour = midlineContour(head);
  const points: Vector3[] = [];
  for (let angle = 14; angle < 192; angle += 0.4) {
    const position = (angle - 14) / 3;
    const index = Math.min(contour.length - 2, Math.floor(position));
    const part = position - index;
    const radius = contour[index].radiusMm * (1 - part) + contour[index + 1].radiusMm * part;
    const depth = 14 + 30 * Math.min(1, (angle - 14) / 150);
    for (let inward = 0; inward < depth; inward += 0.5) {
      const flat = onFan(angle, radius - inward);
      points.push([fissureX(head, flat), flat[1], flat[2]]);
    }
  }
  return points;
}

/** The straight sinus' height above the MNI plane at a given y (RAS). */
const straightSinusZ = (y: number) => 8 + ((y + 44) / -52) * -20;

/**
 * Points of the tentorium: a tent from the straight sinus down to the transverse sinuses, snapped to the darkest voxel
 * within 4 mm of height (the fissure between cerebrum and cerebellum).
 */
export function tentoriumPoints(head: SourceHead): Vector3[] {
  const points: Vector3[] = [];
  for (let y = -92; y <= -40; y += 0.7)
    for (let x = -56; x <= 56; x += 0.7) {
      const ridge = straightSinusZ(y);
      const z = ridge + (-27 - ridge) * (Math.abs(x) / 58) ** 0.8;
      let best = z;
      let darkest = Infinity;
      for (let dz = -4; dz <= 4; dz++) {
        const value = intensityAt(head, fromMni(x, y, z + dz)) + Math.abs(dz);
        if (value < darkest) [darkest, best] = [value, z + dz];
      }
      // Without a fissure there the surface would cut through tissue.
      if (darkest < 0.95 * head.levels.grey && isBrain(head, fromMni(x * 0.9, y * 0.97, z)))
        points.push(fromMni(x, y, best));
    }
  return points;
}
