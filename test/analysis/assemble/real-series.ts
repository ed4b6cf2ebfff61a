import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assembleSeries } from '../../../src/analysis/assemble/assemble-series.js';
import type { Volume } from '../../../src/imaging/volume.js';

/** The volume of the folder's files whose names match. */
export async function readSeries(folder: string, pattern = /\.dcm$/): Promise<Volume> {
  const names = (await readdir(folder)).filter((name) => pattern.test(name)).sort();
  return (await assembleSeries(names.map((name) => join(folder, name)))).volume;
}
