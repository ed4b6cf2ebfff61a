import { resolve } from 'node:path';
import { code } from '../../src/dicom/code.js';
import { loadMapping } from '../../src/core/mapping-file.js';
import { volumeChange } from '../../src/model/change.js';
import { responseCriteriaSchema } from '../../src/model/criteria.js';
import type { GoneLesion, LesionSighting, TrackedLesion } from '../../src/model/lesion.js';
import type { Immunotherapy } from '../../src/model/response.js';
import { assessResponse } from '../../src/analysis/respond/rano-bm.js';
import type { LedgerTimePoint } from '../../src/analysis/respond/ledger.js';
import type { SyntheticReport } from './synthetic-report.js';

const criteria = loadMapping(resolve(import.meta.dirname, '../../mappings/response-criteria.yaml'), responseCriteriaSchema); // prettier-ignore
const dayMs = 86_400_000;

/**
 * A report as the third time point of its patient, six weeks after the second and twelve after the first: lesion 1 was half
 * as long at first and has grown together with another, lesion 2 is new, the others have not changed; of two more, one is
 * gone and one out of view.
 */
export function followedUp(
  { name, input, sourceFiles }: SyntheticReport,
  { language = 'en', immunotherapy = 'unknown' }: { language?: 'en' | 'de'; immunotherapy?: Immunotherapy } = {},
): SyntheticReport {
  const { acquiredAt } = input.timePoint;
  const at = [acquiredAt - 84 * dayMs, acquiredAt - 42 * dayMs];
  const seen = (order: 1 | 2, volumeMm3: number, longAxisMm: number): LesionSighting => ({
    StudyInstanceUID: `2.25.${order}11`,
    order,
    acquiredAt: at[order - 1],
    confidence: 'confirmed',
    volumeMm3,
    longAxisMm,
    shortAxisMm: longAxisMm,
    axialSlices: 5,
  });
  const absent = (trackingID: string, status: GoneLesion['status'], mergedInto: GoneLesion['mergedInto']): GoneLesion => ({
    trackingUID: `2.25.9${trackingID.length}${status.length}`,
    trackingID,
    status,
    mergedInto,
    site: null,
    history: [seen(1, 696.9, 11), seen(2, 268.08, 8)],
  }); // prettier-ignore
  const gone = [
    absent('Lesion 100', 'not visualised', null),
    absent('Lesion 101', 'merged', input.lesions[0] ?? null),
    absent('Lesion 102', 'outside the field of view', null),
  ].filter(({ status }) => status !== 'merged' || input.lesions.length > 0);
  const lesions = input.lesions.map((lesion, index): TrackedLesion => {
    if (index === 1) return { ...lesion, change: 'new', site: cerebellum };
    const [volume, axis] = index === 0 ? [0.125, 0.5] : [1, 1];
    const history = [1 as const, 2 as const].map((order) => seen(order, lesion.volumeMm3 * volume, lesion.longAxisMm * axis)); // prettier-ignore
    const since = (before: LesionSighting) => volumeChange(before, { ...lesion, acquiredAt }, criteria);
    return {
      ...lesion,
      change: index === 0 ? 'grown' : 'stable',
      site: frontalRight,
      history,
      sincePrior: since(history[1]),
      sinceBaseline: since(history[0]),
      mergedFrom: index === 0 ? gone.filter(({ status }) => status === 'merged') : [],
      splitFrom: index === 2 ? input.lesions[0] : null,
    };
  });
  const sightings = (order: 1 | 2) =>
    [...lesions, ...gone].flatMap(({ trackingUID, trackingID, history }) =>
      history
        .filter((sighting) => sighting.order === order)
        .map((sighting) => ({ ...sighting, trackingUID, trackingID, change: 'stable' as const, splitFrom: null })),
    );
  const ledger: LedgerTimePoint[] = [
    ...([1, 2] as const).map((order) => ({
      order,
      acquiredAt: at[order - 1],
      followed: order > 1,
      lesions: sightings(order),
      gone: [],
    })),
    { order: 3, acquiredAt, followed: true, lesions, gone },
  ];
  return {
    name,
    sourceFiles,
    input: {
      ...input,
      language,
      lesions,
      gone,
      timePoint: { order: 3, type: 'posttreatment', acquiredAt },
      response: assessResponse(ledger, criteria.response, immunotherapy),
    },
  };
}

const frontalRight = { structure: code('83251001', 'SCT', 'Frontal lobe'), laterality: code('24028007', 'SCT', 'Right') }; // prettier-ignore
const cerebellum = { structure: code('113305005', 'SCT', 'Cerebellum'), laterality: null };
