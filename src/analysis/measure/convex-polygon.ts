/** A point of a plane, mm. */
export type Point2 = readonly [number, number];

/** A straight line between two points, with its length. */
export interface Chord {
  readonly length: number;
  readonly ends: readonly [Point2, Point2];
}

/** Twice the signed area of o, a, b; positive when they turn left. */
const turn = (o: Point2, a: Point2, b: Point2): number => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);

/** Convex hull, counter-clockwise (Andrew's monotone chain). */
export function convexHull(points: readonly Point2[]): Point2[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (ordered: readonly Point2[]): Point2[] => {
    const chain: Point2[] = [];
    for (const point of ordered) {
      while (chain.length >= 2 && turn(chain[chain.length - 2], chain[chain.length - 1], point) <= 1e-12) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return sorted.length < 3 ? sorted : [...half(sorted), ...half(sorted.reverse())];
}

/** The two hull corners that lie furthest apart. */
export function diameter(hull: readonly Point2[]): Chord {
  let longest: Chord = { length: 0, ends: [hull[0], hull[0]] };
  for (let a = 0; a < hull.length; a++)
    for (let b = a + 1; b < hull.length; b++) {
      const length = Math.hypot(hull[a][0] - hull[b][0], hull[a][1] - hull[b][1]);
      if (length > longest.length + 1e-9) longest = { length, ends: [hull[a], hull[b]] };
    }
  return longest;
}

/**
 * The longest chord of the hull at a right angle to `axis`. The width of a convex polygon along an axis is concave and
 * straight between its corners, so that the longest chord starts at a corner.
 */
export function longestPerpendicularChord(hull: readonly Point2[], axis: readonly [Point2, Point2]): Chord {
  const [from, to] = axis;
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  let longest: Chord = { length: 0, ends: [from, from] };
  if (length === 0) return longest;
  const u: Point2 = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  // Coordinates along (s) and across (t) the axis.
  const local = hull.map((p): Point2 => [p[0] * u[0] + p[1] * u[1], p[1] * u[0] - p[0] * u[1]]);
  for (const [s] of local) {
    let least = Infinity;
    let most = -Infinity;
    local.forEach((p, index) => {
      const q = local[(index + 1) % local.length];
      if (Math.min(p[0], q[0]) > s || Math.max(p[0], q[0]) < s) return;
      const crossings =
        Math.abs(p[0] - q[0]) < 1e-12 ? [p[1], q[1]] : [p[1] + ((s - p[0]) / (q[0] - p[0])) * (q[1] - p[1])];
      least = Math.min(least, ...crossings);
      most = Math.max(most, ...crossings);
    });
    if (most - least <= longest.length + 1e-9) continue;
    const back = (t: number): Point2 => [s * u[0] - t * u[1], s * u[1] + t * u[0]];
    longest = { length: most - least, ends: [back(least), back(most)] };
  }
  return longest;
}
