import { createCanvas } from '@napi-rs/canvas';
import type { Vector3 } from '../../imaging/affine.js';
import type { Grid, Volume } from '../../imaging/volume.js';
import { labelsIn, pixelOf, sectionOf } from '../picture/axial-section.js';
import type { Findings } from '../picture/time-point-picture.js';
import { greyImage, outline } from '../picture/section-image.js';
import { colours, type Sheet } from './sheet.js';

/** A square area of the page, points. */
export interface Square {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** Samples along each side of a section, and pixels of its picture: about 250 dpi at the size it is printed. */
const samples = 220;
const pixels = 440;

/** A square axial section of `fieldMm` around a point, as radiologists look at it: columns to the left, rows to posterior. */
export function squareSection([x, y, z]: Vector3, fieldMm: number): Grid {
  const step = fieldMm / samples;
  const corner = (centre: number) => centre - (fieldMm - step) / 2;
  return {
    shape: [samples, samples, 1],
    patientFromVoxel: [step, 0, 0, corner(x), 0, step, 0, corner(y), 0, 0, 1, z, 0, 0, 0, 1],
  };
}

/** The grey values of a section, with the patient's sides marked. */
export function drawSection(
  sheet: Sheet,
  volume: Volume,
  window: readonly [number, number],
  section: Grid,
  { x, y, side }: Square,
): void {
  const canvas = createCanvas(pixels, pixels);
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(greyImage(sectionOf(volume, section), section, window), 0, 0, pixels, pixels);
  sheet.doc.image(canvas.toBuffer('image/jpeg', 88), x, y, { width: side, height: side });
  const mark = { size: 6, colour: '#d0d0d0' };
  sheet.write('R', x + 3, y + side / 2 - 4, mark);
  sheet.write('L', x + side - 7, y + side / 2 - 4, mark);
}

/** Black, with a word on why there is no picture. */
export function drawEmptyPanel(sheet: Sheet, word: string, { x, y, side }: Square): void {
  sheet.doc.rect(x, y, side, side).fill('#000000');
  sheet.write(word, x, y + side / 2 - 5, { size: 7.5, colour: '#b0b0b0', width: side, align: 'center' });
}

/** The lesions' outlines on a section drawn in the same area, in the colours of their confidence. */
export function drawOutlines(
  { doc }: Sheet,
  { labels, lesions }: Findings,
  section: Grid,
  { x, y, side }: Square,
): void {
  const confidenceOf = new Map(lesions.map(({ number, confidence }) => [number, confidence]));
  const found = labelsIn(labels, section);
  const scale = side / samples;
  for (const label of new Set(found)) {
    const confidence = confidenceOf.get(label);
    if (confidence === undefined) continue;
    for (const [i0, j0, i1, j1] of outline(found, section, label))
      doc.moveTo(x + i0 * scale, y + j0 * scale).lineTo(x + i1 * scale, y + j1 * scale);
    doc.lineWidth(0.7).lineCap('square').strokeColor(colours.picture[confidence]).stroke();
  }
}

/** A frame in a section around the field that another picture shows enlarged. */
export function drawFrame(
  { doc }: Sheet,
  section: Grid,
  centre: Vector3,
  fieldMm: number,
  { x, y, side }: Square,
  colour: string,
): void {
  const [column, row] = pixelOf(section, centre);
  const scale = side / samples;
  const width = (fieldMm / section.patientFromVoxel[0]) * scale;
  doc.save().rect(x, y, side, side).clip();
  doc
    .lineWidth(0.7)
    .strokeColor(colour)
    .rect(x + (column + 0.5) * scale - width / 2, y + (row + 0.5) * scale - width / 2, width, width)
    .stroke();
  doc.restore();
}
