import { describe, expect, it } from 'vitest';
import { applicationContextName } from '../../src/dimse/pdu.js';
import { ProtocolError, Rejections } from '../../src/dimse/refusal.js';
import { StateMachine } from '../../src/dimse/state-machine.js';
import { actionFor, type Action, type Event, type State } from '../../src/dimse/state-table.js';
import type { LayerEnd, Occurrence, Transition } from '../../src/dimse/upper-layer-event.js';
import { associateRequest } from './raw-peer.js';

type Role = 'requestor' | 'acceptor';

/** One of each event, with what comes with it. */
const occurrences: { readonly [E in Event]: Occurrence<E> } = {
  'associate request': { event: 'associate request', request: associateRequest() },
  'transport connected': { event: 'transport connected' },
  'A-ASSOCIATE-AC': { event: 'A-ASSOCIATE-AC', answer: acceptance() },
  'A-ASSOCIATE-RJ': {
    event: 'A-ASSOCIATE-RJ',
    rejection: { type: 'associate-rj', ...Rejections.CalledAETitleNotRecognized },
  },
  'transport indication': { event: 'transport indication' },
  'A-ASSOCIATE-RQ': { event: 'A-ASSOCIATE-RQ', proposal: associateRequest() },
  'associate accept': { event: 'associate accept', answer: acceptance() },
  'associate reject': { event: 'associate reject', rejection: Rejections.LocalLimitExceeded },
  'data request': { event: 'data request', pdus: [Buffer.from('data')] },
  'P-DATA-TF': { event: 'P-DATA-TF' },
  'release request': { event: 'release request' },
  'A-RELEASE-RQ': { event: 'A-RELEASE-RQ' },
  'A-RELEASE-RP': { event: 'A-RELEASE-RP' },
  'release response': { event: 'release response' },
  'abort request': { event: 'abort request', reason: 'enough' },
  'A-ABORT': { event: 'A-ABORT', abort: { type: 'abort', source: 0, reason: 0 } },
  'transport closed': { event: 'transport closed', by: 'transport', reason: 'gone' },
  'ARTIM expired': { event: 'ARTIM expired', reason: 'silence' },
  'invalid PDU': { event: 'invalid PDU', error: new ProtocolError('no PDU') },
};
const events = Object.keys(occurrences) as Event[];

function acceptance() {
  const { userInformation, callingAETitle, calledAETitle } = associateRequest();
  const presentationContexts = [{ id: 1, result: 0, transferSyntax: '1.2.840.10008.1.2' }];
  return {
    type: 'associate-ac' as const,
    protocolVersion: 1,
    callingAETitle,
    calledAETitle,
    applicationContextName,
    presentationContexts,
    userInformation,
  };
}

/** A machine whose transport and user only remember what they are told. */
function machineOf(role: Role) {
  const transitions: Transition[] = [];
  const said: string[] = [];
  const ends: LayerEnd[] = [];
  const hear = (name: string) => () => void said.push(name);
  const pduNames = ['', 'RQ', 'AC', 'RJ', 'DATA', 'RELEASE-RQ', 'RELEASE-RP', 'ABORT'];
  const machine = new StateMachine(
    role,
    {
      send: (pdu) => void said.push(`send ${pduNames[pdu[0]]}`),
      sendData: hear('send data'),
      sendLast: (pdu) => void said.push(`send ${pduNames[pdu[0]]} and close`),
      hangUp: hear('close'),
      destroy: hear('cut'),
      startARTIM: hear('start ARTIM'),
      stopARTIM: hear('stop ARTIM'),
    },
    {
      onAssociateRequest: hear('indicate request'),
      onAssociateAccept: hear('confirm acceptance'),
      onReleaseRequest: hear('indicate release'),
      onEnd: (end) => void ends.push(end),
      onTransition: (transition) => void transitions.push(transition),
    },
  );
  return { machine, transitions, said, ends };
}

/** A way to each state that a role can be in. */
const asked: Event[] = ['associate request', 'transport connected'];
const opened: Event[] = [...asked, 'A-ASSOCIATE-AC'];
const served: Event[] = ['transport indication', 'A-ASSOCIATE-RQ', 'associate accept'];
const ways: Record<Role, Partial<Record<State, Event[]>>> = {
  requestor: {
    Sta1: [],
    Sta4: ['associate request'],
    Sta5: asked,
    Sta6: opened,
    Sta7: [...opened, 'release request'],
    Sta8: [...opened, 'A-RELEASE-RQ'],
    Sta9: [...opened, 'release request', 'A-RELEASE-RQ'],
    Sta11: [...opened, 'release request', 'A-RELEASE-RQ', 'release response'],
    Sta13: [...opened, 'abort request'],
  },
  acceptor: {
    Sta1: [],
    Sta2: ['transport indication'],
    Sta3: ['transport indication', 'A-ASSOCIATE-RQ'],
    Sta6: served,
    Sta7: [...served, 'release request'],
    Sta8: [...served, 'A-RELEASE-RQ'],
    Sta10: [...served, 'release request', 'A-RELEASE-RQ'],
    Sta12: [...served, 'release request', 'A-RELEASE-RQ', 'A-RELEASE-RP'],
    Sta13: [...served, 'abort request'],
  },
};

/** Where each action leads (PS3.8 Tables 9-6 to 9-9). */
const nextState: Record<Action, State | Record<Role, State>> = {
  'AE-1': 'Sta4',
  'AE-2': 'Sta5',
  'AE-3': 'Sta6',
  'AE-4': 'Sta1',
  'AE-5': 'Sta2',
  'AE-6': 'Sta3',
  'AE-7': 'Sta6',
  'AE-8': 'Sta13',
  'DT-1': 'Sta6',
  'DT-2': 'Sta6',
  'AR-1': 'Sta7',
  'AR-2': 'Sta8',
  'AR-3': 'Sta1',
  'AR-4': 'Sta13',
  'AR-5': 'Sta1',
  'AR-6': 'Sta7',
  'AR-7': 'Sta8',
  'AR-8': { requestor: 'Sta9', acceptor: 'Sta10' },
  'AR-9': 'Sta11',
  'AR-10': 'Sta12',
  'AA-1': 'Sta13',
  'AA-2': 'Sta1',
  'AA-3': 'Sta1',
  'AA-4': 'Sta1',
  'AA-5': 'Sta1',
  'AA-6': 'Sta13',
  'AA-7': 'Sta13',
  'AA-8': 'Sta13',
};

function follow(role: Role, trail: readonly Event[]) {
  const followed = machineOf(role);
  for (const event of trail) followed.machine.fire(occurrences[event]);
  return followed;
}

describe('state machine (PS3.8 Table 9-10)', () => {
  const cases = (['requestor', 'acceptor'] as const).flatMap((role) =>
    Object.entries(ways[role]).flatMap(([state, way]) =>
      events.map((event) => ({ role, state: state as State, way, event })),
    ),
  );
  it.each(cases)('$role in $state: $event', ({ role, state, way, event }) => {
    const { machine, transitions, ends } = follow(role, way);
    expect(machine.state).toBe(state);
    const before = [transitions.length, ends.length];
    const action = actionFor(event, state);
    machine.fire(occurrences[event]);
    if (action === null) {
      expect([machine.state, transitions.length, ends.length]).toEqual([state, ...before]);
      return;
    }
    const leadsTo = nextState[action];
    const next = typeof leadsTo === 'string' ? leadsTo : leadsTo[role];
    expect(machine.state).toBe(next);
    expect(transitions.slice(before[0])).toEqual([{ state, event, action, next }]);
    expect(ends.length).toBeLessThanOrEqual(1);
  });

  it.each<[string, Role, Event[], string[], Partial<LayerEnd>]>([
    [
      'an association accepted, used and released by the peer',
      'acceptor',
      [...served, 'P-DATA-TF', 'data request', 'A-RELEASE-RQ', 'release response', 'transport closed'],
      [
        'start ARTIM',
        'stop ARTIM',
        'indicate request',
        'send AC',
        'send data',
        'indicate release',
        'send RELEASE-RP',
        'start ARTIM',
        'stop ARTIM',
      ],
      { outcome: 'released' },
    ],
    [
      'an association requested, used and released by us',
      'requestor',
      [...opened, 'data request', 'P-DATA-TF', 'release request', 'A-RELEASE-RP'],
      ['send RQ', 'confirm acceptance', 'send data', 'send RELEASE-RQ', 'close', 'start ARTIM'],
      { outcome: 'released' },
    ],
    [
      'a rejected request',
      'requestor',
      [...asked, 'A-ASSOCIATE-RJ'],
      ['send RQ', 'close', 'start ARTIM'],
      {
        outcome: 'refused',
        by: 'peer',
        reason: 'rejected permanently by the service user: called AE title not recognized',
      },
    ],
    [
      'a second A-ASSOCIATE-RQ',
      'acceptor',
      [...served, 'A-ASSOCIATE-RQ', 'A-ABORT'],
      [
        'start ARTIM',
        'stop ARTIM',
        'indicate request',
        'send AC',
        'send ABORT and close',
        'start ARTIM',
        'stop ARTIM',
        'cut',
      ],
      { outcome: 'aborted', by: 'local', reason: 'A-ASSOCIATE-RQ in state Sta6' },
    ],
    [
      'silence',
      'acceptor',
      ['transport indication', 'ARTIM expired'],
      ['start ARTIM', 'stop ARTIM', 'cut'],
      { outcome: 'refused', by: 'local', reason: 'silence' },
    ],
    [
      'a release collision, requestor',
      'requestor',
      [...opened, 'release request', 'A-RELEASE-RQ', 'release response', 'A-RELEASE-RP'],
      [
        'send RQ',
        'confirm acceptance',
        'send RELEASE-RQ',
        'indicate release',
        'send RELEASE-RP',
        'close',
        'start ARTIM',
      ],
      { outcome: 'released' },
    ],
    [
      'a release collision, acceptor',
      'acceptor',
      [...served, 'release request', 'A-RELEASE-RQ', 'A-RELEASE-RP', 'release response'],
      [
        'start ARTIM',
        'stop ARTIM',
        'indicate request',
        'send AC',
        'send RELEASE-RQ',
        'indicate release',
        'send RELEASE-RP',
        'start ARTIM',
      ],
      { outcome: 'released' },
    ],
    [
      'a connection lost',
      'acceptor',
      [...served, 'transport closed'],
      ['start ARTIM', 'stop ARTIM', 'indicate request', 'send AC'],
      { outcome: 'aborted', by: 'transport', reason: 'gone' },
    ],
  ])('%s', (_, role, trail, said, end) => {
    const followed = follow(role, trail);
    expect(followed.said).toEqual(said);
    expect(followed.ends).toEqual([expect.objectContaining(end)]);
  });

  it('a request that is refused by its fixed fields is rejected by AE-6', () => {
    const { machine, said, ends } = follow('acceptor', ['transport indication']);
    const proposal = { type: 'rejected-rq', rejection: Rejections.CallingAETitleNotRecognized } as const;
    machine.fire({ event: 'A-ASSOCIATE-RQ', proposal });
    expect(machine.state).toBe('Sta13');
    expect(said).toEqual(['start ARTIM', 'stop ARTIM', 'send RJ', 'start ARTIM']);
    expect(ends).toMatchObject([{ outcome: 'refused', reason: expect.stringContaining('calling AE title') as string }]);
  });
});
