/**
 * The upper layer state machine of PS3.8 9.2 as data: states (Tables 9-1 to 9-5), events (the rows of Table 9-10) and
 * the state transition table itself. `state-machine.ts` carries out the actions.
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

/** The actions of Tables 9-6 (association establishment), 9-7 (data transfer), 9-8 (release) and 9-9 (abort). */
export type Action =
  | 'AE-1'
  | 'AE-2'
  | 'AE-3'
  | 'AE-4'
  | 'AE-5'
  | 'AE-6'
  | 'AE-7'
  | 'AE-8'
  | 'DT-1'
  | 'DT-2'
  | 'AR-1'
  | 'AR-2'
  | 'AR-3'
  | 'AR-4'
  | 'AR-5'
  | 'AR-6'
  | 'AR-7'
  | 'AR-8'
  | 'AR-9'
  | 'AR-10'
  | 'AA-1'
  | 'AA-2'
  | 'AA-3'
  | 'AA-4'
  | 'AA-5'
  | 'AA-6'
  | 'AA-7'
  | 'AA-8';

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

const rows = new Map(Object.entries(table).map(([event, row]) => [event, row.trim().split(/\s+/) as (Action | '-')[]]));

/** The action that `event` causes in `state`, or null where Table 9-10 has none. */
export function actionFor(event: Event, state: State): Action | null {
  const action = rows.get(event)![states.indexOf(state)];
  return action === '-' ? null : action;
}
