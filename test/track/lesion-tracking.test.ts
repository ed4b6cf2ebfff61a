import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadMapping } from '../../src/core/mapping-file.js';
import { responseCriteriaSchema } from '../../src/findings/criteria.js';
import { changeOf } from '../../src/findings/change.js';
import { trackLesions, type KnownLesion, type LesionsOnGrid } from '../../src/track/lesion-tracking.js';
import { identityAffine, type Affine, type Vector3 } from '../../src/volume/affine.js';
import type { Grid } from '../../src/volume/volume.js';

const criteria = loadMapping(
  join(import.meta.dirname, '../../mappings/response-criteria.yaml'),
  responseCriteriaSchema,
);
const grid: Grid = { shape: [60, 60, 60], patientFromVoxel: [1, 0, 0, -30, 0, 1, 0, -30, 0, 0, 1, -30, 0, 0, 0, 1] };

/** Spheres on the grid, numbered from 1, with identities T1, T2, … */
function spheres(specs: { center: Vector3; radiusMm: number }[]): LesionsOnGrid<KnownLesion> {
  const voxels = new Uint16Array(60 ** 3);
  const counts = new Array<number>(specs.length).fill(0);
  for (let index = 0; index < voxels.length; index++) {
    const point: Vector3 = [(index % 60) - 30, (Math.floor(index / 60) % 60) - 30, Math.floor(index / 3600) - 30];
    specs.forEach(({ center, radiusMm }, lesion) => {
      if (Math.hypot(...point.map((value, axis) => value - center[axis])) > radiusMm) return;
      voxels[index] = lesion + 1;
      counts[lesion]++;
    });
  }
  const lesions = specs.map(({ center }, lesion) => ({
    number: lesion + 1,
    volumeMm3: counts[lesion],
    centroidPatientMm: center,
    trackingUID: `2.25.${lesion + 1}`,
    trackingID: `T${lesion + 1}`,
  }));
  return { lesions, labels: { ...grid, voxels } };
}

const track = (
  current: ReturnType<typeof spheres>,
  prior: ReturnType<typeof spheres>,
  priorFromCurrent: Affine = identityAffine,
) => trackLesions(current, prior, priorFromCurrent, criteria);

describe('trackLesions', () => {
  test('1: grown, stable, shrunk, new and gone in one follow-up', () => {
    const prior = spheres([
      { center: [-15, 0, 0], radiusMm: 3 },
      { center: [0, 0, 0], radiusMm: 4 },
      { center: [15, 0, 0], radiusMm: 5 },
      { center: [0, 18, 0], radiusMm: 3 },
    ]);
    const current = spheres([
      { center: [15, 0, 0], radiusMm: 3 },
      { center: [0, 0, 1], radiusMm: 4 },
      { center: [-15, 1, 0], radiusMm: 5 },
      { center: [0, -18, 0], radiusMm: 3 },
    ]);
    const { tracks, gone } = track(current, prior);
    expect(tracks.map(({ known, change }) => [known?.trackingID ?? null, change])).toEqual([
      ['T3', 'shrunk'],
      ['T2', 'stable'],
      ['T1', 'grown'],
      [null, 'new'],
    ]);
    expect(gone.map(({ trackingID }) => trackingID)).toEqual(['T4']);
  });

  test('2: the transform between the studies is used', () => {
    const moved: Affine = [1, 0, 0, 20, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    const { tracks } = track(
      spheres([{ center: [-15, 0, 0], radiusMm: 4 }]),
      spheres([{ center: [5, 0, 0], radiusMm: 4 }]),
      moved,
    );
    expect(tracks[0].known?.trackingID).toBe('T1');
  });

  test('3: a site the prior did not cover is baseline, not new', () => {
    const away: Affine = [1, 0, 0, 50, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    const { tracks } = track(spheres([{ center: [10, 0, 0], radiusMm: 3 }]), spheres([]), away);
    expect(tracks).toEqual([{ number: 1, known: null, change: 'baseline' }]);
  });

  test('4: two neighbours keep their identities under 2 mm of registration error', () => {
    const prior = spheres([
      { center: [0, 0, 0], radiusMm: 3 },
      { center: [9, 0, 0], radiusMm: 3 },
    ]);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 2 * Math.PI, noNaN: true }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (phi, z) => {
          const r = Math.sqrt(1 - z * z);
          const error: Affine = [
            1,
            0,
            0,
            2 * r * Math.cos(phi),
            0,
            1,
            0,
            2 * r * Math.sin(phi),
            0,
            0,
            1,
            2 * z,
            0,
            0,
            0,
            1,
          ];
          const { tracks, gone } = track(prior, prior, error);
          expect(tracks.map(({ known }) => known?.trackingID)).toEqual(['T1', 'T2']);
          expect(gone).toEqual([]);
        },
      ),
      { numRuns: 10 },
    );
  });

  test('5: specks beside a lesion do not take its identity', () => {
    const prior = spheres([
      { center: [0, 0, 0], radiusMm: 7 },
      { center: [4, 0, 8], radiusMm: 0.5 },
    ]);
    const current = spheres([
      { center: [0, 0, 2], radiusMm: 6.5 },
      { center: [0, 0, -6], radiusMm: 0.5 },
    ]);
    const { tracks } = track(current, prior);
    expect(tracks[0].known?.trackingID).toBe('T1');
    expect(tracks[1].known?.trackingID).not.toBe('T1');
  });

  test('6: every identity is given once, and none is invented', () => {
    const sphere = fc.record({
      center: fc.tuple(
        ...([0, 1, 2].map(() => fc.integer({ min: -22, max: 22 })) as [
          fc.Arbitrary<number>,
          fc.Arbitrary<number>,
          fc.Arbitrary<number>,
        ]),
      ),
      radiusMm: fc.integer({ min: 2, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(sphere, { maxLength: 4 }), fc.array(sphere, { maxLength: 4 }), (now, before) => {
        const { tracks, gone } = track(spheres(now), spheres(before));
        const given = [
          ...tracks.flatMap(({ known }) => (known ? [known.trackingID] : [])),
          ...gone.map(({ trackingID }) => trackingID),
        ];
        expect(given.sort()).toEqual(before.map((_, index) => `T${index + 1}`));
      }),
      { numRuns: 15 },
    );
  });
});

describe('changeOf', () => {
  test('1: the thresholds of the mapping', () => {
    expect(changeOf(140, 100, criteria)).toBe('grown');
    expect(changeOf(139, 100, criteria)).toBe('stable');
    expect(changeOf(71, 100, criteria)).toBe('shrunk');
    expect(changeOf(72, 100, criteria)).toBe('stable');
  });
  test('2: a few voxels are no change', () => {
    expect(changeOf(14, 4, criteria)).toBe('stable');
  });
});
