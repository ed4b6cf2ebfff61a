import type { CompletenessVerdict, SeriesEvidence } from '../../model/evidence.js';

export interface CompletenessRules {
  /** Silence after which a series counts as complete, whatever it looks like. */
  readonly timerSeconds: number;
  /** Silence that suffices if the evidence says complete. */
  readonly settleSeconds: number;
  /** Extent along the normal that a brain needs. */
  readonly minimumCoverageMm: number;
  readonly minimumSlices: number;
}

/**
 * Judges whether a series is complete. Pure: the same evidence at the same time gives the same answer.
 *
 * Evidence needs all of the following: the association was released; the announced number of images has arrived (if
 * headers announce one), or else no InstanceNumber is missing between the first and the last (every second slice is
 * evenly spaced, too); the slices are evenly spaced without a gap and cover a brain (if they have positions), or the
 * images are multi-frame and so complete in themselves. Otherwise a timer decides: an incomplete series must end
 * visibly rather than wait for ever, and assembling it then says what is missing.
 */
export function judgeCompleteness(
  evidence: SeriesEvidence,
  now: number,
  rules: CompletenessRules,
): CompletenessVerdict {
  const { expectedInstances, layout, associationReleasedAt, lastInstanceAt } = evidence;
  const findings: string[] = [];
  const check = (holds: boolean, yes: string, no: string) => {
    findings.push(holds ? yes : no);
    return holds;
  };
  const released = check(
    associationReleasedAt !== null,
    'the association was released',
    'the association is open or was aborted',
  );
  const counted =
    expectedInstances === null
      ? check(
          !evidence.numbersMissing,
          'no header says how many images there are',
          `${evidence.numbersMissing} InstanceNumbers between the first and the last are missing`,
        )
      : check(
          evidence.instances >= expectedInstances,
          `${evidence.instances} of ${expectedInstances} announced images have arrived`,
          `only ${evidence.instances} of ${expectedInstances} announced images have arrived`,
        );
  let shaped: boolean;
  if (evidence.multiFrame)
    shaped = check(evidence.frames >= rules.minimumSlices, 'the frames of a multi-frame image', 'too few frames');
  else if (layout === null)
    shaped = check(
      expectedInstances !== null,
      'no positions, but the announced number',
      'the images have no positions and no announced number',
    );
  else {
    const stacked = check(
      layout.orientations === 1 && layout.gaps === 0 && layout.positions >= rules.minimumSlices,
      `${layout.positions} slices, evenly spaced, no gap`,
      `${layout.positions} slices, ${layout.orientations} orientations, ${layout.gaps} uneven steps`,
    );
    const covered = check(
      layout.coverageMm >= rules.minimumCoverageMm,
      `they cover ${layout.coverageMm.toFixed(0)} mm`,
      `they cover ${layout.coverageMm.toFixed(0)} mm, less than a brain's ${rules.minimumCoverageMm} mm`,
    );
    shaped = stacked && covered;
  }
  const verdict = (by: CompletenessVerdict['by'], nextLookAt: number | null): CompletenessVerdict => ({
    complete: nextLookAt === null,
    by,
    findings,
    nextLookAt,
    evidence,
    judgedAt: now,
  });
  const timerAt = lastInstanceAt + rules.timerSeconds * 1000;
  if (released && counted && shaped) {
    const settledAt = Math.max(lastInstanceAt, associationReleasedAt!) + rules.settleSeconds * 1000;
    const at = Math.min(settledAt, timerAt);
    return now >= at ? verdict('evidence', null) : verdict('waiting', at);
  }
  if (now < timerAt) return verdict('waiting', timerAt);
  findings.push(`nothing arrived for ${rules.timerSeconds} s`);
  return verdict('timer', null);
}

/** Whether what has arrived so far may be one volume of a brain; a localiser or a few stray slices may not. */
export function mayBeVolume({ layout, multiFrame }: SeriesEvidence, rules: CompletenessRules): boolean {
  if (multiFrame || layout === null) return true;
  return layout.orientations === 1 && layout.coverageMm >= rules.minimumCoverageMm;
}
