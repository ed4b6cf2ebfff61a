/** A closed polygon in pixel coordinates: x0, y0, x1, y1, …; pixel (i, j) has its centre at (i, j). */
export type Polygon = ArrayLike<number>;

/**
 * Sets the pixels whose centre lies inside an odd number of the polygons (even–odd rule): a polygon within another one
 * is a hole, and so is a keyhole. Parts beyond the image are cut off.
 *
 * @param target rows of `columns` pixels; set to 1, others are left alone.
 */
export function fillPolygons(
  polygons: readonly Polygon[],
  columns: number,
  rows: number,
  target: Uint8Array | Uint16Array,
): void {
  for (let j = 0; j < rows; j++) {
    const crossings: number[] = [];
    for (const polygon of polygons) {
      const count = polygon.length >> 1;
      for (let from = count - 1, to = 0; to < count; from = to++) {
        const [y0, y1] = [polygon[2 * from + 1], polygon[2 * to + 1]];
        if (y0 <= j === y1 <= j) continue;
        const [x0, x1] = [polygon[2 * from], polygon[2 * to]];
        crossings.push(x0 + ((j - y0) / (y1 - y0)) * (x1 - x0));
      }
    }
    crossings.sort((a, b) => a - b);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const first = Math.max(0, Math.ceil(crossings[pair]));
      const end = Math.min(columns, Math.ceil(crossings[pair + 1]));
      if (first < end) target.fill(1, j * columns + first, j * columns + end);
    }
  }
}
