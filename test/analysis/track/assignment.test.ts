import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign } from '../../../src/analysis/track/assignment.js';

/** The least total of every one-to-one assignment, tried out. */
function bruteForce(cost: number[][], row = 0, used: readonly number[] = []): number {
  if (row === cost.length) return 0;
  const alone = bruteForce(cost, row + 1, used);
  const paired = cost[row].map((value, column) =>
    used.includes(column) ? Infinity : value + bruteForce(cost, row + 1, [...used, column]),
  );
  return Math.min(alone, ...paired);
}

test('1: has nothing to assign', () => {
  expect(assign([])).toEqual([]);
  expect(assign([[], []])).toEqual([null, null]);
});

test('2: finds the cheapest pairs, not the first ones', () => {
  expect(assign([[-9, -8], [-9, -1]])).toEqual([1, 0]); // prettier-ignore
});

test('3: never makes a forbidden pair', () => {
  expect(assign([[Infinity], [-3]])).toEqual([null, 0]);
});

test('4: does not prefer two poor pairs to a good one', () => {
  expect(assign([[-900, -1], [-2, Infinity]])).toEqual([0, null]); // prettier-ignore
});

test('5: reaches the same total as brute force', () => {
  const value = fc.oneof(fc.integer({ min: -1000, max: 50 }), fc.constant(Infinity));
  const matrix = fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
    .chain(([rows, columns]) =>
      fc.array(fc.array(value, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
    );
  fc.assert(
    fc.property(matrix, (cost) => {
      const columns = assign(cost);
      const made = columns.flatMap((column, row) => (column === null ? [] : [cost[row][column]]));
      expect(new Set(columns.filter((column) => column !== null)).size).toBe(made.length);
      expect(made.reduce((sum, entry) => sum + entry, 0)).toBe(bruteForce(cost));
    }),
    { numRuns: 500 },
  );
});
