import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadMapping } from '../../../src/core/mapping-file.js';
import { responseCriteriaSchema } from '../../../src/model/criteria.js';
import { Random } from '../../../src/phantom/random.js';
import { phantomCourse } from './phantom-courses.js';
import { SimulatedNode, type Scan } from './simulated-node.js';

const criteria = loadMapping(
  join(import.meta.dirname, '../../../mappings/response-criteria.yaml'),
  responseCriteriaSchema,
);
const courses = Array.from({ length: 40 }, (_, seed) => phantomCourse(seed + 1));

/** Of a node's lesions at follow-ups: how many have the identity of their true lesion's first sight, and no other's. */
function identityScore({ standing }: SimulatedNode): { right: number; all: number } {
  const scans = [...standing.values()].sort((a, b) => a.scan.day - b.scan.day);
  const uidOf = new Map<number, string>();
  const ownerOf = new Map<string, number>();
  let right = 0;
  let all = 0;
  for (const [index, { result }] of scans.entries())
    for (const { number, trackingUID } of result.lesions) {
      const expected = uidOf.get(number);
      if (index > 0) all++;
      if (index > 0 && (expected ? trackingUID === expected : !ownerOf.has(trackingUID))) right++;
      if (!expected) uidOf.set(number, trackingUID);
      if (!ownerOf.has(trackingUID)) ownerOf.set(trackingUID, number);
    }
  return { right, all };
}

/** Share of right identities over all patients, each read as `arrange` has its scans arrive. */
async function rate(arrange: (scans: readonly Scan[], random: Random) => Promise<SimulatedNode>): Promise<number> {
  let right = 0;
  let all = 0;
  for (const [index, scans] of courses.entries()) {
    const score = identityScore(await arrange(scans, new Random(`arrival ${index}`)));
    right += score.right;
    all += score.all;
  }
  process.stdout.write(`${right} of ${all} identities are right (${((100 * right) / all).toFixed(1)} %)\n`);
  expect(all).toBeGreaterThan(150);
  return right / all;
}

async function received(scans: readonly Scan[], errorMm: number, name = 'node'): Promise<SimulatedNode> {
  const node = new SimulatedNode(criteria, errorMm, name);
  for (const scan of scans) await node.receive(scan);
  return node;
}

const shuffled = (scans: readonly Scan[], random: Random) =>
  scans
    .map((scan) => ({ scan, at: random.uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ scan }) => scan);

describe('at least 98 % of lesions keep their identity', () => {
  test('1: in the order of acquisition', async () => {
    expect(await rate((scans) => received(scans, 0.3))).toBeGreaterThanOrEqual(0.98);
  });

  test('2: with registrations 2 mm off', async () => {
    expect(await rate((scans) => received(scans, 2))).toBeGreaterThanOrEqual(0.98);
  });

  test('3: in any order of arrival, each with its first identity to the end', async () => {
    let kept = 0;
    let all = 0;
    const share = await rate(async (scans, random) => {
      const node = new SimulatedNode(criteria, 2);
      const first = new Map<string, string>();
      for (const scan of shuffled(scans, random)) {
        const { lesions } = await node.receive(scan);
        for (const { number, trackingUID } of lesions) first.set(`${scan.day} ${number}`, trackingUID);
      }
      for (const { scan, result } of node.standing.values())
        for (const { number, trackingUID } of result.lesions) {
          all++;
          if (first.get(`${scan.day} ${number}`) === trackingUID) kept++;
        }
      return node;
    });
    expect(share).toBeGreaterThanOrEqual(0.98);
    process.stdout.write(`${kept} of ${all} lesions have the identity of their first report\n`);
    expect(kept / all).toBeGreaterThanOrEqual(0.98);
  });

  test('4: when two patients turn out to be one', async () => {
    const share = await rate(async (scans) => {
      const node = await received(
        scans.filter((_, index) => index % 2 === 0),
        2,
        'one',
      );
      await node.merge(await received(scans.filter((_, index) => index % 2 === 1), 2, 'two')); // prettier-ignore
      return node;
    });
    expect(share).toBeGreaterThanOrEqual(0.98);
  });
});
