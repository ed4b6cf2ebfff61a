import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { outlines, signedArea, type Outline } from '../../src/report/rtstruct/outlines.js';

const columns = 9;
const rows = 8;
/** Any set of pixels, dense enough for holes, islands in holes and pieces that touch by a corner. */
const pixelSets = fc
  .array(fc.boolean(), { minLength: columns * rows, maxLength: columns * rows })
  .map((on) => [...on.keys()].filter((index) => on[index]));

const draw = (...lines: string[]): number[] =>
  lines.flatMap((line, j) => [...line].flatMap((mark, i) => (mark === '#' ? [i + columns * j] : [])));

/** Even-odd rule at the centres of pixels, over all polygons together. */
function filled(polygons: readonly Outline[]): number[] {
  const inside: number[] = [];
  for (let pixel = 0; pixel < columns * rows; pixel++) {
    const [x, y] = [(pixel % columns) + 0.5, Math.floor(pixel / columns) + 0.5];
    const crossings = polygons.flatMap((polygon) =>
      polygon.filter(([fromX, fromY], index) => {
        const [toX, toY] = polygon[(index + 1) % polygon.length];
        return fromX === toX && fromX > x && fromY > y !== toY > y;
      }),
    );
    if (crossings.length % 2 === 1) inside.push(pixel);
  }
  return inside;
}

describe('outlines', () => {
  test('enclose exactly the pixels given, by area and by the even-odd rule', () => {
    fc.assert(
      fc.property(pixelSets, (pixels) => {
        const polygons = outlines(pixels, columns);
        expect(polygons.reduce((sum, polygon) => sum + signedArea(polygon), 0)).toBe(pixels.length);
        expect(filled(polygons)).toEqual(pixels);
      }),
      { numRuns: 500 },
    );
  });

  test('run along pixel edges, turn at every corner they name, and never the wrong way round', () => {
    fc.assert(
      fc.property(pixelSets, (pixels) => {
        for (const polygon of outlines(pixels, columns)) {
          expect(signedArea(polygon)).toBeGreaterThan(0);
          polygon.forEach(([x, y], index) => {
            const [toX, toY] = polygon[(index + 1) % polygon.length];
            expect([x === toX, y === toY].filter(Boolean)).toHaveLength(1);
          });
        }
      }),
    );
  });

  test.each([
    ['one pixel', draw('', ' #'), [[[2, 1], [2, 2], [1, 2], [1, 1]]]],
    ['a bar has no corner between its pixels', draw('###'), [[[3, 0], [3, 1], [0, 1], [0, 0]]]],
    ['a hole is reached through a channel', draw('###', '# #', '###'),
      [[[3, 0], [3, 3], [0, 3], [0, 1], [1, 1], [1, 2], [2, 2], [2, 1], [1, 1], [0, 1], [0, 0]]]],
  ])('%s', (_, pixels, expected) => expect(outlines(pixels, columns)).toEqual(expected)); // prettier-ignore

  test('give pixels that touch only at a corner polygons of their own', () =>
    expect(outlines(draw('#', ' #'), columns)).toHaveLength(2));
});
