import { describe, expect, it } from 'vitest';
import {
  applyReview,
  unreviewed,
  type OwnLesion,
  type ReviewContext,
} from '../../../src/analysis/case/apply-review.js';
import type { DrawnLesion } from '../../../src/analysis/review/review.js';

const types = ['AUTOMATIC', 'SEMIAUTOMATIC', 'MANUAL'];
const range = (first: number, count: number) => Uint32Array.from({ length: count }, (_, index) => first + index);
const own = (number: number, confidence: OwnLesion['confidence'], voxels: Uint32Array): OwnLesion => ({
  trackingUID: `1.2.${number}`,
  trackingID: `Lesion ${number}`,
  confidence,
  voxels,
  measurements: { volumeMm3: voxels.length, longAxisMm: 1, shortAxisMm: 1 },
});
const tiny = own(1, 'candidate', range(100, 6));
const other = own(2, 'candidate', range(300, 40));
const sure = own(3, 'confirmed', range(500, 60));
const context: ReviewContext = {
  own: [tiny, other, sure],
  isOurs: () => false,
  identityOf: (trackingUID) => ({ trackingUID, trackingID: 'Lesion 9' }),
};
const segment = (lesion: OwnLesion, given: Partial<DrawnLesion> = {}): DrawnLesion => ({
  segmentNumber: 1,
  trackingUID: null,
  algorithmType: 'MANUAL',
  property: 'unspecific',
  voxels: lesion.voxels,
  ...given,
});
const review = (...lesions: DrawnLesion[]) =>
  applyReview(unreviewed(context), { kind: 'SEG', observer: null, lesions }, context).map(
    ({ identity, confidence, verdict }) => [identity?.trackingID ?? 'unnamed', confidence, verdict],
  );

describe('a segmentation whose every segment has one algorithm type, as viewers write them', () => {
  it.each(types)('edits what has other voxels and leaves the rest as it was: %s', (algorithmType) => {
    const edited = { algorithmType, voxels: range(500, 61) };
    const found = review(segment(tiny, { algorithmType }), segment(other, { algorithmType }), segment(sure, edited));
    expect(found).toEqual([
      ['Lesion 1', 'candidate', 'kept'],
      ['Lesion 2', 'candidate', 'kept'],
      ['Lesion 3', 'confirmed', 'edited'],
    ]);
  });

  it.each(types)('corrects nothing where every voxel is as we found it: %s', (algorithmType) => {
    const same = context.own.map((lesion) => segment(lesion, { algorithmType }));
    expect(() => review(...same)).toThrow(expect.objectContaining({ code: 'REVIEW_REFUSED' }));
  });

  it('rejects what it no longer shows', () => {
    expect(review(segment(tiny), segment(sure)).map(([name]) => name)).toEqual(['Lesion 1', 'Lesion 3']);
  });
});

it('a segment that alone is marked as made by a person is accepted as it is', () => {
  const automatic = { algorithmType: 'AUTOMATIC' };
  expect(review(segment(tiny, automatic), segment(other), segment(sure, automatic))).toContainEqual([
    'Lesion 2',
    'confirmed',
    'accepted',
  ]);
});

describe('a lesion that a reader redraws at another size', () => {
  it('keeps its identity when it is enlarged many times over', () => {
    const found = review(segment(tiny, { voxels: range(80, 74) }), segment(other), segment(sure));
    expect(found[0]).toEqual(['Lesion 1', 'confirmed', 'edited']);
  });

  it('keeps its identity when it is cut down to a few voxels', () => {
    const found = review(segment(tiny), segment(other), segment(sure, { voxels: range(520, 4) }));
    expect(found[2]).toEqual(['Lesion 3', 'confirmed', 'edited']);
  });

  it('does not become a whole brain that encloses it', () => {
    const brain = segment(tiny, { property: 'other', voxels: range(0, 1000) });
    expect(review(brain, segment(other, { voxels: range(300, 41) }), segment(sure)).map(([name]) => name)).toEqual([
      'Lesion 2',
      'Lesion 3',
    ]);
  });
});
