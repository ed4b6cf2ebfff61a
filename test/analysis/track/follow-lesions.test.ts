import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadMapping } from '../../../src/core/mapping-file.js';
import { responseCriteriaSchema } from '../../../src/model/criteria.js';
import type { SiteSeen } from '../../../src/model/probability-map.js';
import { identityAffine } from '../../../src/imaging/affine.js';
import { SimulatedNode, type Scan } from './simulated-node.js';
import { spheres, type Sphere } from './spheres.js';

const criteria = loadMapping(
  join(import.meta.dirname, '../../../mappings/response-criteria.yaml'),
  responseCriteriaSchema,
);

const empty: SiteSeen = { coveredShare: 1, highestProbability: 0 };
/** A scan of spheres; its prior's networks saw `site` wherever it shows a lesion. */
const scan = (day: number, specs: readonly Sphere[], site: SiteSeen = empty): Scan => ({
  ...spheres(specs),
  day,
  registration: () => identityAffine,
  sitesAt: () => new Map(specs.map((_, index) => [index + 1, site])),
});
const at = (x: number, radiusMm: number): Sphere => ({ center: [x, 0, 0], radiusMm });

async function followed(...scans: Scan[]) {
  const node = new SimulatedNode(criteria);
  for (const one of scans) await node.receive(one);
  return (day: number) => {
    const { lesions, gone } = node.standing.get(day)!.result;
    return { lesions, gone, words: lesions.map(({ trackingID, change }) => `${trackingID} ${change}`) };
  };
}

describe('followLesions', () => {
  test('1: calls a first study baseline, then lesions grown, stable, shrunk, new and not visualised', async () => {
    const result = await followed(
      scan(0, [at(-20, 3), at(-5, 4), at(10, 5), at(25, 3)]),
      scan(40, [at(-20, 4), at(-5, 4), at(10, 3), { center: [0, 20, 0], radiusMm: 3 }]),
    );
    expect(result(0).words).toEqual(['Lesion 1 baseline', 'Lesion 2 baseline', 'Lesion 3 baseline', 'Lesion 4 baseline']); // prettier-ignore
    expect(result(40).words).toEqual(['Lesion 1 grown', 'Lesion 2 stable', 'Lesion 3 shrunk', 'Lesion 5 new']);
    expect(result(40).gone).toMatchObject([{ trackingID: 'Lesion 4', status: 'not visualised' }]);
    expect(result(0).gone).toEqual([]);
  });

  test('2: calls a lesion new only if the prior covers its location and was empty there', async () => {
    const later = async (site: SiteSeen, radiusMm = 3) =>
      (await followed(scan(0, []), scan(40, [at(0, radiusMm)], site)))(40).lesions[0].change;
    expect(await later({ coveredShare: 1, highestProbability: 0.05 })).toBe('new');
    expect(await later({ coveredShare: 1, highestProbability: 0.45 })).toBe('unclear');
    expect(await later({ coveredShare: 0.1, highestProbability: 0 })).toBe('baseline');
    // Too small to be called new before it is seen again (Lin 2015).
    expect(await later(empty, 1)).toBe('equivocal');
    expect(await later({ coveredShare: 1, highestProbability: 0.45 }, 1)).toBe('unclear');
  });

  test('3: gives volume change, interval and doubling time since prior and since baseline', async () => {
    const result = await followed(scan(0, [at(0, 3)]), scan(30, [at(0, 4)]), scan(90, [at(0, 5)]));
    const [v0, v30, v90] = [0, 30, 90].map((day) => result(day).lesions[0].volumeMm3);
    const { sincePrior, sinceBaseline, history } = result(90).lesions[0];
    expect(history.map(({ volumeMm3, order }) => [order, volumeMm3])).toEqual([[1, v0], [2, v30]]); // prettier-ignore
    expect(sincePrior).toMatchObject({ intervalDays: 60, volumeChangeMm3: v90 - v30 });
    expect(sincePrior!.volumeChangePercent!).toBeCloseTo(100 * (v90 / v30 - 1));
    expect(v30 * 2 ** (60 / sincePrior!.doublingTimeDays!)).toBeCloseTo(v90);
    expect(sinceBaseline).toMatchObject({ intervalDays: 90, volumeChangeMm3: v90 - v0 });
    expect(result(0).lesions[0]).toMatchObject({ sincePrior: null, sinceBaseline: null, history: [] });
  });

  test('4: gives a lesion that reappears its old tracking identifier', async () => {
    const result = await followed(scan(0, [at(0, 4)]), scan(40, []), scan(80, []), scan(120, [at(1, 3)]));
    expect(result(80).gone).toMatchObject([{ trackingID: 'Lesion 1', history: [{ order: 1 }] }]);
    expect(result(120).words).toEqual(['Lesion 1 reappeared']);
    expect(result(120).lesions[0].sincePrior).toMatchObject({ intervalDays: 120 });
  });

  test('5: compares merged lesions as a whole, records it, and does not miss them later', async () => {
    const result = await followed(
      scan(0, [at(-4, 3.7), at(4, 3.5)]),
      scan(40, [at(0, 5)]),
      scan(80, [at(0, 5)]),
      scan(120, []),
    );
    const [merged] = result(40).lesions;
    expect(merged).toMatchObject({ change: 'stable', mergedFrom: [{ trackingID: 'Lesion 2' }] });
    expect(merged.sincePrior!.volumeChangeMm3).toBe(
      merged.volumeMm3 - result(0).lesions[0].volumeMm3 - result(0).lesions[1].volumeMm3,
    );
    for (const day of [40, 80])
      expect(result(day).gone).toMatchObject([
        { trackingID: 'Lesion 2', status: 'merged', mergedInto: { trackingID: 'Lesion 1' } },
      ]);
    expect(result(120).gone.map(({ trackingID, status }) => `${trackingID} ${status}`)).toEqual(['Lesion 1 not visualised', 'Lesion 2 not visualised']); // prettier-ignore
  });

  test('6: gives the parts of a split lesion its change, and does not call them new', async () => {
    const result = await followed(
      scan(0, [at(0, 5)]),
      scan(40, [at(-4, 3.7), at(4, 3.5)]),
      scan(80, [at(-4, 3.7), at(4, 3.5)]),
    );
    expect(result(40).words).toEqual(['Lesion 1 stable', 'Lesion 2 stable']);
    expect(result(40).lesions.map(({ splitFrom }) => splitFrom?.trackingID ?? null)).toEqual([null, 'Lesion 1']);
    // Each of them has numbers again once it can be followed by itself.
    expect(result(40).lesions.map(({ sincePrior }) => sincePrior)).toEqual([null, null]);
    expect(result(80).lesions.map(({ splitFrom }) => splitFrom)).toEqual([null, null]);
    expect(result(80).lesions.map(({ sincePrior }) => sincePrior?.volumeChangeMm3)).toEqual([0, 0]);
  });

  test('7: gives a late study the identities that later studies use, and those keep them', async () => {
    const result = await followed(
      scan(0, [at(-20, 4)]),
      scan(80, [at(-20, 4), at(0, 4), at(20, 4)]),
      scan(40, [at(20, 3), at(0, 3), { center: [0, 20, 0], radiusMm: 3 }]),
    );
    expect(result(40).words).toEqual(['Lesion 3 new', 'Lesion 2 new', 'Lesion 4 new']);
    expect(result(80).words).toEqual(['Lesion 1 reappeared', 'Lesion 2 grown', 'Lesion 3 grown']);
  });

  test('8: does the same for a late baseline', async () => {
    const result = await followed(scan(40, [at(0, 4), at(20, 4)]), scan(0, [at(20, 4), at(-20, 4)]));
    expect(result(0).words).toEqual(['Lesion 2 baseline', 'Lesion 3 baseline']);
    expect(result(40).words).toEqual(['Lesion 1 new', 'Lesion 2 stable']);
    expect(result(40).gone.map(({ trackingID }) => trackingID)).toEqual(['Lesion 3']);
  });

  test('9: keeps identities in a run with other models, even of lesions that an earlier model missed', async () => {
    const result = await followed(
      scan(0, [at(0, 4), at(20, 4)]),
      scan(0, [at(20, 4)]),
      scan(0, [{ center: [0, 20, 0], radiusMm: 3 }, at(0, 4), at(20, 4)]),
    );
    expect(result(0).words).toEqual(['Lesion 3 baseline', 'Lesion 1 baseline', 'Lesion 2 baseline']);
  });

  test('10: keeps identities without a registered prior, but compares nothing', async () => {
    const result = await followed(
      scan(0, [at(0, 3), at(20, 4)]),
      { ...scan(40, [at(0, 5), at(-20, 4)]), unregistered: true },
      scan(80, [at(0, 5), at(-20, 4), at(20, 4)]),
    );
    expect(result(40).words).toEqual(['Lesion 1 unclear', 'Lesion 3 baseline']);
    expect(result(40).lesions[0]).toMatchObject({ sincePrior: null, history: [{ order: 1 }] });
    expect(result(40).gone).toEqual([]);
    expect(result(80).words).toEqual(['Lesion 1 stable', 'Lesion 3 stable', 'Lesion 2 reappeared']);
  });

  test('11: does not call a lesion outside the field of view not visualised', async () => {
    const result = await followed(scan(0, [at(0, 3), at(20, 4)]), {
      ...scan(40, []),
      shows: ({ trackingID }) => trackingID === 'Lesion 1',
    });
    expect(result(40).gone.map(({ trackingID, status }) => `${trackingID} ${status}`)).toEqual([
      'Lesion 1 not visualised',
      'Lesion 2 outside the field of view',
    ]);
  });
});
