/** A corner of a pixel: column and row from 0; pixel (i, j) lies between corners (i, j) and (i + 1, j + 1). */
export type Corner = readonly [number, number];
/** A closed polygon of corners; the first is not repeated at the end. */
export type Outline = readonly Corner[];

/** Right, down, left, up: one step further is a turn to the right, since rows run down. */
const steps = [[1, 0], [0, 1], [-1, 0], [0, -1]] as const; // prettier-ignore

/**
 * Closed polygons along the pixels' edges around a set of pixels. Their area is exactly that of the pixels, even of a
 * single one, which no contour through pixel centres achieves. Pixels that touch only at a corner lie in separate
 * polygons. A polygon with holes is one keyhole polygon: a channel of zero width leads to each hole and back (PS3.3
 * C.8.8.6.3).
 *
 * @param pixels `i + columns * j` of each pixel of one slice.
 */
export function outlines(pixels: readonly number[], columns: number): Outline[] {
  const inside = new Set(pixels);
  const has = (i: number, j: number) => i >= 0 && i < columns && inside.has(i + columns * j);
  const rings = trace(pixels, columns, has);
  const polygons = rings.filter((ring) => signedArea(ring) > 0);
  // From left to right, so that a channel to the left ends at the outer ring or at a hole that is already joined.
  const holes = rings.filter((ring) => signedArea(ring) < 0).map(startAtLeftmost);
  for (const hole of holes.sort(([a], [b]) => a[0] - b[0] || a[1] - b[1])) joinHole(polygons, hole, has);
  return polygons;
}

/** Shoelace formula, in pixels; positive for outer rings, negative for the rings of holes. */
export function signedArea(ring: Outline): number {
  return ring.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = ring[(index + 1) % ring.length];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}

/** The rings of the pixels' outer edges, walked with the pixels to the right. */
function trace(pixels: readonly number[], columns: number, has: (i: number, j: number) => boolean): Corner[][] {
  const key = (x: number, y: number) => x + (columns + 1) * y;
  /** Directions in which edges leave a corner: one, or two opposite ones where pixels touch by the corner. */
  const leaving = new Map<number, number[]>();
  const edges: [number, number, number][] = [];
  const edge = (x: number, y: number, direction: number) => {
    edges.push([x, y, direction]);
    leaving.set(key(x, y), [...(leaving.get(key(x, y)) ?? []), direction]);
  };
  for (const pixel of pixels) {
    const i = pixel % columns;
    const j = Math.floor(pixel / columns);
    if (!has(i, j - 1)) edge(i, j, 0);
    if (!has(i + 1, j)) edge(i + 1, j, 1);
    if (!has(i, j + 1)) edge(i + 1, j + 1, 2);
    if (!has(i - 1, j)) edge(i, j + 1, 3);
  }
  const walked = new Set<number>();
  const rings: Corner[][] = [];
  for (const [startX, startY, startDirection] of edges) {
    let [x, y, direction] = [startX, startY, startDirection];
    if (walked.has(key(x, y) * 4 + direction)) continue;
    const ring: Corner[] = [];
    do {
      walked.add(key(x, y) * 4 + direction);
      x += steps[direction][0];
      y += steps[direction][1];
      const ways = leaving.get(key(x, y))!;
      const right = (direction + 1) % 4;
      const next = ways.includes(right) ? right : ways[0];
      if (next !== direction) ring.push([x, y]);
      direction = next;
    } while (x !== startX || y !== startY || direction !== startDirection);
    rings.push(ring);
  }
  return rings;
}

/** The same ring, starting at its leftmost corner, the topmost if there are several. */
function startAtLeftmost(ring: readonly Corner[]): Corner[] {
  const first = ring.reduce(
    (best, [x, y], index) => (x < ring[best][0] || (x === ring[best][0] && y < ring[best][1]) ? index : best),
    0,
  );
  return [...ring.slice(first), ...ring.slice(0, first)];
}

/** Leads a channel from the hole's first corner to the left, to the polygon it meets, and joins the two. */
function joinHole(polygons: Outline[], hole: Outline, has: (i: number, j: number) => boolean): void {
  const [startX, y] = hole[0];
  let x = startX - 1;
  while (has(x - 1, y) && has(x - 1, y - 1)) x--;
  for (const [index, polygon] of polygons.entries()) {
    const at = polygon.findIndex((corner, here) => liesBetween([x, y], corner, polygon[(here + 1) % polygon.length]));
    if (at < 0) continue;
    const [cornerX, cornerY] = polygon[at];
    const before = polygon.slice(0, cornerX === x && cornerY === y ? at : at + 1);
    polygons[index] = [...before, [x, y], ...hole, hole[0], [x, y], ...polygon.slice(at + 1)];
    return;
  }
}

/** Whether a corner lies on the straight edge from one corner to the next; `to` itself counts for the next edge. */
const liesBetween = ([x, y]: Corner, [fromX, fromY]: Corner, [toX, toY]: Corner): boolean =>
  (x !== toX || y !== toY) &&
  (fromX === toX ? x === fromX && (y - fromY) * (y - toY) <= 0 : y === fromY && (x - fromX) * (x - toX) <= 0);
