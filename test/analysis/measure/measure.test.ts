import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { measureLesions } from '../../../src/analysis/measure/measure.js';
import {
  applyAffine,
  identityAffine,
  invertAffine,
  multiplyAffine,
  type Vector3,
} from '../../../src/imaging/affine.js';
import { emptyVolume, type Grid, type Volume } from '../../../src/imaging/volume.js';
import { probabilityMap, rotationAffine, sourceGrid } from './probability-maps.js';

const template: Grid = {
  shape: [80, 80, 80],
  patientFromVoxel: [1, 0, 0, -39.5, 0, 1, 0, -39.5, 0, 0, 1, -39.5, 0, 0, 0, 1],
};
const thresholds = { sensitivity: 0.5, specificity: 0.5 };
const nothing = emptyVolume(template);
const measure = (sensitivity: Volume, source: Grid, specificity: Volume = nothing) =>
  measureLesions({
    sensitivity,
    specificity,
    thresholds,
    minimumVoxels: 1,
    source,
    sourceFromTemplate: identityAffine,
  });

const mixedNumbers = { numRuns: 12, seed: 1, endOnFailure: true };
const withPoint = (entries: readonly (readonly [Vector3, number])[]): Volume => {
  const volume = emptyVolume(template);
  for (const [[i, j, k], value] of entries) volume.voxels[i + 80 * (j + 80 * k)] = value;
  return volume;
};
const distance = ([a, b]: readonly [Vector3, Vector3]) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

describe('measures', () => {
  test('give a sphere its analytic volume, diameter and centre in every acquisition', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('axial' as const, 'sagittal' as const, 'coronal' as const, 'oblique' as const),
        fc.double({ min: 5, max: 14, noNaN: true }),
        fc.tuple(fc.double({ min: -8, max: 8, noNaN: true }), fc.double({ min: -8, max: 8, noNaN: true })),
        fc.constantFrom<Vector3>([1, 1, 1], [0.5, 0.5, 1], [0.8, 0.8, 1.5]),
        (orientation, radius, [x, y], spacing) => {
          const map = probabilityMap(template, [{ centre: [x, y, 3], semiAxesMm: [radius, radius, radius] }]);
          const shape = spacing.map((size) => Math.round(70 / size)) as unknown as Vector3;
          const { lesions, labels } = measure(map, sourceGrid(orientation, spacing, shape));
          expect(lesions).toHaveLength(1);
          const [lesion] = lesions;
          const voxel = Math.max(...spacing);
          expect(lesion.volumeMm3).toBeGreaterThan((4 / 3) * Math.PI * radius ** 3 * 0.9);
          expect(lesion.volumeMm3).toBeLessThan((4 / 3) * Math.PI * radius ** 3 * 1.1);
          expect(Math.abs(lesion.longAxisMm - 2 * radius)).toBeLessThanOrEqual(voxel);
          expect(Math.abs(lesion.shortAxisMm - 2 * radius)).toBeLessThanOrEqual(voxel);
          expect(Math.abs(lesion.maximum3dDiameterMm - 2 * radius)).toBeLessThanOrEqual(voxel);
          expect(distance([lesion.centroidPatientMm, [x, y, 3]])).toBeLessThan(0.5 * voxel);
          // Whatever the orientation: the diameter's worth of slices, as thick as the voxels are along the patient's axis.
          expect(lesion.axialSlices).toBeGreaterThanOrEqual(Math.floor((2 * radius) / voxel) - 1);
          expect(lesion.axialSlices).toBeLessThanOrEqual(Math.ceil((2 * radius) / Math.min(...spacing)) + 1);
          expect(labels.voxels.filter((label) => label === 1)).toHaveLength(lesion.voxelCount);
        },
      ),
      mixedNumbers,
    );
  });

  test('give a rotated ellipsoid the axes of its axial outline, perpendicular and with their true ends', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('axial' as const, 'sagittal' as const, 'coronal' as const, 'oblique' as const),
        fc.double({ min: 0, max: Math.PI, noNaN: true }),
        fc.double({ min: 8, max: 14, noNaN: true }),
        fc.double({ min: 4, max: 6, noNaN: true }),
        (orientation, angle, long, short) => {
          const map = probabilityMap(template, [
            { centre: [0, 0, 0], semiAxesMm: [long, short, 5], rotation: rotationAffine(0, 0, angle) },
          ]);
          const [lesion] = measure(map, sourceGrid(orientation, [0.9, 0.9, 1], [80, 80, 72])).lesions;
          expect(Math.abs(lesion.longAxisMm - 2 * long)).toBeLessThanOrEqual(1.01);
          expect(Math.abs(lesion.shortAxisMm - 2 * short)).toBeLessThanOrEqual(1.01);
          expect(distance(lesion.longAxis)).toBeCloseTo(lesion.longAxisMm, 6);
          expect(distance(lesion.shortAxis)).toBeCloseTo(lesion.shortAxisMm, 6);
          const [a, b] = lesion.longAxis;
          const [c, d] = lesion.shortAxis;
          expect((b[0] - a[0]) * (d[0] - c[0]) + (b[1] - a[1]) * (d[1] - c[1])).toBeCloseTo(0, 6);
          expect(new Set([a[2], b[2], c[2], d[2], lesion.axialPlaneMm]).size).toBe(1);
        },
      ),
      mixedNumbers,
    );
  });

  test('give an upright lesion a short axis in the axial plane, even if the slices are sagittal', () => {
    const map = probabilityMap(template, [{ centre: [0, 0, 0], semiAxesMm: [4, 4, 12] }]);
    const [lesion] = measure(map, sourceGrid('sagittal', [1, 1, 1], [70, 70, 70])).lesions;
    expect(Math.abs(lesion.longAxisMm - 8)).toBeLessThanOrEqual(1);
    expect(Math.abs(lesion.maximum3dDiameterMm - 24)).toBeLessThanOrEqual(1);
    expect(Math.abs(lesion.axialSlices - 24)).toBeLessThanOrEqual(1);
  });

  test('give a single voxel its own width', () => {
    const grid = sourceGrid('axial', [1, 1, 1], [80, 80, 80]);
    const [lesion] = measure(withPoint([[[40, 40, 40], 0.9]]), grid).lesions;
    expect(lesion).toMatchObject({ voxelCount: 1, volumeMm3: 1, longAxisMm: 1, shortAxisMm: 1, axialSlices: 1 });
    expect(lesion.sourceSlice).toBe(40);
    expect(lesion.peakPatientMm).toEqual([0.5, 0.5, 0.5]);
  });
});

describe('components', () => {
  const grid = sourceGrid('axial', [1, 1, 1], [80, 80, 80]);

  test('leave out a crumb that fine sampling splits off a detection, and keep a piece as large as a detection', () => {
    const fine = sourceGrid('axial', [0.4, 0.4, 0.4], [120, 120, 120]);
    const cube = (from: number, to: number) =>
      Array.from({ length: (to - from) ** 3 }, (_, n): [Vector3, number] => {
        const edge = to - from;
        return [[from + (n % edge), from + (Math.floor(n / edge) % edge), from + Math.floor(n / edge ** 2)], 0.9];
      });
    // Touching by a corner, which trilinear sampling between two voxel centres does not hold together.
    const withNeighbour = (neighbour: [Vector3, number][]) =>
      measureLesions({
        ...{ sensitivity: withPoint([...cube(36, 40), ...neighbour]), specificity: nothing, thresholds },
        ...{ minimumVoxels: 3, source: fine, sourceFromTemplate: identityAffine },
      });
    const [alone] = withNeighbour([]).lesions;
    const { lesions, labels } = withNeighbour([[[40, 40, 40], 0.9]]);
    expect(lesions).toEqual([alone]);
    expect(labels.voxels.filter((label) => label !== 0)).toHaveLength(alone.voxelCount);
    expect(withNeighbour(cube(40, 43)).lesions).toHaveLength(2);
  });

  test('what fine sampling leaves of a detection is no lesion where it is smaller than a detection has to be', () => {
    // Three voxels in a row, just above the threshold: between their centres the probability falls below it.
    const faint = withPoint([[[40, 40, 40], 0.6], [[41, 41, 40], 0.6], [[42, 42, 41], 0.6]]); // prettier-ignore
    const found = (spacing: Vector3) =>
      measureLesions({
        ...{
          sensitivity: faint,
          specificity: nothing,
          thresholds,
          minimumVoxels: 3,
          sourceFromTemplate: identityAffine,
        },
        source: sourceGrid('axial', spacing, spacing.map((size) => Math.round(70 / size)) as unknown as Vector3),
      }).lesions.map(({ volumeMm3 }) => volumeMm3);
    for (const volumeMm3 of found([0.5, 0.5, 0.5])) expect(volumeMm3).toBeGreaterThanOrEqual(3);
    expect(found([0.5, 0.5, 0.5])).toEqual([]);
    // Slices of 5 mm may pass it by: its peak is kept.
    expect(found([0.5, 0.5, 5])).toHaveLength(1);
  });

  test('join voxels that touch at a corner, and separate voxels with a gap of one voxel', () => {
    const corner = withPoint([[[10, 10, 10], 1], [[11, 11, 11], 1]]); // prettier-ignore
    expect(measure(corner, grid).lesions).toHaveLength(1);
    const gap = withPoint([[[10, 10, 10], 1], [[12, 10, 10], 1]]); // prettier-ignore
    expect(measure(gap, grid).lesions).toHaveLength(2);
  });

  test('are confirmed if M_spec touches them, else candidates; largest first', () => {
    const sensitivity = probabilityMap(template, [
      { centre: [-15, 0, 0], semiAxesMm: [4, 4, 4] },
      { centre: [15, 0, 0], semiAxesMm: [6, 6, 6] },
    ]);
    const specificity = probabilityMap(template, [{ centre: [-15, 0, 1], semiAxesMm: [2, 2, 2] }], 0.8);
    const { lesions } = measure(sensitivity, grid, specificity);
    expect(lesions.map(({ number, confidence }) => [number, confidence])).toEqual([
      [1, 'candidate'],
      [2, 'confirmed'],
    ]);
    expect(lesions[1].probabilities.specificity).toBeCloseTo(0.78, 1);
    expect(lesions[1].probability).toBe(1);
  });

  test('need at least as many voxels as the models ask for', () => {
    const sensitivity = withPoint([
      [[10, 10, 10], 1], [[11, 10, 10], 0.9],
      [[30, 30, 30], 1], [[31, 30, 30], 0.9], [[32, 31, 30], 0.8],
    ]); // prettier-ignore
    const specificity = withPoint([[[50, 50, 50], 1], [[51, 51, 51], 1], [[30, 30, 30], 1]]); // prettier-ignore
    const { lesions, labels } = measureLesions({ sensitivity, specificity, thresholds, minimumVoxels: 3, source: grid, sourceFromTemplate: identityAffine }); // prettier-ignore
    expect(lesions.map(({ volumeMm3, confidence }) => [volumeMm3, confidence])).toEqual([[3, 'confirmed']]);
    expect(labels.voxels.filter((number) => number > 0)).toHaveLength(3);
  });

  test('include what M_spec alone marks: the masks are united', () => {
    const specificity = probabilityMap(template, [{ centre: [0, 0, 0], semiAxesMm: [4, 4, 4] }]);
    expect(measure(nothing, grid, specificity).lesions.map(({ confidence }) => confidence)).toEqual(['confirmed']);
  });

  test('ignore everything outside the region', () => {
    const map = probabilityMap(template, [
      { centre: [-15, 0, 0], semiAxesMm: [4, 4, 4] },
      { centre: [15, 0, 0], semiAxesMm: [4, 4, 4] },
    ]);
    const region = { ...template, voxels: new Uint8Array(80 ** 3) };
    for (let index = 0; index < region.voxels.length; index++) region.voxels[index] = index % 80 < 40 ? 1 : 0;
    const { lesions } = measureLesions({
      sensitivity: map,
      specificity: nothing,
      thresholds,
      minimumVoxels: 1,
      source: grid,
      sourceFromTemplate: identityAffine,
      region,
    });
    expect(lesions).toHaveLength(1);
    expect(lesions[0].centroidPatientMm[0]).toBeCloseTo(-15, 0);
  });

  test('refuse maps on different grids', () => {
    const other = emptyVolume({ ...template, shape: [80, 80, 79] });
    expect(() => measure(nothing, grid, other)).toThrow(RangeError);
  });
});

describe('resampling from the template to the source', () => {
  test('keeps the peak voxel of every detection inside the field of view, however coarse the slices', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('axial' as const, 'sagittal' as const, 'coronal' as const, 'oblique' as const),
        fc.constantFrom<Vector3>([1, 1, 1], [1, 1, 6], [3, 3, 3], [0.5, 0.5, 5]),
        fc.uniqueArray(
          fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })),
          { minLength: 1, maxLength: 6, selector: String },
        ),
        fc.double({ min: 0.5, max: 1, noNaN: true }),
        (orientation, spacing, cells, probability) => {
          // Single voxels 7 mm apart: far enough that no two can share or touch a source voxel of 3 mm.
          const points = cells.map(([a, b, c]): readonly [Vector3, number] => [
            [20 + 7 * a, 20 + 7 * b, 20 + 7 * c],
            Math.fround(probability),
          ]);
          const shape = spacing.map((size) => Math.round(78 / size)) as unknown as Vector3;
          const source = sourceGrid(orientation, spacing, shape);
          const { labels } = measure(withPoint(points), source);
          for (const [voxel] of points) {
            const at = applyAffine(
              multiplyAffine(invertAffine(source.patientFromVoxel), template.patientFromVoxel),
              voxel,
            ).map(Math.round);
            expect(labels.voxels[at[0] + shape[0] * (at[1] + shape[1] * at[2])]).toBeGreaterThan(0);
          }
        },
      ),
      mixedNumbers,
    );
  });

  test('puts a lesion where the patient has it, through a rigid transform', () => {
    const sourceFromTemplate = multiplyAffine(
      [1, 0, 0, 12, 0, 1, 0, -7, 0, 0, 1, 4, 0, 0, 0, 1],
      rotationAffine(0.1, -0.2, 0.3),
    );
    const sensitivity = probabilityMap(template, [{ centre: [10, 5, -6], semiAxesMm: [5, 5, 5] }]);
    const { lesions } = measureLesions({
      sensitivity,
      specificity: nothing,
      thresholds,
      minimumVoxels: 1,
      source: sourceGrid('oblique', [0.8, 0.8, 1], [100, 100, 80]),
      sourceFromTemplate,
    });
    expect(distance([lesions[0].centroidPatientMm, applyAffine(sourceFromTemplate, [10, 5, -6])])).toBeLessThan(0.4);
    expect(distance([lesions[0].peakPatientMm, applyAffine(sourceFromTemplate, [10, 5, -6])])).toBeLessThan(5);
  });

  test('invents nothing outside the source', () => {
    const grid = sourceGrid('axial', [1, 1, 1], [20, 20, 20]);
    const { lesions, labels } = measure(withPoint([[[5, 5, 5], 1]]), grid);
    expect(lesions).toEqual([]);
    expect(labels.voxels.some((label) => label !== 0)).toBe(false);
  });

  test('keeps confirmation and probability, even if it blurs them', () => {
    const source = sourceGrid('axial', [1, 1, 6], [80, 80, 13]);
    const sensitivity = probabilityMap(template, [{ centre: [0, 0, 0], semiAxesMm: [6, 6, 6] }]);
    const specificity = withPoint([[[40, 40, 42], 0.7]]);
    const [lesion] = measure(sensitivity, source, specificity).lesions;
    expect(lesion.confidence).toBe('confirmed');
    expect(lesion.probabilities.specificity).toBeCloseTo(0.7);
  });

  test('costs little for a large source', () => {
    const source = sourceGrid('oblique', [0.45, 0.45, 0.45], [512, 512, 400]);
    const map = probabilityMap(template, [
      { centre: [0, 0, 0], semiAxesMm: [20, 14, 16] },
      { centre: [30, 0, 0], semiAxesMm: [2, 2, 2] },
    ]);
    const { lesions } = measure(map, source);
    expect(lesions).toHaveLength(2);
    expect(Math.abs(lesions[0].maximum3dDiameterMm - 40)).toBeLessThan(0.5);
  });
});
