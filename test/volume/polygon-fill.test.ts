import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillPolygons } from '../../src/volume/polygon-fill.js';

/** Even–odd by rays upwards, where the filler casts its along rows. */
function inside(polygons: readonly number[][], i: number, j: number): boolean {
  let odd = false;
  for (const polygon of polygons)
    for (let a = 0; a < polygon.length; a += 2) {
      const b = (a + 2) % polygon.length;
      const [x0, y0, x1, y1] = [polygon[a], polygon[a + 1], polygon[b], polygon[b + 1]];
      if (x0 <= i !== x1 <= i && y0 + ((i - x0) / (x1 - x0)) * (y1 - y0) > j) odd = !odd;
    }
  return odd;
}

test('pixels inside an odd number of polygons are set, whatever the polygons', () => {
  // Off the pixels' centres, where inside is a matter of convention.
  const coordinate = fc.integer({ min: -30, max: 150 }).map((value) => value / 10 + 0.037);
  const polygon = fc
    .array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 8 })
    .map((points) => points.flat());
  fc.assert(
    fc.property(fc.array(polygon, { minLength: 1, maxLength: 4 }), (polygons) => {
      const [columns, rows] = [12, 10];
      const target = new Uint8Array(columns * rows);
      fillPolygons(polygons, columns, rows, target);
      target.forEach((value, index) =>
        expect(value === 1).toBe(inside(polygons, index % columns, Math.floor(index / columns))),
      );
    }),
  );
});
