/**
 * The one-to-one assignment of rows to columns with the least total cost (Kuhn–Munkres with potentials, O(n³)).
 * Staying alone costs nothing, so a pair is made only where its cost is negative; Infinity forbids it.
 *
 * @param cost rows × columns.
 * @returns for each row its column, or null.
 */
export function assign(cost: readonly (readonly number[])[]): (number | null)[] {
  const rows = cost.length;
  const columns = cost[0]?.length ?? 0;
  if (rows === 0 || columns === 0) return new Array<null>(rows).fill(null);
  // Padded to a square: each row may also take a place of its own, each column likewise.
  const size = rows + columns;
  const padded = (row: number, column: number) =>
    row < rows && column < columns ? Math.min(cost[row][column], Number.MAX_SAFE_INTEGER) : 0;

  const rowPotential = new Float64Array(size + 1);
  const columnPotential = new Float64Array(size + 1);
  const rowOfColumn = new Int32Array(size + 1); // 1-based, 0 = free
  for (let row = 1; row <= size; row++) {
    const best = new Float64Array(size + 1).fill(Infinity);
    const previous = new Int32Array(size + 1);
    const visited = new Uint8Array(size + 1);
    let column = 0;
    rowOfColumn[0] = row;
    do {
      visited[column] = 1;
      const current = rowOfColumn[column];
      let delta = Infinity;
      let next = 0;
      for (let other = 1; other <= size; other++) {
        if (visited[other]) continue;
        const reduced = padded(current - 1, other - 1) - rowPotential[current] - columnPotential[other];
        if (reduced < best[other]) {
          best[other] = reduced;
          previous[other] = column;
        }
        if (best[other] < delta) {
          delta = best[other];
          next = other;
        }
      }
      for (let other = 0; other <= size; other++)
        if (visited[other]) {
          rowPotential[rowOfColumn[other]] += delta;
          columnPotential[other] -= delta;
        } else best[other] -= delta;
      column = next;
    } while (rowOfColumn[column] !== 0);
    while (column !== 0) {
      rowOfColumn[column] = rowOfColumn[previous[column]];
      column = previous[column];
    }
  }

  const columnOfRow = new Array<number | null>(rows).fill(null);
  for (let column = 1; column <= columns; column++) {
    const row = rowOfColumn[column] - 1;
    if (row >= 0 && row < rows && cost[row][column - 1] < 0) columnOfRow[row] = column - 1;
  }
  return columnOfRow;
}
