import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyAffine, identityAffine, invertAffine, multiplyAffine, type Vector3 } from '../../src/imaging/affine.js';
import { resampleLinear, resampleNearest } from '../../src/imaging/resample.js';
import { voxelCount, voxelFromIndex, type Grid } from '../../src/imaging/volume.js';
import { grid, linear, rigid } from './grids.js';

const filled = (of: Grid, value: (point: Vector3) => number) =>
  Float32Array.from({ length: voxelCount(of) }, (_, index) =>
    value(applyAffine(of.patientFromVoxel, voxelFromIndex(index, of.shape))),
  );
const labelled = (of: Grid) => Uint16Array.from({ length: voxelCount(of) }, (_, index) => index + 1);
/** The place of a target voxel in the source, in voxels. */
const placeIn = (source: Grid, target: Grid, sourceFromTarget: readonly number[], index: number) =>
  applyAffine(
    multiplyAffine(invertAffine(source.patientFromVoxel), multiplyAffine(sourceFromTarget, target.patientFromVoxel)),
    voxelFromIndex(index, target.shape),
  );

describe('resampling', () => {
  it('onto its own grid changes nothing, to the last border voxel', () => {
    fc.assert(
      fc.property(grid, (of) => {
        const voxels = filled(of, ([x, y, z]) => Math.sin(x) + Math.cos(y * z));
        const same = resampleLinear({ ...of, voxels }, of, identityAffine, NaN).voxels;
        same.forEach((value, index) => expect(value).toBeCloseTo(voxels[index], 4));
        expect(resampleNearest({ ...of, voxels: labelled(of) }, of, identityAffine).voxels).toEqual(labelled(of));
      }),
    );
  });

  it('keeps a linear image at every place inside, and gives the background outside', () => {
    fc.assert(
      fc.property(grid, grid, rigid, (source, target, sourceFromTarget) => {
        const whole: Grid = { ...source, shape: [source.shape[0] + 1, source.shape[1] + 1, source.shape[2] + 1] };
        const image = { ...whole, voxels: filled(whole, linear) };
        resampleLinear(image, target, sourceFromTarget, -99).voxels.forEach((value, index) => {
          const place = placeIn(whole, target, sourceFromTarget, index);
          const inside = place.every((at, axis) => at >= 0 && at <= whole.shape[axis] - 1);
          if (inside) expect(value).toBeCloseTo(linear(applyAffine(whole.patientFromVoxel, place)), 2);
          else if (place.some((at, axis) => at < -1e-3 || at > whole.shape[axis] - 0.999)) expect(value).toBe(-99);
        });
      }),
    );
  });

  it('of labels takes the nearest voxel, and 0 where there is none', () => {
    fc.assert(
      fc.property(grid, grid, rigid, (source, target, sourceFromTarget) => {
        const labels = { ...source, voxels: labelled(source) };
        resampleNearest(labels, target, sourceFromTarget).voxels.forEach((label, index) => {
          const place = placeIn(source, target, sourceFromTarget, index);
          if (label === 0) {
            expect(place.some((at, axis) => at <= -0.49 || at >= source.shape[axis] - 0.51)).toBe(true);
            return;
          }
          const voxel = voxelFromIndex(label - 1, source.shape);
          place.forEach((at, axis) => expect(Math.abs(at - voxel[axis])).toBeLessThanOrEqual(0.5 + 1e-6));
        });
      }),
    );
  });
});
