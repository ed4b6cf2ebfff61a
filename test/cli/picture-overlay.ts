import { readFileSync } from 'node:fs';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { expect } from 'vitest';
import type { TimePointSummary } from '../../src/node/operations/time-point.js';
import { readSegmentation } from '../../src/dicom/segmentation-reader.js';
import type { Prepared } from '../../src/analysis/prepare/prepare-current.js';
import type { Affine, Vector3 } from '../../src/imaging/affine.js';
import { resampleNearest } from '../../src/imaging/resample.js';
import { templateGrid, type Volume } from '../../src/imaging/volume.js';

// The layout of src/report/picture/time-point-picture.ts, in pixels; its panels show sections of the template's grid, which are square.
const panelWidth = 340;
const [gap, headHeight, captionHeight] = [8, 34, 24];
const [mostRows, rowsWithoutLesion] = [4, 3];
const side = templateGrid.shape[0];
const scale = panelWidth / side;

/** Column and row in a panel, pixels. */
type Place = readonly [number, number];
const placeOf = ([i, j]: readonly number[]): Place => [(i + 0.5) * scale, (j + 0.5) * scale];
const apart = (a: Place, b: Place) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const eachAxis = (places: readonly Place[], summary: (along: number[]) => number): Place => [
  summary(places.map(([x]) => x)),
  summary(places.map(([, y]) => y)),
];

/**
 * Expects of a time point's picture that its sections stand as the prepared head does, and that its outlines and rings, in the last
 * column alone, lie where its SEG has the lesions, in the brain.
 */
export async function expectOverlayInPlace({ lesions, outputs }: TimePointSummary, prepared: Prepared): Promise<void> {
  const { image, brainMask, sourceFromTemplate } = prepared;
  if (lesions.length === 0) {
    const rows = await rowsOf(outputs.picture!, rowsWithoutLesion);
    expect(rows.map(({ drawn, drawnElsewhere }) => drawn.length + drawnElsewhere)).toEqual([0, 0, 0]);
    return;
  }
  const voxels = await voxelsOfLesions(outputs.seg!, sourceFromTemplate);
  const everywhere = [...voxels.values()].flat().map(placeOf);
  const shown = [...lesions].sort((a, b) => b.volumeMm3 - a.volumeMm3 || a.number - b.number).slice(0, mostRows);
  const rows = await rowsOf(outputs.picture!, shown.length);
  rows.forEach(({ drawn, drawnElsewhere, greyAt }, index) => {
    const { trackingID, confidence } = shown[index];
    const [k, section] = largestSection(voxels.get(trackingID)!);
    // Turned over in either direction, it is below 0.9.
    expect(correlation(greyAt, image, k)).toBeGreaterThan(0.95);
    const inBrain = section.filter(([i, j]) => brainMask.voxels[i + side * (j + side * k)] === 1);
    expect(inBrain.length / section.length).toBeGreaterThan(0.9);

    const places = section.map(placeOf);
    const centre = eachAxis(places, (along) => along.reduce((sum, at) => sum + at, 0) / along.length);
    const ringMost = Math.max(...places.map((place) => apart(place, centre))) + 16;
    const isNear = ({ at }: Drawn) => apart(at, centre) < ringMost;
    const others = [...voxels].flatMap(([other, all]) => (other === trackingID ? [] : all.filter((at) => at[2] === k)));
    const isOfAnother = ({ at }: Drawn) => others.some((other) => apart(at, placeOf(other)) < 2);
    const own = drawn
      .filter((pixel) => isNear(pixel) && !isOfAnother(pixel) && pixel.confidence === confidence)
      .map(({ at }) => at);
    const middle = eachAxis(own, (along) => (Math.min(...along) + Math.max(...along)) / 2);
    expect(apart(middle, centre)).toBeLessThan(4);
    expect(own.some((at) => places.some((place) => apart(at, place) < 2))).toBe(true);
    // What else is drawn in this section are other lesions.
    for (const pixel of drawn.filter((any) => !isNear(any)))
      expect(Math.min(...everywhere.map((place) => apart(pixel.at, place)))).toBeLessThan(4);
    expect(drawnElsewhere).toBe(0);
  });
}

/** The voxels of each TrackingID that its segment covers on the template's grid. */
async function voxelsOfLesions(seg: string, sourceFromTemplate: Affine): Promise<Map<string, Vector3[]>> {
  const { segments } = await readSegmentation(readFileSync(seg));
  return new Map(
    segments.map(({ TrackingID, mask }) => {
      const found: Vector3[] = [];
      resampleNearest(mask, templateGrid, sourceFromTemplate).voxels.forEach((value, index) => {
        const line = Math.floor(index / side);
        if (value) found.push([index % side, line % side, Math.floor(line / side)]);
      });
      return [TrackingID!, found];
    }),
  );
}

/** The slice that most of the voxels lie in, and those. */
function largestSection(voxels: readonly Vector3[]): readonly [number, Vector3[]] {
  const slices = new Map<number, Vector3[]>();
  for (const voxel of voxels) slices.set(voxel[2], [...(slices.get(voxel[2]) ?? []), voxel]);
  return [...slices].reduce((a, b) => (b[1].length > a[1].length ? b : a));
}

/** Pearson's correlation of the picture's greys with a slice of the image. */
function correlation(greyAt: Row['greyAt'], { voxels }: Volume, k: number): number {
  const pairs = Array.from({ length: side * side }, (_, pixel) => {
    const [i, j] = [pixel % side, Math.floor(pixel / side)];
    return [greyAt(placeOf([i, j])), voxels[pixel + side * side * k]] as const;
  });
  const mean = (of: (pair: readonly [number, number]) => number) =>
    pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const [a, b] = [mean(([grey]) => grey), mean(([, value]) => value)];
  const covariance = mean(([grey, value]) => (grey - a) * (value - b));
  return covariance / Math.sqrt(mean(([grey]) => (grey - a) ** 2) * mean(([, value]) => (value - b) ** 2));
}

/** A pixel in red or yellow. */
interface Drawn {
  readonly at: Place;
  readonly confidence: 'confirmed' | 'candidate';
}

interface Row {
  /** In the last panel, over the image. */
  readonly drawn: readonly Drawn[];
  /** How many pixels are in colour in the other two panels. */
  readonly drawnElsewhere: number;
  /** Of the current image without outlines, 0 to 255. */
  readonly greyAt: (place: Place) => number;
}

async function rowsOf(path: string, count: number): Promise<Row[]> {
  const image = await loadImage(path);
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  return Array.from({ length: count }, (_, row) => {
    const top = headHeight + row * (captionHeight + panelWidth + gap) + captionHeight;
    const [prior, current, findings] = [0, 1, 2].map(
      (column) => context.getImageData(gap + column * (panelWidth + gap), top, panelWidth, panelWidth).data,
    );
    return {
      drawn: drawnIn(findings),
      drawnElsewhere: drawnIn(prior).length + drawnIn(current).length,
      greyAt: ([x, y]) => current[4 * (Math.floor(x) + panelWidth * Math.floor(y))],
    };
  });
}

function drawnIn(panel: Uint8ClampedArray): Drawn[] {
  const found: Drawn[] = [];
  for (let pixel = 0; 4 * pixel < panel.length; pixel++) {
    const [red, green, blue] = panel.subarray(4 * pixel);
    if (red - blue < 80) continue;
    const at: Place = [(pixel % panelWidth) + 0.5, Math.floor(pixel / panelWidth) + 0.5];
    found.push({ at, confidence: red - green > 60 ? 'confirmed' : 'candidate' });
  }
  return found;
}
