import { lesionHistories } from '../../../src/analysis/case/time-points.js';
import type { Lesion } from '../../../src/model/lesion.js';
import type { ResponseCriteria } from '../../../src/model/criteria.js';
import type { SiteSeen } from '../../../src/model/probability-map.js';
import type { ReportedCaseRow } from '../../../src/store/store.js';
import { followLesions, type CurrentReading, type LesionRecord } from '../../../src/analysis/track/follow-lesions.js';
import type { FoundLesion, LesionsOnGrid } from '../../../src/analysis/track/match-lesions.js';
import type { Reading } from '../../../src/analysis/track/name-lesions.js';
import { identityAffine, type Affine } from '../../../src/imaging/affine.js';

/** What a scan of one day shows; lesions carry their true numbers, which only the test looks at. */
export interface Scan extends LesionsOnGrid<FoundLesion> {
  readonly day: number;
  /** Patient space of this scan → that of another, as a registration would find it that misses by `errorMm`. */
  readonly registration: (other: Scan, errorMm: number) => Affine;
  /** What the networks of `prior` saw at this scan's lesions; left out, nothing was kept. */
  readonly sitesAt?: (prior: Scan) => ReadonlyMap<number, SiteSeen>;
  /** Whether it shows the site of a lesion; left out, it shows all. */
  readonly shows?: CurrentReading['shows'];
  /** Its prior's registration is refused. */
  readonly unregistered?: boolean;
}

type Followed = Awaited<ReturnType<typeof followLesions>>;
interface Report {
  readonly scan: Scan;
  readonly result: Followed;
}
const dayMs = 86_400_000;

/** As wide in the axial plane, and on as many slices of 1 mm, as a ball of its volume. */
const diameterMm = (volumeMm3: number): number => Math.cbrt((6 * volumeMm3) / Math.PI);

const lesion = ({ number, volumeMm3, centroidPatientMm }: FoundLesion): Lesion & { site: null } => ({
  number,
  volumeMm3,
  centroidPatientMm,
  peakPatientMm: centroidPatientMm,
  confidence: 'confirmed',
  voxelCount: volumeMm3,
  longAxisMm: diameterMm(volumeMm3),
  shortAxisMm: diameterMm(volumeMm3),
  longAxis: [centroidPatientMm, centroidPatientMm],
  shortAxis: [centroidPatientMm, centroidPatientMm],
  axialPlaneMm: 0,
  axialSlices: Math.max(1, Math.floor(diameterMm(volumeMm3))),
  sourceSlice: 0,
  maximum3dDiameterMm: 0,
  probability: 1,
  probabilities: { sensitivity: 1, specificity: 1 },
  site: null,
});

/** Reads scans in any order of arrival as the pipeline does: a late one re-runs those after it. Without images and database. */
export class SimulatedNode {
  /** The reports that stand, by day, and those they superseded, the last one first. */
  readonly standing = new Map<number, Report & { runs: Report[] }>();
  private readonly identities: LesionRecord['identities'][number][] = [];

  constructor(
    private readonly criteria: ResponseCriteria,
    private readonly errorMm = 0,
    private readonly name = 'node',
  ) {}

  /** A scan arrives, is read, and those after it are read again. */
  async receive(scan: Scan): Promise<Followed> {
    const result = await this.read(scan);
    for (const { scan: later } of this.after(scan.day)) await this.read(later);
    return result;
  }

  /** A person has found out that another node's patient is this one: everything is read again, in order. */
  async merge(other: SimulatedNode): Promise<void> {
    for (const [day, reading] of other.standing) this.standing.set(day, reading);
    this.identities.push(...other.identities);
    for (const { scan } of this.after(-Infinity)) await this.read(scan);
  }

  private readonly after = (day: number) =>
    [...this.standing.values()].filter(({ scan }) => scan.day > day).sort((a, b) => a.scan.day - b.scan.day);

  private async read(scan: Scan): Promise<Followed> {
    const superseded = this.standing.get(scan.day);
    const runs = superseded ? [superseded, ...superseded.runs] : [];
    const all = this.after(-Infinity).filter((other) => other.scan.day !== scan.day);
    const earlier = all.filter((other) => other.scan.day < scan.day);
    const reading = ({ scan: of, result: { lesions } }: Report): Reading => ({
      lesions,
      labels: () => Promise.resolve(of.labels),
      readingFromCurrent: of.day === scan.day ? identityAffine : scan.registration(of, this.errorMm),
    });
    const last = scan.unregistered ? undefined : earlier.at(-1);
    const result = await followLesions(
      {
        SeriesInstanceUID: `${this.name}.${scan.day}`,
        acquiredAt: scan.day * dayMs,
        lesions: scan.lesions.map(lesion),
        labels: scan.labels,
        shows: scan.shows ?? (() => true),
      },
      {
        prior: last
          ? {
              reading: reading(last),
              acquiredAt: last.scan.day * dayMs,
              sites: scan.sitesAt?.(last.scan) ?? null,
              gone: last.result.gone,
            }
          : null,
        runs: runs.map(reading),
        later: all.filter((other) => other.scan.day > scan.day).map(reading),
        earlier: earlier.toReversed().map(reading),
        histories: lesionHistories(
          earlier.map((other, index) => ({
            row: { StudyInstanceUID: String(other.scan.day) } as ReportedCaseRow,
            order: index + 1,
            acquiredAt: other.scan.day * dayMs,
            lesions: other.result.lesions,
          })),
        ),
        identities: this.identities,
      },
      this.criteria,
    );
    for (const { trackingUID, trackingID } of result.lesions)
      if (!this.identities.some((known) => known.trackingUID === trackingUID))
        this.identities.push({ trackingUID, trackingID });
    this.standing.set(scan.day, { scan, result, runs });
    return result;
  }
}
