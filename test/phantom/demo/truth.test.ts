import { describe, expect, it } from 'vitest';
import type { TimePointSummary } from '../../../src/node/operations/time-point.js';
import { compareWithTruth, mostFalse, type Comparison } from '../../../src/phantom/demo/truth.js';
import type { LesionChange } from '../../../src/model/lesion.js';
import { sphereVolumeMm3 } from '../../../src/phantom/lesion-history.js';
import type { PhantomLesion, PhantomScan } from '../../../src/phantom/scan.js';
import { identityAffine } from '../../../src/imaging/affine.js';

type Finding = TimePointSummary['lesions'][number];
type Gone = TimePointSummary['gone'][number];

/** A true lesion, 20 mm from the next. */
const truth = (id: number, diameterMm: number, change: LesionChange, priorDiameterMm = 0): PhantomLesion => ({
  id,
  kind: 'solid',
  onDura: false,
  diameterMm,
  volumeMm3: sphereVolumeMm3(diameterMm),
  priorVolumeMm3: priorDiameterMm > 0 ? sphereVolumeMm3(priorDiameterMm) : null,
  change,
  contrast: 1.7,
  centreHeadMm: [20 * id, 0, 0],
});

/** The scan of true lesions: each is one voxel of 1 mm. */
function scanOf(...lesions: PhantomLesion[]): Pick<PhantomScan, 'labels' | 'lesions'> {
  const voxels = new Uint16Array(200);
  for (const { id } of lesions) voxels[20 * id] = id;
  return { lesions, labels: { shape: [200, 1, 1], patientFromVoxel: identityAffine, voxels } };
}

/** What the node says of the true lesion `id`, `offMm` from its centre. */
const finding = (
  id: number,
  change: LesionChange,
  offMm = 1,
  confidence: Finding['confidence'] = 'confirmed',
): Finding =>
  ({
    trackingUID: `2.25.${id}`,
    trackingID: `Lesion ${id}`,
    change,
    confidence,
    centroidPatientMm: [20 * id, offMm, 0],
  }) as unknown as Finding;

const gone = (id: number, status: Gone['status'] = 'not visualised'): Gone => ({
  trackingUID: `2.25.${id}`,
  trackingID: `Lesion ${id}`,
  status,
  mergedInto: null,
});

const judge = (
  scan: ReturnType<typeof scanOf>,
  lesions: Finding[],
  { gone: lost = [], prior = null }: { gone?: Gone[]; prior?: Comparison | null } = {},
) => compareWithTruth({ lesions, gone: lost }, scan, prior);

describe('a time point compared with its truth', () => {
  it('passes if every lesion of 6 mm is found with the right change', () => {
    const scan = scanOf(truth(1, 10, 'grown', 8), truth(2, 7, 'new'), truth(3, 3, 'stable', 3));
    const { lines, falseFindings, failures } = judge(scan, [finding(1, 'grown'), finding(2, 'new')]);
    expect(lines.map(({ id, found }) => [id, found?.trackingID])).toEqual([
      [1, 'Lesion 1'],
      [2, 'Lesion 2'],
      [3, undefined],
    ]);
    expect([falseFindings, failures]).toEqual([[], []]);
  });

  it('fails if one of 6 mm is missed: a finding too far away does not count', () => {
    const { failures, falseFindings } = judge(scanOf(truth(1, 6, 'baseline')), [finding(1, 'baseline', 4.6)]);
    expect(failures).toEqual(['a metastasis of 6.0 mm was missed']);
    expect(falseFindings).toHaveLength(1);
    expect(judge(scanOf(truth(1, 5.9, 'baseline')), []).failures).toEqual([]);
  });

  it('fails if a change is wrong, even of one that has shrunk below 6 mm', () => {
    const scan = scanOf(truth(1, 11, 'stable', 11), truth(2, 4, 'shrunk', 8));
    expect(judge(scan, [finding(1, 'grown'), finding(2, 'stable')]).failures).toEqual([
      'Lesion 1 is reported as grown, the truth is stable',
      'Lesion 2 is reported as stable, the truth is shrunk',
    ]);
  });

  it('ignores the change of a small lesion, which is within the error of measurement', () => {
    expect(judge(scanOf(truth(1, 4.4, 'grown', 3.6)), [finding(1, 'stable')]).failures).toEqual([]);
  });

  it('fails if a lesion that has disappeared since the prior is not reported as not visualised', () => {
    const prior = judge(scanOf(truth(1, 7.2, 'baseline'), truth(2, 8, 'baseline')), [
      finding(1, 'baseline'),
      finding(2, 'baseline'),
    ]);
    const scan = scanOf(truth(2, 8, 'stable', 8));
    const now = [finding(2, 'stable')];
    const said = ['Lesion 1 is not reported as not visualised, but it has disappeared'];
    expect(judge(scan, now, { prior, gone: [gone(1)] }).failures).toEqual([]);
    expect(judge(scan, now, { prior }).failures).toEqual(said);
    expect(judge(scan, now, { prior, gone: [gone(1, 'outside the field of view')] }).failures).toEqual(said);
    expect(judge(scan, [...now, finding(1, 'shrunk')], { prior }).failures).toEqual(said);
  });

  it('asks nothing about one that has disappeared and was not found before', () => {
    const prior = judge(scanOf(truth(1, 3, 'baseline')), []);
    expect(judge(scanOf(), [], { prior }).failures).toEqual([]);
  });

  it.each(['confirmed', 'candidate'] as const)('fails if more %s findings than allowed are false', (kind) => {
    const none = (count: number) => Array.from({ length: count }, (_, index) => finding(index + 1, 'new', 0, kind));
    expect(judge(scanOf(), none(mostFalse[kind])).failures).toEqual([]);
    expect(judge(scanOf(), none(mostFalse[kind] + 1)).failures).toEqual([
      `${mostFalse[kind] + 1} false findings are ${kind}, at most ${mostFalse[kind]} are allowed`,
    ]);
  });
});
