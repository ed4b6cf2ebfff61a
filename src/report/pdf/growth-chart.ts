import { createCanvas, GlobalFonts } from '@napi-rs/canvas';
import {
  Chart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  type ChartConfiguration,
} from 'chart.js';
import { fontFiles } from './drawable-text.js';

Chart.register(LineController, LineElement, PointElement, LinearScale, Filler);

const font = 'Priora DejaVu Sans Condensed';
GlobalFonts.registerFromPath(fontFiles.regular, font);

/** A lesion's volume at one time point; null where it was looked for and not seen. */
export interface GrowthPoint {
  /** Weeks before the current examination, 0 or negative. */
  readonly weeks: number;
  readonly volumeMm3: number | null;
}

/** What all charts of a page share, so that their curves can be compared by eye. */
export interface GrowthAxes {
  readonly firstWeek: number;
  /** log₂ of the volume in cm³, whole numbers. */
  readonly lowest: number;
  readonly highest: number;
}

const log2cm3 = (volumeMm3: number) => Math.log2(volumeMm3 / 1000);

/** Axes that hold every curve. */
export function growthAxes(curves: readonly (readonly GrowthPoint[])[]): GrowthAxes {
  const points = curves.flat();
  const logs = points.flatMap(({ volumeMm3 }) => (volumeMm3 === null ? [] : [log2cm3(volumeMm3)]));
  const lowest = Math.floor(Math.min(...logs));
  return {
    firstWeek: Math.min(...points.map(({ weeks }) => weeks)),
    lowest,
    highest: Math.max(Math.ceil(Math.max(...logs)), lowest + 2),
  };
}

/** Where lesions of very different sizes share the axis, not every doubling finds room for its grid line. */
export const doublingsPerLine = ({ lowest, highest }: GrowthAxes): number => Math.ceil((highest - lowest) / 6);

export interface GrowthLook {
  readonly colour: string;
  readonly faint: string;
  readonly gridColour: string;
  /** Words of the axes. */
  readonly notSeen: string;
  readonly weeksText: (weeks: number) => string;
  readonly volumeText: (volumeMm3: number) => string;
}

/** Pixels a point: fine enough to print. */
const scale = 4;

/**
 * One lesion's growth curve as a JPEG, of a size in points. The volume's axis is logarithmic to the base 2: constant growth is a
 * straight line, the same doubling time has the same slope whatever the size, and each grid line is a doubling. What was not
 * seen is an open point on the floor, with a dashed line to it.
 */
export function drawGrowthChart(
  points: readonly GrowthPoint[],
  axes: GrowthAxes,
  look: GrowthLook,
  { width, height }: { readonly width: number; readonly height: number },
): Buffer {
  const canvas = createCanvas(width * scale, height * scale);
  const { firstWeek, lowest, highest } = axes;
  const step = doublingsPerLine(axes);
  const floor = lowest - step;
  const ticks = { color: look.faint, font: { family: font, size: 6 * scale }, padding: 1.5 * scale };
  const seen = (index: number) => points[index].volumeMm3 !== null;
  const configuration: ChartConfiguration<'line', { x: number; y: number }[]> = {
    type: 'line',
    data: {
      datasets: [
        {
          data: points.map(({ weeks, volumeMm3 }) => ({
            x: weeks,
            y: volumeMm3 === null ? floor : log2cm3(volumeMm3),
          })),
          borderColor: look.colour,
          borderWidth: 1.3 * scale,
          segment: {
            borderDash: ({ p0DataIndex, p1DataIndex }) =>
              seen(p0DataIndex) && seen(p1DataIndex) ? undefined : [2 * scale, 2 * scale],
          },
          pointRadius: 2 * scale,
          pointBorderWidth: scale,
          pointBorderColor: look.colour,
          pointBackgroundColor: points.map((_, index) => (seen(index) ? look.colour : '#ffffff')),
          clip: false,
        },
      ],
    },
    options: {
      responsive: false,
      animation: false,
      devicePixelRatio: 1,
      layout: { padding: { top: 4 * scale, right: 8 * scale, bottom: 0, left: 0 } },
      scales: {
        x: {
          type: 'linear',
          min: firstWeek,
          max: 0,
          grid: { color: look.gridColour, lineWidth: 0.5 * scale, tickLength: 2 * scale },
          border: { color: look.gridColour },
          afterBuildTicks: (axis) => {
            axis.ticks = readableWeeks(points, firstWeek).map((value) => ({ value }));
          },
          ticks: { ...ticks, autoSkip: false, maxRotation: 0, callback: (value) => look.weeksText(Number(value)) },
        },
        y: {
          type: 'linear',
          min: floor,
          max: highest,
          grid: { color: look.gridColour, lineWidth: 0.5 * scale, tickLength: 2 * scale },
          border: { color: look.gridColour },
          afterBuildTicks: (axis) => {
            const values = [floor];
            for (let value = lowest; value <= highest; value += step) values.push(value);
            axis.ticks = values.map((value) => ({ value }));
          },
          ticks: {
            ...ticks,
            autoSkip: false,
            callback: (value) => (value === floor ? look.notSeen : look.volumeText(1000 * 2 ** Number(value))),
          },
        },
      },
    },
    plugins: [
      {
        id: 'paper',
        beforeDraw: () => {
          const paper = canvas.getContext('2d');
          paper.fillStyle = '#ffffff';
          paper.fillRect(0, 0, canvas.width, canvas.height);
        },
      },
    ],
  };
  // The library asks for a browser's canvas; this one has all of it that is drawn with.
  const chart = new Chart(canvas, configuration);
  const jpeg = canvas.toBuffer('image/jpeg', 92);
  chart.destroy();
  return jpeg;
}

/** The weeks of the examinations, without those too close to a neighbour to be read; the current one always. */
function readableWeeks(points: readonly GrowthPoint[], firstWeek: number): number[] {
  const room = -firstWeek / 4;
  const shown = [0];
  for (const { weeks } of [...points].reverse()) if (weeks <= shown[shown.length - 1] - room) shown.push(weeks);
  return shown.reverse();
}
