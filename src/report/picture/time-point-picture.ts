import { fileURLToPath } from 'node:url';
import { createCanvas, GlobalFonts, type SKRSContext2D } from '@napi-rs/canvas';
import type { Vector3 } from '../../imaging/affine.js';
import type { TrackedLesion } from '../../model/lesion.js';
import type { Grid, LabelMap, Volume } from '../../imaging/volume.js';
import { axialPlane, heights, labelsIn, largestSections, pixelOf, sectionOf } from './axial-section.js';
import { greyImage, outline, windowOf, type Edge } from './section-image.js';
import { english } from '../wording/english.js';
import { confidenceHex, lesionName } from '../lesion-label.js';

/** The images of one time point to be viewed; all share one patient space. */
export interface TimePointImages {
  /** Registered to `current`; null if no prior was used. */
  readonly prior: Volume | null;
  readonly current: Volume;
  /** Lesion numbers; on the grid of `current` or another grid of the same patient space. */
  readonly labels: LabelMap;
  /** What was found in the prior when it was analysed; absent if it was not. */
  readonly priorFindings?: Findings;
}

/** Lesions of one reading, each with its number in the label map. */
export interface Findings {
  readonly labels: LabelMap;
  readonly lesions: readonly Pick<TrackedLesion, 'number' | 'confidence'>[];
}

/** The contents of a picture of one time point. */
export interface PictureInput extends TimePointImages {
  readonly lesions: readonly Pick<
    TrackedLesion,
    'number' | 'confidence' | 'volumeMm3' | 'longAxisMm' | 'trackingID' | 'change'
  >[];
  readonly demonstration: boolean;
}

// A font of our own: servers often have none, and the same input must give the same picture.
const font = 'Priora DejaVu Sans';
GlobalFonts.registerFromPath(fileURLToPath(new URL('../../../assets/fonts/DejaVuSans.ttf', import.meta.url)), font);

const colours = {
  confirmed: confidenceHex('confirmed'),
  candidate: confidenceHex('candidate'),
  text: '#e8e8e8',
  faint: '#9a9a9a',
};
const panelWidth = 340;
const gap = 8;
const headHeight = 34;
const captionHeight = 24;
const footHeight = 44;
const mostLesions = 4;

/**
 * A PNG of one time point: a row for each of the (up to four) largest lesions, or three levels if there is none;
 * columns prior, current, and current with outlines: red for confirmed, yellow for candidate. Axial, in radiological
 * convention: anterior up, the patient's left on the right of the picture.
 */
export function drawTimePoint(input: PictureInput): Buffer {
  const { prior, current, labels, lesions } = input;
  const rows = rowsOf(input);
  const planes = rows.map(({ at }) => axialPlane(current, at[2]));
  const [columnCount, rowCount] = planes[0].shape;
  const scale = panelWidth / columnCount;
  const panelHeight = Math.round(rowCount * scale);
  const width = 3 * panelWidth + 4 * gap;
  const height = headHeight + rows.length * (captionHeight + panelHeight + gap) + footHeight;
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = '#000';
  context.fillRect(0, 0, width, height);
  const xs = [0, 1, 2].map((column) => gap + column * (panelWidth + gap));
  const lastTitle = rows.some(({ number }) => number !== undefined)
    ? 'Current, lesions outlined'
    : 'Current, no lesions found';
  [prior ? 'Prior, registered' : 'No prior study', 'Current', lastTitle].forEach((title, column) =>
    write(context, title, xs[column] + panelWidth / 2, 22, colours.text, 15, 'center'),
  );
  const windows = { prior: prior && windowOf(prior), current: windowOf(current) };
  const confidenceOf = new Map(lesions.map(({ number, confidence }) => [number, confidence]));
  rows.forEach(({ caption, colour, at, number }, index) => {
    const y = headHeight + index * (captionHeight + panelHeight + gap);
    const plane = planes[index];
    write(context, caption, xs[0], y + 16, colour, 13, 'left');
    const top = y + captionHeight;
    const box = { y: top, width: panelWidth, height: panelHeight };
    if (prior && windows.prior) drawGrey(context, sectionOf(prior, plane), plane, windows.prior, { ...box, x: xs[0] });
    const section = sectionOf(current, plane);
    for (const x of [xs[1], xs[2]]) drawGrey(context, section, plane, windows.current, { ...box, x });
    const found = labelsIn(labels, plane);
    for (const label of new Set(found)) {
      const confidence = confidenceOf.get(label);
      if (confidence !== undefined)
        drawOutline(context, outline(found, plane, label), colours[confidence], xs[2], top, scale);
    }
    if (number !== undefined) {
      const [column, row] = pixelOf(plane, at);
      drawRing(
        context,
        xs[2] + (column + 0.5) * scale,
        top + (row + 0.5) * scale,
        ringRadius(found, number, scale),
        colour,
      );
    }
    for (const x of prior ? xs : xs.slice(1)) {
      write(context, 'R', x + 6, top + panelHeight / 2, colours.faint, 13, 'left');
      write(context, 'L', x + panelWidth - 6, top + panelHeight / 2, colours.faint, 13, 'right');
      write(context, 'A', x + panelWidth / 2, top + 15, colours.faint, 13, 'center');
    }
  });
  drawFoot(context, input.demonstration, width, height);
  return canvas.toBuffer('image/png');
}

interface Row {
  readonly caption: string;
  readonly colour: string;
  /** The point the section goes through, patient mm. */
  readonly at: Vector3;
  readonly number?: number;
}

function rowsOf({ current, labels, lesions }: PictureInput): Row[] {
  const largest = [...lesions].sort((a, b) => b.volumeMm3 - a.volumeMm3 || a.number - b.number).slice(0, mostLesions);
  const sections = largestSections(
    labels,
    largest.map(({ number }) => number),
  );
  const rows = largest.flatMap((lesion): Row[] => {
    const at = sections.get(lesion.number);
    if (at === undefined) return [];
    const caption =
      `${lesionName(lesion, english)}, ${english.changes[lesion.change]}: ` +
      `${(lesion.volumeMm3 / 1000).toFixed(2)} cm³, long axis ${lesion.longAxisMm.toFixed(1)} mm`;
    return [{ caption, colour: colours[lesion.confidence], at, number: lesion.number }];
  });
  if (rows.length > 0) return rows;
  const [low, high] = heights(current);
  return [0.65, 0.5, 0.35].map((fraction) => ({
    caption: 'No lesions found',
    colour: colours.text,
    at: [0, 0, low + fraction * (high - low)],
  }));
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function drawGrey(
  context: SKRSContext2D,
  values: Float32Array,
  plane: Grid,
  window: readonly [number, number],
  box: Box,
): void {
  context.imageSmoothingEnabled = true;
  context.drawImage(greyImage(values, plane, window), box.x, box.y, box.width, box.height);
}

function drawOutline(
  context: SKRSContext2D,
  edges: readonly Edge[],
  colour: string,
  x: number,
  y: number,
  scale: number,
): void {
  context.beginPath();
  for (const [i0, j0, i1, j1] of edges) {
    context.moveTo(x + i0 * scale, y + j0 * scale);
    context.lineTo(x + i1 * scale, y + j1 * scale);
  }
  context.strokeStyle = colour;
  context.lineWidth = 1.25;
  context.stroke();
}

const ringRadius = (found: Uint8Array | Uint16Array, number: number, scale: number): number =>
  Math.sqrt(found.filter((label) => label === number).length / Math.PI) * scale + 12;

function drawRing(context: SKRSContext2D, x: number, y: number, radius: number, colour: string): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.setLineDash([4, 4]);
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.stroke();
  context.setLineDash([]);
}

function drawFoot(context: SKRSContext2D, demonstration: boolean, width: number, height: number): void {
  write(context, 'confirmed', gap, height - 26, colours.confirmed, 12, 'left');
  write(context, 'candidate', gap + 80, height - 26, colours.candidate, 12, 'left');
  write(
    context,
    'axial; R and L are the patient’s right and left',
    width - gap,
    height - 26,
    colours.faint,
    12,
    'right',
  );
  const warning = demonstration ? `${english.researchUse} ${english.demonstration}` : english.researchUse;
  write(context, warning, width / 2, height - 9, colours.text, 12, 'center');
}

function write(
  context: SKRSContext2D,
  text: string,
  x: number,
  y: number,
  colour: string,
  size: number,
  align: 'left' | 'center' | 'right',
): void {
  context.font = `${size}px "${font}"`;
  context.textAlign = align;
  context.fillStyle = colour;
  context.fillText(text, x, y);
}
