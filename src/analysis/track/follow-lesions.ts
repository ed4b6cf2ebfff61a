import { changeOf, volumeChange, type DatedVolume } from '../../model/change.js';
import { isUnequivocal, type ResponseCriteria } from '../../model/criteria.js';
import type {
  FindingSite,
  GoneLesion,
  Lesion,
  LesionChange,
  LesionHistory,
  LesionIdentity,
  TrackedLesion,
} from '../../model/lesion.js';
import type { SiteSeen } from '../../model/probability-map.js';
import type { LabelMap } from '../../imaging/volume.js';
import type { FoundLesion } from './match-lesions.js';
import { identityMint, recognise, type NamedLesion, type Reading } from './name-lesions.js';

/** The time point whose lesions are to be followed. */
export interface CurrentReading {
  readonly SeriesInstanceUID: string;
  readonly acquiredAt: number;
  readonly lesions: readonly (FoundLesion & Lesion & { readonly site: FindingSite | null })[];
  readonly labels: LabelMap;
  /** Whether its images cover the location of a lesion of earlier time points. */
  readonly shows: (lesion: LesionHistory) => boolean;
}

/** The prior to which the current images were registered. */
export interface ComparedPrior {
  readonly reading: Reading;
  readonly acquiredAt: number;
  /** What its networks saw at the locations of the current lesions, by number; null if that was not kept. */
  readonly sites: ReadonlyMap<number, SiteSeen> | null;
  /** Lesions that were not found there either. */
  readonly gone: readonly Pick<GoneLesion, 'trackingUID' | 'status' | 'mergedInto'>[];
}

/** Everything known about the patient besides the current images. */
export interface LesionRecord {
  /** Null if none could be registered: lesions are then recognised, but not compared. */
  readonly prior: ComparedPrior | null;
  /** Earlier analyses of the current study, the latest first. */
  readonly runs: readonly Reading[];
  /** Time points after the current one, the next one first. */
  readonly later: readonly Reading[];
  /** Time points before the current one (possibly including the prior), the latest first. */
  readonly earlier: readonly Reading[];
  /** The lesions of `earlier`, by tracking UID. */
  readonly histories: ReadonlyMap<string, LesionHistory>;
  /** Every identity that the patient has ever had. */
  readonly identities: readonly LesionIdentity[];
}

/**
 * Decides which lesion is which, and what became of it. A lesion takes the identity of its match in the prior; else the
 * one an earlier analysis of the same study gave it; else the one later time points already use (the study came late);
 * else that of a lesion last seen before the prior; else a new one. A lesion that a reader has named keeps that
 * identity.
 *
 * @returns the current lesions in their order, and the lesions of earlier time points that are not found now.
 */
export async function followLesions(
  current: CurrentReading,
  record: LesionRecord,
  criteria: ResponseCriteria,
): Promise<{ lesions: TrackedLesion[]; gone: GoneLesion[] }> {
  const { prior, histories } = record;
  const readings = [...(prior ? [prior.reading] : []), ...record.runs, ...record.later, ...record.earlier];
  const recognised = await recognise(current, readings, criteria);
  const mint = identityMint(current.SeriesInstanceUID, [
    ...record.identities,
    ...current.lesions.flatMap(({ named }) => named ?? []),
  ]);
  const lesions = current.lesions.map((lesion, index): TrackedLesion => {
    const named = recognised[index];
    const known = lesion.named ?? named.known;
    const identity = known ? identityOf(known) : mint(lesion);
    const history = histories.get(identity.trackingUID)?.history ?? [];
    const family = prior && familyOf(named, recognised, current.lesions);
    const now = { acquiredAt: current.acquiredAt, volumeMm3: lesion.volumeMm3 };
    const since = (before: DatedVolume | undefined) => (prior && before ? volumeChange(before, now, criteria) : null);
    const sincePrior = () => {
      if (!prior || !family) return since(history.at(-1));
      return family.split ? null : since({ acquiredAt: prior.acquiredAt, volumeMm3: family.before });
    };
    return {
      ...lesion,
      ...identity,
      change: changeSince(prior, { lesion, family, history }, criteria),
      history,
      sincePrior: sincePrior(),
      sinceBaseline: since(history[0]),
      mergedFrom: prior ? named.mergedFrom.map(identityOf) : [],
      splitFrom: prior && named.splitFrom && identityOf(named.splitFrom),
    };
  });
  return { lesions, gone: prior ? goneLesions(lesions, current, prior, histories) : [] };
}

const identityOf = ({ trackingUID, trackingID }: LesionIdentity): LesionIdentity => ({ trackingUID, trackingID });

/** Lesions that have merged or split, compared as a whole. */
interface Family {
  /** mm³ at the prior and now, of all parts together. */
  readonly before: number;
  readonly now: number;
  /** Whether there are several parts now. */
  readonly split: boolean;
}

/** Null for a lesion that the prior does not have, either whole or as a part. */
function familyOf(named: NamedLesion, all: readonly NamedLesion[], lesions: readonly FoundLesion[]): Family | null {
  const head =
    named.reading === 0 ? named : all.find(({ known, reading }) => reading === 0 && known === named.splitFrom);
  if (!head?.known) return null;
  const parts = all.filter((other) => other === head || other.splitFrom === head.known).map(({ number }) => number);
  const sum = (volumes: readonly { readonly volumeMm3: number }[]) =>
    volumes.reduce((total, { volumeMm3 }) => total + volumeMm3, 0);
  return {
    before: sum([head.known, ...head.mergedFrom]),
    now: sum(lesions.filter(({ number }) => parts.includes(number))),
    split: parts.length > 1,
  };
}

function changeSince(
  prior: ComparedPrior | null,
  {
    lesion,
    family,
    history,
  }: {
    lesion: FoundLesion & Lesion;
    family: Family | null;
    history: LesionHistory['history'];
  },
  criteria: ResponseCriteria,
): LesionChange {
  if (!prior) return history.length > 0 ? 'unclear' : 'baseline';
  if (family) return changeOf(family.now, family.before, criteria);
  const last = history.at(-1);
  if (last && last.acquiredAt < prior.acquiredAt) return 'reappeared';
  const site = prior.sites?.get(lesion.number);
  if (!site) return 'unclear';
  if (site.coveredShare < criteria.newLesion.minimumCoveredShare) return 'baseline';
  if (site.highestProbability >= criteria.newLesion.emptyBelowProbability) return 'unclear';
  return isUnequivocal(lesion, criteria.response) ? 'new' : 'equivocal';
}

/** The lesions of earlier time points that have no counterpart now, and why. */
function goneLesions(
  lesions: readonly TrackedLesion[],
  current: CurrentReading,
  prior: ComparedPrior,
  histories: LesionRecord['histories'],
): GoneLesion[] {
  const present = new Map(lesions.map((lesion) => [lesion.trackingUID, lesion]));
  /** The lesion with which one has merged, from what is seen now and what the prior knew. */
  const absorber = (trackingUID: string): LesionIdentity | null => {
    const now = lesions.find(({ mergedFrom }) => mergedFrom.some((part) => part.trackingUID === trackingUID));
    if (now) return identityOf(now);
    const into = prior.gone.find((gone) => gone.trackingUID === trackingUID)?.mergedInto;
    if (!into) return null;
    return present.has(into.trackingUID) ? into : absorber(into.trackingUID);
  };
  return [...histories.values()]
    .filter(({ trackingUID }) => !present.has(trackingUID))
    .map((lesion) => {
      const mergedInto = absorber(lesion.trackingUID);
      const status = mergedInto ? 'merged' : current.shows(lesion) ? 'not visualised' : 'outside the field of view';
      return { ...lesion, status, mergedInto };
    });
}
