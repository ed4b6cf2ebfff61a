import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changeBetween,
  drawDays,
  drawStory,
  sphereDiameterMm,
  sphereVolumeMm3,
} from '../../src/phantom/lesion-history.js';
import { Random } from '../../src/phantom/random.js';
import { headFromSource, randomHeadShape, sourceFromHead } from '../../src/phantom/warp.js';
import { invertAffine } from '../../src/imaging/affine.js';

describe('Random', () => {
  it('is a function of its seed, and forks do not depend on what was drawn before', () => {
    const a = new Random('one');
    const b = new Random('one');
    b.uniform();
    expect(a.fork('x').uint32()).toBe(b.fork('x').uint32());
    expect(new Random('one').uint32()).not.toBe(new Random('two').uint32());
  });

  it('draws normal numbers of the requested mean and spread', () => {
    const random = new Random('normal');
    const values = Array.from({ length: 20000 }, () => random.normal(3, 2));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(3, 1);
    expect(Math.sqrt(variance)).toBeCloseTo(2, 1);
  });
});

describe('the story of many patients', () => {
  const stories = Array.from({ length: 1500 }, (_, seed) => drawStory(seed));
  const scans = stories.reduce((sum, story) => sum + story[0].length, 0);
  const volumes = stories.flat(2).filter((volume) => volume > 0);

  it('has the shares of Huang 2021: 47 % below 0.1 cm³, 2.7 per volume, 31 % first scans', () => {
    expect(volumes.filter((volume) => volume < 100).length / volumes.length).toBeGreaterThan(0.44);
    expect(volumes.filter((volume) => volume < 100).length / volumes.length).toBeLessThan(0.5);
    expect(volumes.length / scans).toBeGreaterThan(2.5);
    expect(volumes.length / scans).toBeLessThan(2.9);
    expect(stories.length / scans).toBeGreaterThan(0.29);
    expect(stories.length / scans).toBeLessThan(0.33);
  });

  it('stays within 1 and 45 mm and shows every kind of change', () => {
    const diameters = volumes.map(sphereDiameterMm);
    expect(diameters.every((diameter) => diameter > 0.999 && diameter < 45.001)).toBe(true);
    expect(Math.min(...diameters)).toBeLessThan(1.5);
    expect(Math.max(...diameters)).toBeGreaterThan(40);
    const changes = new Set(
      stories.flatMap((story) =>
        story.flatMap((course) =>
          course.flatMap((volume, time) =>
            volume > 0 ? [changeBetween(time > 0 ? course[time - 1] : null, volume, time === 0)] : [],
          ),
        ),
      ),
    );
    expect([...changes].sort()).toEqual(['baseline', 'grown', 'new', 'shrunk', 'stable']);
    const gone = stories
      .flat()
      .filter((course) => course.some((volume, time) => time > 0 && volume === 0 && course[time - 1] > 0));
    expect(gone.length).toBeGreaterThan(0);
  });

  it('is scanned every four to six weeks', () => {
    const gaps = stories.flatMap((story, seed) =>
      drawDays(seed, story[0].length).flatMap((day, time, days) => (time > 0 ? [day - days[time - 1]] : [])),
    );
    expect(gaps).toHaveLength(scans - stories.length);
    expect([Math.min(...gaps), Math.max(...gaps)]).toEqual([28, 42]);
  });
});

describe('sphereDiameterMm', () => {
  it('undoes sphereVolumeMm3', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 30, noNaN: true }), (diameter) => {
        expect(sphereDiameterMm(sphereVolumeMm3(diameter))).toBeCloseTo(diameter, 9);
      }),
    );
  });
});

describe('a head shape', () => {
  // The strongest warps there are.
  const source = { scale: [1.1, 1, 1.2], warp: [[80, 4.5], [40, 2.8], [20, 1]], ventricles: null } as const; // prettier-ignore

  it('can be undone everywhere in a head, for any seed', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.tuple(
          fc.integer({ min: -80, max: 80 }),
          fc.integer({ min: -90, max: 115 }),
          fc.integer({ min: -70, max: 95 }),
        ),
        (seed, point) => {
          const shape = randomHeadShape(source, new Random(`shape ${seed}`));
          const back = headFromSource(shape, invertAffine(shape.sourceFromHeadAffine), sourceFromHead(shape, point));
          expect(Math.hypot(back[0] - point[0], back[1] - point[1], back[2] - point[2])).toBeLessThan(0.02);
        },
      ),
      { numRuns: 4 },
    );
  });
});
