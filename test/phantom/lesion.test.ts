import { beforeAll, describe, expect, it } from 'vitest';
import { sphereVolumeMm3 } from '../../src/phantom/lesion-history.js';
import { visitLesion } from '../../src/phantom/lesion-paint.js';
import { randomAppearance, type LesionKind, type PlacedLesion } from '../../src/phantom/lesion.js';
import { Random } from '../../src/phantom/random.js';
import { identityAffine, type Affine, type Vector3 } from '../../src/imaging/affine.js';
import { voxelVolumeMm3, type Grid } from '../../src/imaging/volume.js';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A cube of `sideMm` about the origin. */
function cube(sideMm: number, spacingMm: number): Grid {
  const count = Math.round(sideMm / spacingMm);
  const offset = (-spacingMm * (count - 1)) / 2;
  const patientFromVoxel: Affine = [spacingMm, 0, 0, offset, 0, spacingMm, 0, offset, 0, 0, spacingMm, offset, 0, 0, 0, 1]; // prettier-ignore
  return { shape: [count, count, count], patientFromVoxel };
}

const placed = (kind: LesionKind | undefined, diameterMm: number, draw: number): PlacedLesion => ({
  ...randomAppearance(new Random(`lesion ${draw}`), diameterMm, kind ? { kind } : {}),
  id: 1,
  centreMm: [0, 0, 0],
  volumeMm3: sphereVolumeMm3(diameterMm),
});

function render(lesion: PlacedLesion, grid: Grid) {
  const [nx, ny, nz] = grid.shape;
  const cover = new Float32Array(nx * ny * nz);
  const signal = new Float32Array(nx * ny * nz);
  visitLesion(lesion, grid, identityAffine, (index, filled, value) => {
    cover[index] = filled;
    signal[index] = value;
  });
  return { cover, signal };
}

const fine = cube(36, 0.5);
/** Index of the fine grid's voxel at a point. */
const indexAt = (point: Vector3) => {
  const [i, j, k] = point.map((mm) => Math.round((mm + 17.75) / 0.5));
  return i + 72 * (j + 72 * k);
};

/** How lesions of 12 mm of one kind look, seen along rays from their middle. */
function look(kind: LesionKind) {
  return Array.from({ length: 4 }, (_, draw) => {
    const lesion = placed(kind, 12, draw);
    const { cover, signal } = render(lesion, fine);
    const random = new Random('rays');
    const reachesMm: number[] = [];
    const rimsMm: number[] = [];
    for (let ray = 0; ray < 150; ray++) {
      const direction = random.direction();
      let rim = 0;
      let mm = 0;
      for (; mm < 17 && cover[indexAt([direction[0] * mm, direction[1] * mm, direction[2] * mm])] >= 0.5; mm += 0.25) {
        const value = signal[indexAt([direction[0] * mm, direction[1] * mm, direction[2] * mm])];
        if (value > (lesion.signal + lesion.coreSignal) / 2) rim += 0.25;
      }
      reachesMm.push(mm);
      rimsMm.push(rim);
    }
    const deviation = (values: readonly number[]) => {
      const middle = mean(values);
      return Math.sqrt(mean(values.map((value) => (value - middle) ** 2))) / middle;
    };
    return {
      core: signal[indexAt([0, 0, 0])] / lesion.signal,
      rimMm: mean(rimsMm),
      unevenRim: deviation(rimsMm),
      unevenBorder: deviation(reachesMm),
      volume: (cover.reduce((sum, value) => sum + value, 0) * voxelVolumeMm3(fine)) / lesion.volumeMm3,
    };
  });
}

describe('a metastasis', () => {
  const looks = {} as Record<LesionKind, ReturnType<typeof look>>;
  beforeAll(() => {
    for (const kind of ['solid', 'lobulated', 'ring', 'necrotic'] as const) looks[kind] = look(kind);
  });
  const average = (kind: LesionKind, key: keyof ReturnType<typeof look>[number]) =>
    mean(looks[kind].map((one) => one[key]));

  it('enhances throughout when solid or lobulated, and in its rim alone when ring-enhancing or necrotic', () => {
    for (const { core } of [...looks.solid, ...looks.lobulated]) expect(Math.abs(core - 1)).toBeLessThan(0.1);
    for (const { core, rimMm } of [...looks.ring, ...looks.necrotic]) {
      expect(core).toBeLessThan(0.7);
      expect(rimMm).toBeGreaterThan(1);
      expect(rimMm).toBeLessThan(4);
    }
  });

  it('has a thin even rim when ring-enhancing, a thicker ragged one when necrotic', () => {
    expect(average('necrotic', 'rimMm')).toBeGreaterThan(1.3 * average('ring', 'rimMm'));
    expect(average('necrotic', 'unevenRim')).toBeGreaterThan(1.3 * average('ring', 'unevenRim'));
  });

  it('is far from round when lobulated', () => {
    expect(average('lobulated', 'unevenBorder')).toBeGreaterThan(1.6 * average('solid', 'unevenBorder'));
  });

  it('fills its volume, whatever its kind, and from 1 mm up by parts of voxels', () => {
    for (const { volume } of Object.values(looks).flat()) expect(volume).toBeCloseTo(1, 1);
    for (const diameterMm of [1, 2, 6]) {
      const { cover } = render(placed('solid', diameterMm, 1), cube(12, 1));
      const filled = cover.reduce((sum, value) => sum + value, 0);
      expect(filled / sphereVolumeMm3(diameterMm)).toBeCloseTo(1, 1);
      const partly = cover.filter((value) => value > 0 && value < 1).length;
      expect(partly).toBeGreaterThan(diameterMm < 6 ? 7 : 50);
    }
  });

  it('is of every kind when large, of low contrast and of high, with oedema and without', () => {
    const large = Array.from({ length: 40 }, (_, draw) => placed(undefined, 20, draw));
    expect(new Set(large.map(({ kind }) => kind)).size).toBe(6);
    const low = large.filter(({ signal }) => signal < 1.3).length;
    expect(low).toBeGreaterThan(3);
    expect(low).toBeLessThan(20);
    const swollen = large.filter(({ oedema }) => oedema.reach > 0).length;
    expect(swollen).toBeGreaterThan(20);
    expect(swollen).toBeLessThan(40);
  });
});
