import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillPolygons } from '../../src/imaging/polygon-fill.js';

/** Even–odd by rays upwards, where the filler casts its along rows; undefined on an edge, where inside is a matter of rounding. */
function inside(polygons: readonly number[][], i: number, j: number): boolean | undefined {
  let odd = false;
  for (const polygon of polygons)
    for (let a = 0; a < polygon.length; a += 2) {
      const b = (a + 2) % polygon.length;
      const [x0, y0, x1, y1] = [polygon[a], polygon[a + 1], polygon[b], polygon[b + 1]];
      if (x0 <= i === x1 <= i) continue;
      const above = y0 + ((i - x0) / (x1 - x0)) * (y1 - y0) - j;
      if (Math.abs(above) < 1e-9) return undefined;
      if (above > 0) odd = !odd;
    }
  return odd;
}

test('pixels inside an odd number of polygons are set, whatever the polygons', () => {
  // Corners off the pixels' rows and columns.
  const coordinate = fc.integer({ min: -30, max: 150 }).map((value) => value / 10 + 0.037);
  const polygon = fc
    .array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 8 })
    .map((points) => points.flat());
  fc.assert(
    fc.property(fc.array(polygon, { minLength: 1, maxLength: 4 }), (polygons) => {
      const [columns, rows] = [12, 10];
      const target = new Uint8Array(columns * rows);
      fillPolygons(polygons, columns, rows, target);
      target.forEach((value, index) => {
        const expected = inside(polygons, index % columns, Math.floor(index / columns));
        if (expected !== undefined) expect(value === 1).toBe(expected);
      });
    }),
    { examples: [[[[3.237, -0.763, 10.737, 6.737, 0.037, 0.037]]]] },
  );
});
