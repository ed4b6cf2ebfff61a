import { describe, expect, it } from 'vitest';
import { actionFor, actions, type Event, type State } from '../../src/dimse/state-machine.js';

/** Follows events from a state; the trail of actions and the state reached. */
function follow(from: State, role: 'requestor' | 'acceptor', events: readonly Event[]): string {
  let state = from;
  const trail = events.map((event) => {
    const action = actionFor(event, state, role);
    if (!action) return '-';
    state = actions[action][1];
    return action;
  });
  return `${trail.join(' ')} → ${state}`;
}

describe('state machine (PS3.8 Table 9-10)', () => {
  it.each<[string, 'requestor' | 'acceptor', State, Event[], string]>([
    [
      'an association accepted, used and released by the requestor',
      'acceptor',
      'Sta1',
      [
        'transport indication',
        'A-ASSOCIATE-RQ',
        'associate accept',
        'P-DATA-TF',
        'data request',
        'A-RELEASE-RQ',
        'release response',
        'transport closed',
      ],
      'AE-5 AE-6 AE-7 DT-2 DT-1 AR-2 AR-4 AR-5 → Sta1',
    ],
    [
      'an association requested, used and released by us',
      'requestor',
      'Sta1',
      [
        'associate request',
        'transport connected',
        'A-ASSOCIATE-AC',
        'data request',
        'P-DATA-TF',
        'release request',
        'A-RELEASE-RP',
      ],
      'AE-1 AE-2 AE-3 DT-1 DT-2 AR-1 AR-3 → Sta1',
    ],
    ['a rejected request', 'requestor', 'Sta5', ['A-ASSOCIATE-RJ'], 'AE-4 → Sta1'],
    ['a second A-ASSOCIATE-RQ', 'acceptor', 'Sta6', ['A-ASSOCIATE-RQ', 'A-ABORT'], 'AA-8 AA-2 → Sta1'],
    ['a first PDU that is no A-ASSOCIATE-RQ', 'acceptor', 'Sta2', ['P-DATA-TF', 'ARTIM expired'], 'AA-1 AA-2 → Sta1'],
    ['silence', 'acceptor', 'Sta2', ['ARTIM expired'], 'AA-2 → Sta1'],
    [
      'a release collision, requestor',
      'requestor',
      'Sta7',
      ['A-RELEASE-RQ', 'release response', 'A-RELEASE-RP'],
      'AR-8 requestor AR-9 AR-3 → Sta1',
    ],
    [
      'a release collision, acceptor',
      'acceptor',
      'Sta7',
      ['A-RELEASE-RQ', 'A-RELEASE-RP', 'release response'],
      'AR-8 acceptor AR-10 AR-4 → Sta13',
    ],
    ['data that overtakes our release', 'requestor', 'Sta7', ['P-DATA-TF', 'A-RELEASE-RP'], 'AR-6 AR-3 → Sta1'],
    [
      'data after a rejection',
      'acceptor',
      'Sta3',
      ['associate reject', 'P-DATA-TF', 'A-ASSOCIATE-RQ', 'transport closed'],
      'AE-8 AA-6 AA-7 AR-5 → Sta1',
    ],
    ['a local abort', 'acceptor', 'Sta6', ['abort request', 'abort request'], 'AA-1 - → Sta13'],
  ])('%s', (_, role, from, events, trail) => {
    expect(follow(from, role, events)).toBe(trail);
  });
});
