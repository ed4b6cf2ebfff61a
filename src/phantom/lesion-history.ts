import { changeOf } from '../model/change.js';
import { shippedCriteria } from '../model/criteria.js';
import type { LesionChange } from '../model/lesion.js';
import { Random } from './random.js';

/** The course a lesion takes from one time point to the next. */
export type LesionTrend = 'growing' | 'stable' | 'shrinking';

/** What truly became of a lesion since the time point before, in the words the node uses. */
export function changeBetween(priorVolumeMm3: number | null, volumeMm3: number, firstScan: boolean): LesionChange {
  if (firstScan) return 'baseline';
  return priorVolumeMm3 ? changeOf(volumeMm3, priorVolumeMm3, shippedCriteria()) : 'new';
}

export const sphereVolumeMm3 = (diameterMm: number): number => (Math.PI / 6) * diameterMm ** 3;
export const sphereDiameterMm = (volumeMm3: number): number => Math.cbrt((6 * volumeMm3) / Math.PI);

/** The largest metastasis there is. */
const largestMm = 45;

/**
 * Lognormal with median 6.3 mm from 1 mm up, one in twenty-five of 18–42 mm: 47 % of lesions lie below 0.1 cm³ (5.8 mm), as in
 * Huang 2021, II.E.1.
 */
function randomDiameterMm(random: Random): number {
  if (random.chance(0.04)) return random.uniform(18, 42);
  for (;;) {
    const diameter = 6.3 * Math.exp(random.normal(0, 0.56));
    if (diameter >= 1 && diameter <= 25) return diameter;
  }
}

/**
 * Volumes in mm³ at each time point, 0 where the lesion is not (yet, or any more) there.
 */
function volumeCourse(random: Random, timePoints: number, onset: number, startMm3: number): number[] {
  const volumes = new Array<number>(timePoints).fill(0);
  let volume = startMm3;
  let trend: LesionTrend = random.pick(['growing', 'growing', 'stable', 'stable', 'shrinking']);
  for (let time = onset; time < timePoints; time++) {
    volumes[time] = volume;
    if (volume === 0) continue;
    if (random.chance(0.2)) trend = random.pick(['growing', 'stable', 'shrinking']);
    // What is large already grows more slowly.
    if (trend === 'growing') volume *= random.uniform(1.35, volume > sphereVolumeMm3(18) ? 1.7 : 2.8);
    if (trend === 'stable') volume *= random.uniform(0.93, 1.08);
    if (trend === 'shrinking') volume *= random.uniform(0.2, 0.7);
    volume = Math.min(volume, sphereVolumeMm3(largestMm));
    // Below a millimetre, or now and then after treatment, it is gone.
    if (volume < sphereVolumeMm3(1) || (trend === 'shrinking' && random.chance(0.25))) volume = 0;
  }
  return volumes;
}

/** The stream all of a patient's draws come from. */
export const patientStream = (seed: number): Random => new Random(`phantom patient ${seed}`);

/** The days of a patient's scans, from the first: four to six weeks apart. */
export function drawDays(seed: number, timePoints: number): number[] {
  const gaps = patientStream(seed).fork('days');
  const days = [0];
  while (days.length < timePoints) days.push(days[days.length - 1] + 28 + gaps.integer(15));
  return days;
}

/**
 * A random patient's story without its images: for each metastasis its volume in mm³ at each time point. About 31 % of
 * scans are first ones, 47 % of lesions are below 0.1 cm³, and a scan shows 2.7 lesions on average (Huang 2021, II.E.1).
 */
export function drawStory(seed: number, timePoints?: number): number[][] {
  const random = patientStream(seed).fork('story');
  const scans = timePoints ?? (random.chance(0.75) ? 3 : 4);
  // Geometric with a long tail; now and then metastases are miliary: dozens of small ones.
  const miliary = random.chance(0.012);
  let count = miliary ? 12 + random.integer(20) : 1;
  while (count < 14 && random.chance(0.68)) count++;
  return Array.from({ length: count }, (_, index) => {
    const lesion = random.fork(index);
    const onset = lesion.chance(0.27) ? Math.min(scans - 1, 1 + lesion.integer(Math.max(1, scans - 1))) : 0;
    // What has appeared since the last scan, some weeks ago, is smaller than what a first scan finds.
    const diameterMm = (miliary ? lesion.uniform(1.2, 4) : randomDiameterMm(lesion)) * (onset > 0 ? 0.8 : 1);
    return volumeCourse(lesion, scans, onset, sphereVolumeMm3(Math.max(1, diameterMm)));
  });
}
