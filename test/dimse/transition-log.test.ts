import { pino } from 'pino';
import { expect, it } from 'vitest';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import { Association } from '../../src/dimse/association.js';
import { recordingServer } from './recording-server.js';

/** A logger that keeps its lines. */
function keptLog(level: string) {
  const lines: Record<string, unknown>[] = [];
  const logger = pino(
    { level, base: null },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const transitions = () =>
    lines.filter(({ action }) => action).map(({ state, event, action, next }) => [state, event, action, next]);
  return { lines, logger, transitions };
}

async function echo(node: { port: number }, logger?: pino.Logger) {
  const association = await Association.request({
    host: '127.0.0.1',
    port: node.port,
    callingAETitle: 'ASKING',
    calledAETitle: 'PRIORA',
    presentationContexts: [
      { abstractSyntax: SOPClass.Verification, transferSyntaxes: [TransferSyntax.ImplicitVRLittleEndian] },
    ],
    ...(logger ? { logger } : {}),
  });
  await association.echo();
  await association.release();
}

it('each transition of both sides is logged at debug, with association and AE titles', async () => {
  const ours = keptLog('debug');
  const theirs = keptLog('debug');
  const node = await recordingServer({ logger: ours.logger });
  await echo(node, theirs.logger);
  await node.until(() => node.ends.length === 1);
  await node.server.close();
  expect(theirs.transitions()).toEqual([
    ['Sta1', 'associate request', 'AE-1', 'Sta4'],
    ['Sta4', 'transport connected', 'AE-2', 'Sta5'],
    ['Sta5', 'A-ASSOCIATE-AC', 'AE-3', 'Sta6'],
    ['Sta6', 'data request', 'DT-1', 'Sta6'],
    ['Sta6', 'P-DATA-TF', 'DT-2', 'Sta6'],
    ['Sta6', 'release request', 'AR-1', 'Sta7'],
    ['Sta7', 'A-RELEASE-RP', 'AR-3', 'Sta1'],
  ]);
  expect(ours.transitions()).toEqual([
    ['Sta1', 'transport indication', 'AE-5', 'Sta2'],
    ['Sta2', 'A-ASSOCIATE-RQ', 'AE-6', 'Sta3'],
    ['Sta3', 'associate accept', 'AE-7', 'Sta6'],
    ['Sta6', 'P-DATA-TF', 'DT-2', 'Sta6'],
    ['Sta6', 'data request', 'DT-1', 'Sta6'],
    ['Sta6', 'A-RELEASE-RQ', 'AR-2', 'Sta8'],
    ['Sta8', 'release response', 'AR-4', 'Sta13'],
    ['Sta13', 'transport closed', 'AR-5', 'Sta1'],
  ]);
  for (const { lines } of [ours, theirs])
    expect(lines.find(({ action }) => action === 'DT-1')).toMatchObject({
      association: expect.any(Number) as number,
      callingAETitle: 'ASKING',
      calledAETitle: 'PRIORA',
      level: 20,
    });
});

it('at info no transition is logged', async () => {
  const { logger, lines, transitions } = keptLog('info');
  const node = await recordingServer({ logger });
  await echo(node);
  await node.until(() => node.ends.length === 1);
  await node.server.close();
  expect(transitions()).toEqual([]);
  expect(lines.length).toBeGreaterThan(0);
});
