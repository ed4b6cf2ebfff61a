import { createCanvas, type Canvas } from '@napi-rs/canvas';
import type { Grid, Volume } from '../../imaging/volume.js';

/** Black and white points: the 1st and 99.8th percentile of everything but background. */
export function windowOf({ voxels }: Volume): readonly [number, number] {
  // Every 97th voxel is a large enough sample, and prime to the usual row lengths.
  const chosen: number[] = [];
  for (let index = 0; index < voxels.length; index += 97) if (voxels[index] !== 0) chosen.push(voxels[index]);
  const sample = Float32Array.from(chosen).sort();
  if (sample.length === 0) return [0, 1];
  const at = (fraction: number) => sample[Math.min(Math.floor(fraction * sample.length), sample.length - 1)];
  return [at(0.01), Math.max(at(0.998), at(0.01) + 1e-6)];
}

/** The grey values of a section as a picture, one pixel each; 0 (outside the image) is black. */
export function greyImage(
  values: Float32Array,
  { shape: [columns, rows] }: Grid,
  [black, white]: readonly [number, number],
): Canvas {
  const canvas = createCanvas(columns, rows);
  const context = canvas.getContext('2d');
  const image = context.createImageData(columns, rows);
  values.forEach((value, index) => {
    const grey = value === 0 ? 0 : Math.min(Math.max(((value - black) / (white - black)) * 255, 0), 255);
    image.data.fill(grey, index * 4, index * 4 + 3);
    image.data[index * 4 + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

/** A line between two pixels' corners: [column, row, column, row]; pixel (0, 0) reaches from 0 to 1. */
export type Edge = readonly [number, number, number, number];

/** The edges between pixels of `label` and others. */
export function outline(found: Uint8Array | Uint16Array, { shape: [columns, rows] }: Grid, label: number): Edge[] {
  const is = (i: number, j: number) => i >= 0 && j >= 0 && i < columns && j < rows && found[i + columns * j] === label;
  const edges: Edge[] = [];
  for (let j = 0; j <= rows; j++)
    for (let i = 0; i <= columns; i++) {
      if (is(i, j) !== is(i - 1, j)) edges.push([i, j, i, j + 1]);
      if (is(i, j) !== is(i, j - 1)) edges.push([i, j, i + 1, j]);
    }
  return edges;
}
