import { isUnequivocal, type ResponseCriteria } from '../../model/criteria.js';
import type { GoneLesion, LesionIdentity, TrackedLesion } from '../../model/lesion.js';

/** The numbers of RANO-BM: `response` in `mappings/response-criteria.yaml`. */
export type RanoCriteria = ResponseCriteria['response'];

/** A lesion at one time point. What a reader has accepted is confirmed; what a reader has rejected is left out. */
export type LedgerSighting = LesionIdentity &
  Pick<TrackedLesion, 'confidence' | 'change' | 'longAxisMm' | 'shortAxisMm' | 'axialSlices' | 'splitFrom'>;

/** A time point as the ledger needs it. */
export interface LedgerTimePoint {
  /** From 1, in order of acquisition. */
  readonly order: number;
  /** Milliseconds since the epoch, UTC. */
  readonly acquiredAt: number;
  /**
   * Whether it was compared with an earlier time point. If not, lesions keep their identities, but none is known to be
   * new or not visualised.
   */
  readonly followed: boolean;
  readonly lesions: readonly LedgerSighting[];
  /** Lesions of earlier time points that are not found at this one. */
  readonly gone: readonly Pick<GoneLesion, 'trackingUID' | 'status' | 'mergedInto'>[];
}

/**
 * The lesions that count, from baseline to the current time point. Nothing of it is stored: the same time points give
 * the same ledger, so that a late study corrects it. Only lesions that stand are entered: those confirmed at some time
 * point so far.
 */
export class Ledger {
  readonly baseline: LedgerTimePoint;
  /**
   * Time points before the current one that could be compared, baseline first; the baseline alone if it is the current
   * one.
   */
  readonly before: readonly LedgerTimePoint[];
  readonly now: LedgerTimePoint;
  /** Chosen at baseline among its standing, measurable lesions: largest first, ties broken by tracking UID. */
  readonly targets: readonly string[];
  /** Every other standing lesion that is not known to be new. */
  readonly nonTargets: readonly string[];
  /** Standing lesions that appeared where an earlier time point was empty, and have been large enough to be unequivocal. */
  readonly new: readonly string[];
  /** The same, of lesions that have not been large enough so far. */
  readonly equivocal: readonly string[];
  private readonly standing = new Set<string>();
  private readonly identities = new Map<string, LesionIdentity & { firstSeen: number }>();
  /** Fragment → the lesion from which it split. */
  private readonly wholes = new Map<string, string>();

  /** @param timePoints all of the patient's, in order of acquisition, at least one. */
  constructor(
    timePoints: readonly LedgerTimePoint[],
    private readonly criteria: RanoCriteria,
  ) {
    this.baseline = timePoints[0];
    this.now = timePoints.at(-1)!;
    const earlier = timePoints.filter((timePoint) => timePoint.followed && timePoint !== this.now);
    this.before = [this.baseline, ...earlier.filter((timePoint) => timePoint !== this.baseline)];
    const appeared = new Set<string>();
    const unequivocal = new Set<string>();
    timePoints.forEach(({ order, lesions }, index) => {
      for (const lesion of lesions) {
        const { trackingUID, trackingID, splitFrom, change } = lesion;
        const known = this.identities.has(trackingUID);
        if (!known) this.identities.set(trackingUID, { trackingUID, trackingID, firstSeen: order });
        if (!known && index > 0 && (change === 'new' || change === 'equivocal')) appeared.add(trackingUID);
        if (isUnequivocal(lesion, criteria)) unequivocal.add(trackingUID);
        const whole = splitFrom && this.identities.get(splitFrom.trackingUID);
        if (!known && whole && whole.firstSeen < order) this.wholes.set(trackingUID, whole.trackingUID);
        if (stands(lesion)) for (const uid of this.withWholes(trackingUID)) this.standing.add(uid);
      }
    });
    this.targets = this.baseline.lesions
      .filter((lesion) => stands(lesion) && this.isMeasurable(lesion))
      .sort((a, b) => b.longAxisMm - a.longAxisMm || (a.trackingUID < b.trackingUID ? -1 : 1))
      .slice(0, criteria.maximumTargets)
      .map(({ trackingUID }) => trackingUID);
    const others = [...this.identities.values()]
      .filter(({ trackingUID: uid }) => this.standing.has(uid) && !this.targets.includes(uid) && !this.wholes.has(uid))
      .sort((a, b) => a.firstSeen - b.firstSeen || (a.trackingUID < b.trackingUID ? -1 : 1))
      .map(({ trackingUID }) => trackingUID);
    this.nonTargets = others.filter((uid) => !appeared.has(uid));
    this.new = others.filter((uid) => appeared.has(uid) && unequivocal.has(uid));
    this.equivocal = others.filter((uid) => appeared.has(uid) && !unequivocal.has(uid));
  }

  identity(trackingUID: string): LesionIdentity & { readonly firstSeen: number } {
    return this.identities.get(trackingUID)!;
  }

  /**
   * A lesion's longest diameter as it was measured. The lengths of its parts are added if it split; if it merged with a
   * target, it is counted there; if it has resolved, 0.
   *
   * @returns null if its location lies outside the field of view.
   */
  measuredMm(trackingUID: string, timePoint: LedgerTimePoint): number | null {
    const lengths = this.lengthsMm(trackingUID, timePoint);
    return lengths && sum(lengths);
  }

  /** The same as a sum counts it: what is visualised counts at least `tooSmallToMeasureMm`. */
  countedMm(trackingUID: string, timePoint: LedgerTimePoint): number | null {
    const lengths = this.lengthsMm(trackingUID, timePoint);
    return lengths && sum(lengths.map((length) => Math.max(length, this.criteria.tooSmallToMeasureMm)));
  }

  /** The lengths of what a lesion consists of at a time point. */
  private lengthsMm(trackingUID: string, { lesions, gone }: LedgerTimePoint): number[] | null {
    const parts = lesions.filter(
      ({ trackingUID: uid }) => this.standing.has(uid) && this.withWholes(uid).includes(trackingUID),
    );
    if (parts.length > 0) return parts.map(({ longAxisMm }) => longAxisMm);
    const absent = gone.find((lesion) => lesion.trackingUID === trackingUID);
    if (absent?.status === 'outside the field of view') return null;
    const into = absent?.mergedInto?.trackingUID;
    const merged = lesions.find((lesion) => lesion.trackingUID === into);
    return merged && !this.targets.includes(merged.trackingUID) ? [merged.longAxisMm] : [];
  }

  /** The lesion, the one it split from, and so on. */
  private withWholes(trackingUID: string): string[] {
    const whole = this.wholes.get(trackingUID);
    return whole === undefined ? [trackingUID] : [trackingUID, ...this.withWholes(whole)];
  }

  private isMeasurable({ longAxisMm, shortAxisMm, axialSlices }: LedgerSighting): boolean {
    const { minimumLongAxisMm, minimumShortAxisMm, minimumAxialSlices } = this.criteria.measurable;
    return longAxisMm >= minimumLongAxisMm && shortAxisMm >= minimumShortAxisMm && axialSlices >= minimumAxialSlices;
  }
}

const stands = ({ confidence }: LedgerSighting): boolean => confidence === 'confirmed';

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
