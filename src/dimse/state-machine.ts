/**
 * The upper layer state machine of PS3.8 9.2 as data: states (Table 9-1 to 9-5), events (Table 9-10's rows), actions
 * (Tables 9-6 to 9-9) and the state transition table itself. `upper-layer.ts` carries the actions out.
 */

export type State =
  | 'Sta1' // idle
  | 'Sta2' // transport connection open, awaiting A-ASSOCIATE-RQ
  | 'Sta3' // awaiting the local A-ASSOCIATE response
  | 'Sta4' // awaiting the transport connection
  | 'Sta5' // awaiting A-ASSOCIATE-AC or -RJ
  | 'Sta6' // association established, ready for data transfer
  | 'Sta7' // awaiting A-RELEASE-RP
  | 'Sta8' // awaiting the local A-RELEASE response
  | 'Sta9' // release collision, requestor; awaiting the local A-RELEASE response
  | 'Sta10' // release collision, acceptor; awaiting A-RELEASE-RP
  | 'Sta11' // release collision, requestor; awaiting A-RELEASE-RP
  | 'Sta12' // release collision, acceptor; awaiting the local A-RELEASE response
  | 'Sta13'; // awaiting the transport connection's end

export type Event =
  | 'associate request'
  | 'transport connected'
  | 'A-ASSOCIATE-AC'
  | 'A-ASSOCIATE-RJ'
  | 'transport indication'
  | 'A-ASSOCIATE-RQ'
  | 'associate accept'
  | 'associate reject'
  | 'data request'
  | 'P-DATA-TF'
  | 'release request'
  | 'A-RELEASE-RQ'
  | 'A-RELEASE-RP'
  | 'release response'
  | 'abort request'
  | 'A-ABORT'
  | 'transport closed'
  | 'ARTIM expired'
  | 'invalid PDU';

/** What each action does, and the state it leads to. */
export const actions = {
  'AE-1': ['open the transport connection', 'Sta4'],
  'AE-2': ['send A-ASSOCIATE-RQ', 'Sta5'],
  'AE-3': ['confirm acceptance', 'Sta6'],
  'AE-4': ['confirm rejection, close', 'Sta1'],
  'AE-5': ['start ARTIM', 'Sta2'],
  'AE-6': ['stop ARTIM, indicate the request', 'Sta3'],
  'AE-7': ['send A-ASSOCIATE-AC', 'Sta6'],
  'AE-8': ['send A-ASSOCIATE-RJ, start ARTIM', 'Sta13'],
  'DT-1': ['send P-DATA-TF', 'Sta6'],
  'DT-2': ['indicate data', 'Sta6'],
  'AR-1': ['send A-RELEASE-RQ', 'Sta7'],
  'AR-2': ['indicate release', 'Sta8'],
  'AR-3': ['confirm release, close', 'Sta1'],
  'AR-4': ['send A-RELEASE-RP, start ARTIM', 'Sta13'],
  'AR-5': ['stop ARTIM', 'Sta1'],
  'AR-6': ['indicate data', 'Sta7'],
  'AR-7': ['send P-DATA-TF', 'Sta8'],
  'AR-8 requestor': ['indicate release (collision)', 'Sta9'],
  'AR-8 acceptor': ['indicate release (collision)', 'Sta10'],
  'AR-9': ['send A-RELEASE-RP', 'Sta11'],
  'AR-10': ['confirm release', 'Sta12'],
  'AA-1': ['send A-ABORT (service user), start ARTIM', 'Sta13'],
  'AA-2': ['stop ARTIM, close', 'Sta1'],
  'AA-3': ['indicate abort, close', 'Sta1'],
  'AA-4': ['indicate provider abort', 'Sta1'],
  'AA-5': ['stop ARTIM', 'Sta1'],
  'AA-6': ['ignore', 'Sta13'],
  'AA-7': ['send A-ABORT', 'Sta13'],
  'AA-8': ['send A-ABORT (service provider), indicate provider abort, start ARTIM', 'Sta13'],
} as const satisfies Record<string, readonly [string, State]>;

export type Action = keyof typeof actions;
/** `AR-8` is one action of the standard with two outcomes. */
type TableAction = Exclude<Action, `AR-8 ${string}`> | 'AR-8';

const states: readonly State[] = [
  'Sta1',
  'Sta2',
  'Sta3',
  'Sta4',
  'Sta5',
  'Sta6',
  'Sta7',
  'Sta8',
  'Sta9',
  'Sta10',
  'Sta11',
  'Sta12',
  'Sta13',
];

/** PS3.8 Table 9-10. A column is a state; `-` marks what cannot happen there. */
// prettier-ignore
const table: Record<Event, string> = {
  //                      Sta1  Sta2  Sta3  Sta4  Sta5  Sta6  Sta7  Sta8  Sta9  Sta10 Sta11 Sta12 Sta13
  'associate request':    'AE-1  -     -     -     -     -     -     -     -     -     -     -     -   ',
  'transport connected':  '-     -     -     AE-2  -     -     -     -     -     -     -     -     -   ',
  'A-ASSOCIATE-AC':       '-     AA-1  AA-8  -     AE-3  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6',
  'A-ASSOCIATE-RJ':       '-     AA-1  AA-8  -     AE-4  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6',
  'transport indication': 'AE-5  -     -     -     -     -     -     -     -     -     -     -     -   ',
  'A-ASSOCIATE-RQ':       '-     AE-6  AA-8  -     AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-7',
  'associate accept':     '-     -     AE-7  -     -     -     -     -     -     -     -     -     -   ',
  'associate reject':     '-     -     AE-8  -     -     -     -     -     -     -     -     -     -   ',
  'data request':         '-     -     -     -     -     DT-1  -     AR-7  -     -     -     -     -   ',
  'P-DATA-TF':            '-     AA-1  AA-8  -     AA-8  DT-2  AR-6  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6',
  'release request':      '-     -     -     -     -     AR-1  -     -     -     -     -     -     -   ',
  'A-RELEASE-RQ':         '-     AA-1  AA-8  -     AA-8  AR-2  AR-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-6',
  'A-RELEASE-RP':         '-     AA-1  AA-8  -     AA-8  AA-8  AR-3  AA-8  AA-8  AR-10 AR-3  AA-8  AA-6',
  'release response':     '-     -     -     -     -     -     -     AR-4  AR-9  -     -     AR-4  -   ',
  'abort request':        '-     -     AA-1  AA-2  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  AA-1  -   ',
  'A-ABORT':              '-     AA-2  AA-3  -     AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-3  AA-2',
  'transport closed':     '-     AA-5  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AA-4  AR-5',
  'ARTIM expired':        '-     AA-2  -     -     -     -     -     -     -     -     -     -     AA-2',
  'invalid PDU':          '-     AA-1  AA-8  -     AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-8  AA-7',
};

const rows = new Map(
  Object.entries(table).map(([event, row]) => [event, row.trim().split(/\s+/) as (TableAction | '-')[]]),
);

/** The action that `event` causes in `state`, or null where Table 9-10 has none. */
export function actionFor(event: Event, state: State, role: 'requestor' | 'acceptor'): Action | null {
  const action = rows.get(event)![states.indexOf(state)];
  if (action === '-') return null;
  return action === 'AR-8' ? `AR-8 ${role}` : action;
}
