import { holdSentence, type Hold } from '../model/hold.js';

/** What holds, or held, a study, for a terminal: what waits for an operator, and what operators have accepted. */
export function holdLines(holds: readonly Hold[]): string[] {
  const open = holds.filter(({ acceptedAt }) => acceptedAt === null);
  const accepted = holds.filter(({ acceptedAt }) => acceptedAt !== null);
  return [
    ...(open.length > 0 ? [`on hold: ${holdSentence(open)}`] : []),
    ...accepted.map(
      (hold) =>
        `released: ${holdSentence([hold])}; accepted ${new Date(hold.acceptedAt!).toISOString()}` +
        ` by ${hold.acceptedBy ?? 'a person whose name was not recorded'}${hold.comment ? `: ${hold.comment}` : ''}`,
    ),
  ];
}
