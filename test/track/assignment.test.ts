import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign } from '../../src/track/assignment.js';

/** Every one-to-one assignment, tried out: most pairs first, then least cost. */
function bruteForce(cost: number[][]): { pairs: number; total: number } {
  let best = { pairs: 0, total: 0 };
  const walk = (row: number, used: Set<number>, pairs: number, total: number) => {
    if (row === cost.length) {
      if (pairs > best.pairs || (pairs === best.pairs && total < best.total)) best = { pairs, total };
      return;
    }
    walk(row + 1, used, pairs, total);
    cost[row].forEach((value, column) => {
      if (Number.isFinite(value) && !used.has(column))
        walk(row + 1, new Set([...used, column]), pairs + 1, total + value);
    });
  };
  walk(0, new Set(), 0, 0);
  return best;
}

test('1: nothing to assign', () => {
  expect(assign([])).toEqual([]);
  expect(assign([[], []])).toEqual([null, null]);
});

test('2: the cheapest pairs, not the first', () => {
  expect(assign([[1, 2], [1, 9]])).toEqual([1, 0]); // prettier-ignore
});

test('3: a forbidden pair is never made', () => {
  expect(assign([[Infinity], [3]])).toEqual([null, 0]);
});

test('4: as many pairs as brute force, at the same cost', () => {
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
      const best = bruteForce(cost);
      expect(made.length).toBe(best.pairs);
      expect(made.reduce((sum, entry) => sum + entry, 0)).toBe(best.total);
    }),
    { numRuns: 500 },
  );
});
