import { beforeAll, describe, expect, it } from 'vitest';
import { falxPoints, tentoriumPoints } from '../../src/phantom/dura.js';
import { patientStream } from '../../src/phantom/lesion-history.js';
import { LesionSites } from '../../src/phantom/lesion-sites.js';
import { createPatient, type PhantomPatient } from '../../src/phantom/patient.js';
import { Random } from '../../src/phantom/random.js';
import { acquire } from '../../src/phantom/acquire.js';
import { demoScanner, patientFromHead } from '../../src/phantom/scanner.js';
import { voxelIndexAt } from '../../src/phantom/head.js';
import { loadSourceHead, type SourceHead } from '../../src/phantom/source-head.js';
import { tissueImage } from '../../src/phantom/tissue.js';
import type { Tube } from '../../src/phantom/tube.js';
import { displacementAt, randomHeadShape, type HeadShape } from '../../src/phantom/warp.js';
import { applyAffine, determinant, invertAffine, multiplyAffine, type Vector3 } from '../../src/imaging/affine.js';

const distance = (a: Vector3, b: Vector3) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];

let head: SourceHead;
let patients: PhantomPatient[];
beforeAll(async () => {
  head = await loadSourceHead();
  patients = [1, 2].map((seed) => createPatient(head, seed, { timePoints: 2 }));
});

/** The stream of a patient whose mucosa and dura take up no contrast: all that is drawn for them is zero. */
class Unenhanced extends Random {
  override fork(name: string): Random {
    const stream = super.fork(name);
    if (name === 'mucosa' || name === 'dura') stream.uniform = () => 0;
    return stream;
  }
}

/** A patient's enhancing structures, in head space (LPS mm). */
function structuresOf({ seed, tubes }: PhantomPatient): Record<string, Tube[]> {
  let start = 0;
  return Object.fromEntries(
    Object.entries(head.tubes(patientStream(seed))).map(([name, { length }]) => [
      name,
      tubes.slice(start, (start += length)),
    ]),
  );
}

/** Points where three or more pieces of vessels meet. */
function junctionsOf(tubes: readonly Tube[]): number {
  const ends = new Map<string, number>();
  for (const { from, to } of tubes)
    if (from !== to) for (const end of [from, to]) ends.set(end.join(), (ends.get(end.join()) ?? 0) + 1);
  return [...ends.values()].filter((count) => count >= 3).length;
}

describe('after contrast', () => {
  it('makes each structure brighter than its surroundings', () => {
    for (const patient of patients) {
      const scanner = { ...demoScanner(1), pointSpread: 0, noise: 0, bias: 0, ghost: 0 };
      const image = acquire({ ...patient, lesions: [] }, 0, scanner);
      const voxelFromHead = multiplyAffine(invertAffine(image.patientFromVoxel), patientFromHead(scanner));
      const valueAt = (point: Vector3) => {
        const [i, j, k] = applyAffine(voxelFromHead, point).map(Math.round);
        return image.voxels[i + image.shape[0] * (j + image.shape[1] * k)];
      };
      const isFree = (point: Vector3) =>
        !patient.tubes.some(({ from, fromRadiusMm }) => distance(from, point) < fromRadiusMm + 2);
      for (const [name, tubes] of Object.entries(structuresOf(patient))) {
        // Of thousands of pieces every tenth; what fills less than a voxel is faint.
        const some = tubes.filter(
          ({ fromRadiusMm }, index) => fromRadiusMm > 0.75 && (tubes.length < 20 || index % 10 === 0),
        );
        if (some.length === 0) continue;
        const around = some.flatMap(({ from: [x, y, z], fromRadiusMm }) => {
          const d = fromRadiusMm + 3;
          return ([[d, 0, 0], [-d, 0, 0], [0, d, 0], [0, -d, 0], [0, 0, d], [0, 0, -d]] as const).map((by): Vector3 => [x + by[0], y + by[1], z + by[2]]).filter(isFree); // prettier-ignore
        });
        const ratio = median(some.map(({ from }) => valueAt(from))) / median(around.map(valueAt));
        expect(ratio, name).toBeGreaterThan(1.4);
      }
    }
  });

  it('makes mucosa, falx and tentorium brighter than without, and nothing else', () => {
    const nose: Vector3[] = [];
    for (let z = -60; z <= -30; z += 2)
      for (let y = -60; y <= -20; y += 2) for (let x = -16; x <= 16; x += 2) nose.push([x, y, z]);
    const after = tissueImage(head, new Random('tissue'));
    const before = tissueImage(head, new Unenhanced('tissue'));
    for (const [name, points] of Object.entries({ nose, falx: falxPoints(head), tentorium: tentoriumPoints(head) })) {
      const indices = points.map((point) => voxelIndexAt(head, point)).filter((index) => before[index] > 0.1);
      expect(indices.length, name).toBeGreaterThan(1000);
      const share = indices.filter((index) => after[index] > 1.1 * before[index]).length / indices.length;
      // Air in the nose and bone between stay as they are.
      expect(share, name).toBeGreaterThan(name === 'nose' ? 0.4 : 0.9);
    }
    const changed = after.filter((value, index) => value !== before[index]).length / after.length;
    expect(changed).toBeLessThan(0.05);
  });
});

describe('the circle of Willis', () => {
  it('is one: three pieces meet again and again', () => {
    for (const patient of patients) expect(junctionsOf(structuresOf(patient).arteries)).toBeGreaterThan(5);
  });
});

describe('metastases', () => {
  it('lie in the brain, most often where grey and white matter meet', () => {
    const { image, brain, levels } = head;
    const [nx, ny] = image.shape;
    const middle = (levels.grey + levels.white) / 2;
    /** Whether both make up a fifth at least of a cube of 5 mm. */
    const isBorder = (index: number) => {
      let white = 0;
      for (let k = -2; k <= 2; k++)
        for (let j = -2; j <= 2; j++)
          for (let i = -2; i <= 2; i++) if (image.voxels[index + i + nx * (j + ny * k)] > middle) white++;
      return white >= 25 && white <= 100;
    };
    const share = (indices: readonly number[]) => indices.filter(isBorder).length / indices.length;
    const finder = new LesionSites(head, (point) => point, []);
    const sites = Array.from({ length: 60 }, (_, lesion) => {
      const site = finder.find({ radiusMm: 2, on: 'brain' }, new Random(`site ${lesion}`))!;
      expect(site.outward).toBeNull();
      return voxelIndexAt(head, site.at);
    });
    expect(sites.every((index) => brain[index] === 1)).toBe(true);
    const anywhere: number[] = [];
    for (let index = 0; index < brain.length; index += 501)
      if (brain[index] && image.voxels[index] > 0.85 * levels.grey) anywhere.push(index);
    expect(share(sites)).toBeGreaterThan(share(anywhere) + 0.2);
  });
});

describe('heads', () => {
  let shapes: HeadShape[];
  beforeAll(() => {
    shapes = Array.from({ length: 8 }, (_, seed) => randomHeadShape(head, patientStream(seed).fork('shape')));
  });

  it('are mirrored, every second one', () => {
    const mirrored = shapes.filter(({ sourceFromHeadAffine }) => determinant(sourceFromHeadAffine) < 0).length;
    expect(mirrored).toBeGreaterThan(1);
    expect(mirrored).toBeLessThan(7);
  });

  it('are warped by a few millimetres, smoothly and each in its own way', () => {
    const points: Vector3[] = [];
    for (let z = -40; z <= 70; z += 10)
      for (let y = -60; y <= 90; y += 10) for (let x = -60; x <= 60; x += 10) points.push([x, y, z]);
    for (const [index, { field }] of shapes.entries()) {
      const { field: next } = shapes[(index + 1) % shapes.length];
      const apart = (other: (point: Vector3) => Vector3) =>
        points.map((point) => distance(displacementAt(field, point), other(point)));
      expect(mean(apart(() => [0, 0, 0]))).toBeGreaterThan(1.5);
      expect(mean(apart((point) => displacementAt(next, point)))).toBeGreaterThan(2);
      expect(Math.max(...apart(([x, y, z]) => displacementAt(field, [x + 1, y, z])))).toBeLessThan(0.5);
    }
  });

  it('have contrasts of their own between dark fluid, grey and white matter', () => {
    const { image, brain, levels } = head;
    const contrasts = patients.map(({ tissue }) => {
      const signalOf = (level: number) => {
        const values: number[] = [];
        for (let index = 0; index < tissue.length; index += 5)
          if (brain[index] && Math.abs(image.voxels[index] / level - 1) < 0.03) values.push(tissue[index]);
        return median(values);
      };
      return { csf: signalOf(levels.csf), grey: signalOf(levels.grey), white: signalOf(levels.white) };
    });
    for (const { csf, grey, white } of contrasts) {
      expect(csf).toBeLessThan(0.7 * grey);
      expect(grey).toBeGreaterThan(0.65 * white);
      expect(grey).toBeLessThan(0.9 * white);
    }
    const [one, other] = contrasts.map(({ grey, white }) => grey / white);
    expect(Math.abs(one - other)).toBeGreaterThan(0.02);
  });
});
