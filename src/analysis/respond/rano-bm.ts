import type { Immunotherapy, LedgerLesion, NotEvaluable, ResponseAssessment } from '../../model/response.js';
import { Ledger, sum, type LedgerTimePoint, type RanoCriteria } from './ledger.js';

const dayMs = 86_400_000;
/**
 * Sums that differ by less are equal, so that a value that exactly reaches a threshold meets it despite binary
 * fractions.
 */
const toleranceMm = 1e-9;

type Judgement = Omit<ResponseAssessment, 'confirmed' | 'confirmationDays' | 'sustainedDays'>;
type Targets = ResponseAssessment['targets'];
type NonTargets = ResponseAssessment['nonTargets'];

/**
 * The radiographic response at the last of a patient's time points.
 *
 * @param timePoints all of the patient's up to the one assessed, in order of acquisition, at least one.
 * @see Lin NU et al., Response assessment criteria for brain metastases: proposal from the RANO group. Lancet Oncol
 *   2015; 16: e270
 */
export function assessResponse(
  timePoints: readonly LedgerTimePoint[],
  criteria: RanoCriteria,
  immunotherapy: Immunotherapy,
): ResponseAssessment {
  const judgement = judge(timePoints, criteria, immunotherapy);
  const sustainedDays = daysSustained(timePoints, judgement, criteria, immunotherapy);
  const { confirmationDays } = criteria;
  return {
    ...judgement,
    confirmed: sustainedDays !== null && sustainedDays >= confirmationDays,
    confirmationDays,
    sustainedDays,
  };
}

/** For CR and PR, the days since when every evaluable time point has shown it (CR implies PR); else null. */
function daysSustained(
  timePoints: readonly LedgerTimePoint[],
  { overall }: Judgement,
  criteria: RanoCriteria,
  immunotherapy: Immunotherapy,
): number | null {
  if (overall !== 'CR' && overall !== 'PR') return null;
  const showing = overall === 'CR' ? ['CR'] : ['CR', 'PR'];
  let since = timePoints.at(-1)!;
  for (let count = timePoints.length - 1; count > 0; count--) {
    const earlier = judge(timePoints.slice(0, count), criteria, immunotherapy);
    if (earlier.overall === 'NE') continue;
    if (!showing.includes(earlier.overall)) break;
    since = timePoints[count - 1];
  }
  return Math.round((timePoints.at(-1)!.acquiredAt - since.acquiredAt) / dayMs);
}

/** The assessment except for how long it has lasted. */
function judge(
  timePoints: readonly LedgerTimePoint[],
  criteria: RanoCriteria,
  immunotherapy: Immunotherapy,
): Judgement {
  const ledger = new Ledger(timePoints, criteria);
  const { now, baseline } = ledger;
  const isStart = now === baseline;
  if (!isStart && !now.followed) return notCompared(ledger, criteria, immunotherapy);
  const targets = judgeTargets(ledger, criteria);
  const nonTargets = judgeNonTargets(ledger, criteria);
  const [newLesions, equivocalLesions] = [ledger.new, ledger.equivocal].map((uids) => stillThere(ledger, uids));
  const verdict = {
    targets: targets.category,
    nonTargets: nonTargets.category,
    hasNewLesion: newLesions.length > 0,
    hasEquivocalLesion: equivocalLesions.length > 0,
  };
  const { order: baselineOrder } = baseline;
  const known = { baselineOrder, immunotherapy, targets, nonTargets, newLesions, equivocalLesions };
  const notEvaluable = isStart ? null : whyNotEvaluable(verdict);
  if (isStart || notEvaluable) {
    const overall = notEvaluable ? 'NE' : 'baseline';
    return { ...known, overall, notEvaluable, underImmunotherapy: null, datedBackTo: null };
  }
  const plain = overallResponse({ ...verdict, newLesionIsProgression: true });
  const underImmunotherapy = overallResponse({ ...verdict, newLesionIsProgression: false });
  const overall = immunotherapy === 'yes' ? underImmunotherapy : plain;
  // Under immunotherapy new lesions are no progression, so that they date none.
  const dating = immunotherapy === 'yes' ? [] : newLesions;
  return {
    ...known,
    overall,
    notEvaluable: null,
    underImmunotherapy: immunotherapy === 'unknown' && underImmunotherapy !== plain ? underImmunotherapy : null,
    datedBackTo: overall === 'PD' ? earlierThan(now.order, dating) : null,
  };
}

/** The time point at which the first of these lesions was seen, if it is an earlier one. */
function earlierThan(order: number, lesions: readonly LedgerLesion[]): number | null {
  const first = Math.min(...lesions.map(({ firstSeen }) => firstSeen));
  return first < order ? first : null;
}

/** Lesions that have appeared since baseline and have not resolved. */
const stillThere = (ledger: Ledger, uids: readonly string[]): LedgerLesion[] =>
  uids
    .filter((uid) => ledger.measuredMm(uid, ledger.now) !== 0)
    .map((uid) => ({
      ...ledger.identity(uid),
      longAxisMm: ledger.measuredMm(uid, ledger.now),
      baselineMm: null,
      nadirMm: smallestBefore(ledger, uid, 'measuredMm'),
    }));

/** A time point that could not be compared: the ledger as it stood before, and no verdict. */
function notCompared(ledger: Ledger, criteria: RanoCriteria, immunotherapy: Immunotherapy): Judgement {
  const unknown = (lesions: readonly LedgerLesion[]) => lesions.map((lesion) => ({ ...lesion, longAxisMm: null }));
  const targets = judgeTargets(ledger, criteria);
  const nonTargets = judgeNonTargets(ledger, criteria);
  return {
    overall: 'NE',
    notEvaluable: 'no usable prior',
    immunotherapy,
    underImmunotherapy: null,
    baselineOrder: ledger.baseline.order,
    targets: { ...targets, category: 'NE', lesions: unknown(targets.lesions), sumMm: 0 },
    nonTargets: { category: 'NE', lesions: unknown(nonTargets.lesions), progressing: [] },
    newLesions: [],
    equivocalLesions: [],
    datedBackTo: null,
  };
}

/** The parts of the overall response. */
interface Verdict {
  readonly targets: Targets['category'];
  readonly nonTargets: NonTargets['category'];
  readonly hasNewLesion: boolean;
  /** One too small to be called new; it neither progresses nor leaves room for a complete response, like a non-target. */
  readonly hasEquivocalLesion: boolean;
}

function whyNotEvaluable({ targets, nonTargets, hasNewLesion, hasEquivocalLesion }: Verdict): NotEvaluable | null {
  if (targets === 'PD' || nonTargets === 'PD' || hasNewLesion) return null;
  if (targets === 'NE' || (targets === 'none' && nonTargets === 'NE')) return 'incomplete coverage';
  return targets === 'none' && nonTargets === 'none' && !hasEquivocalLesion ? 'no lesion' : null;
}

/** Lin 2015, the table that combines target, non-target and new lesions. */
function overallResponse(
  verdict: Verdict & { newLesionIsProgression: boolean },
): Exclude<ResponseAssessment['overall'], 'baseline'> {
  const { targets, nonTargets, hasNewLesion, hasEquivocalLesion, newLesionIsProgression } = verdict;
  if (targets === 'PD' || nonTargets === 'PD' || (hasNewLesion && newLesionIsProgression)) return 'PD';
  if (targets === 'NE') return 'NE';
  const nothingAppeared = !hasNewLesion && !hasEquivocalLesion;
  if (targets === 'none') return nonTargets === 'CR' && nothingAppeared ? 'CR' : 'non-CR/non-PD';
  // CR and PR require that there is no new lesion. Under immunotherapy a new lesion is not progression, but not
  // response either.
  if (targets === 'SD' || hasNewLesion) return 'SD';
  const nothingElse = (nonTargets === 'CR' || nonTargets === 'none') && nothingAppeared;
  return targets === 'CR' && nothingElse ? 'CR' : 'PR';
}

function judgeTargets(ledger: Ledger, criteria: RanoCriteria): Targets {
  const { targets, baseline, before, now } = ledger;
  const lengths = (timePoint: LedgerTimePoint) => targets.map((uid) => ledger.countedMm(uid, timePoint));
  const sumAt = (timePoint: LedgerTimePoint) => sum(lengths(timePoint).map((length) => length ?? 0));
  const nadir = before
    .filter((timePoint) => !lengths(timePoint).includes(null))
    .reduce((least, timePoint) => (sumAt(timePoint) < sumAt(least) - toleranceMm ? timePoint : least), baseline);
  const current = targets.map((uid) => ledger.measuredMm(uid, now));
  const countedAtNadir = lengths(nadir);
  const sums = { sumMm: sumAt(now), baselineSumMm: sumAt(baseline), nadirSumMm: sumAt(nadir), nadirOrder: nadir.order };
  const { percent, oneLesionMm } = criteria.progression;

  const category = (): Targets['category'] => {
    if (targets.length === 0) return 'none';
    if (now === baseline) return 'baseline';
    const { sumMm, baselineSumMm, nadirSumMm } = sums;
    // Targets outside the field of view could only add to the sum: if it is progression without them, it is
    // progression.
    const risen = sumMm >= nadirSumMm * (1 + percent / 100) - toleranceMm;
    // What comes back smaller than 5 mm counts 5 mm in the sum, but has not grown by it.
    if (risen && current.some((length, index) => (length ?? 0) - countedAtNadir[index]! >= oneLesionMm - toleranceMm))
      return 'PD';
    if (current.includes(null)) return 'NE';
    if (sumMm === 0) return 'CR';
    const fallen = sumMm <= baselineSumMm * (1 - criteria.partialResponsePercent / 100) + toleranceMm;
    return fallen ? 'PR' : 'SD';
  };
  return {
    category: category(),
    lesions: targets.map((uid, index) => ({
      ...ledger.identity(uid),
      longAxisMm: current[index],
      baselineMm: ledger.measuredMm(uid, baseline),
      nadirMm: ledger.measuredMm(uid, nadir),
    })),
    leastCountedMm: criteria.tooSmallToMeasureMm,
    ...sums,
  };
}

function judgeNonTargets(ledger: Ledger, criteria: RanoCriteria): NonTargets {
  const { nonTargets, baseline, now } = ledger;
  const { growthMm, lengthMm } = criteria.nonTargetProgression;
  const lesions = nonTargets.map((uid): LedgerLesion => {
    const identity = ledger.identity(uid);
    const seenAtBaseline = identity.firstSeen === baseline.order;
    return {
      ...identity,
      longAxisMm: ledger.measuredMm(uid, now),
      baselineMm: seenAtBaseline ? ledger.measuredMm(uid, baseline) : null,
      nadirMm: smallestBefore(ledger, uid, 'measuredMm'),
    };
  });
  const progresses = ({ trackingUID, longAxisMm }: LedgerLesion) => {
    const smallest = smallestBefore(ledger, trackingUID, 'countedMm');
    return (
      longAxisMm !== null &&
      smallest !== null &&
      longAxisMm >= lengthMm - toleranceMm &&
      longAxisMm - smallest >= growthMm - toleranceMm
    );
  };
  const progressing = now === baseline ? [] : lesions.filter(progresses).map(({ trackingUID }) => trackingUID);
  const category = (): NonTargets['category'] => {
    if (lesions.length === 0) return 'none';
    if (now === baseline) return 'baseline';
    if (progressing.length > 0) return 'PD';
    if (lesions.every(({ longAxisMm }) => longAxisMm === 0)) return 'CR';
    return lesions.some(({ longAxisMm }) => longAxisMm !== null && longAxisMm > 0) ? 'non-CR/non-PD' : 'NE';
  };
  return { category: category(), lesions, progressing };
}

/**
 * A lesion's smallest length from when it was first seen up to the last time point but one; null if it was not seen by
 * then.
 */
function smallestBefore(ledger: Ledger, uid: string, length: 'measuredMm' | 'countedMm'): number | null {
  const { firstSeen } = ledger.identity(uid);
  const before = ledger.before.filter((timePoint) => timePoint !== ledger.now && timePoint.order >= firstSeen);
  const lengths = before.flatMap((timePoint) => ledger[length](uid, timePoint) ?? []);
  return lengths.length > 0 ? Math.min(...lengths) : null;
}
