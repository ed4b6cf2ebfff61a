import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/core/log.js';
import { SOPClass, TransferSyntax } from '../../src/dicom/uid.js';
import {
  Association,
  CommandField,
  createServer,
  findService,
  getService,
  moveService,
  PrioraError,
  serviceOf,
  storageService,
  type AssociationOptions,
  type Server,
  type Service,
  type ServiceUser,
  type StoreOperation,
  type WholeRequest,
} from '../../src/dimse/index.js';

const studyRoot = {
  find: '1.2.840.10008.5.1.4.1.2.2.1',
  move: '1.2.840.10008.5.1.4.1.2.2.2',
  get: '1.2.840.10008.5.1.4.1.2.2.3',
};
const commitment = '1.2.840.10008.1.20.1';
const commitmentInstance = '1.2.840.10008.1.20.1.1';
const implicitLE = TransferSyntax.ImplicitVRLittleEndian;
const syntaxes = [implicitLE];
const bothRoles = { scu: true, scp: true };

const servers: Server[] = [];
const associations: Association[] = [];
afterEach(async () => {
  for (const association of associations.splice(0)) association.abort();
  for (const server of servers.splice(0)) await server.close();
});

/** A server of these services. */
async function serve(services: readonly Service[], aeTitle = 'PACS'): Promise<number> {
  const abstractSyntaxes = [...Object.values(studyRoot), commitment, SOPClass.MRImageStorage];
  const server = createServer({
    aeTitle,
    port: 0,
    supportedContexts: abstractSyntaxes.map((abstractSyntax) => ({
      abstractSyntax,
      transferSyntaxes: syntaxes,
      roles: bothRoles,
    })),
    services,
    logger: silentLogger,
  });
  servers.push(server);
  return (await server.listen()).port;
}

async function ask(port: number, options: Partial<AssociationOptions> = {}): Promise<Association> {
  const abstractSyntaxes = [SOPClass.Verification, ...Object.values(studyRoot), commitment, SOPClass.MRImageStorage];
  const association = await Association.request({
    host: '127.0.0.1',
    port,
    callingAETitle: 'ASKING',
    calledAETitle: 'PACS',
    presentationContexts: abstractSyntaxes.map((abstractSyntax) => ({ abstractSyntax, transferSyntaxes: syntaxes })),
    ...options,
  });
  associations.push(association);
  return association;
}

/** An image that says nothing. */
const image = (number: number, transferSyntax: string = implicitLE): StoreOperation => ({
  SOPClassUID: SOPClass.MRImageStorage,
  SOPInstanceUID: `1.2.3.${number}`,
  transferSyntax,
  dataset: [Buffer.alloc(1000, number)],
});

/** A storage service that keeps what it gets. */
function keeping(status: (SOPInstanceUID: string) => number = () => 0) {
  const kept: { SOPInstanceUID: string; dataset: Buffer; originator: string | undefined }[] = [];
  const service = storageService(({ AffectedSOPInstanceUID: SOPInstanceUID, ...request }) => {
    const pieces: Buffer[] = [];
    return {
      write: (chunk) => void pieces.push(chunk),
      finish: () => {
        const originator = request.MoveOriginatorApplicationEntityTitle;
        kept.push({ SOPInstanceUID, dataset: Buffer.concat(pieces), originator });
        return Promise.resolve({ Status: status(SOPInstanceUID) });
      },
      abort: () => undefined,
    };
  });
  return { kept, service };
}

const identifier = Buffer.from('an identifier');

/** Takes the first match and leaves. */
async function leaveAtOnce(found: ReturnType<Association['find']>): Promise<void> {
  for await (const { Status } of found) {
    expect(Status).toBe(0xff00);
    break;
  }
}

describe('C-FIND', () => {
  const matches = (count: number) => Array.from({ length: count }, (_, number) => Buffer.from(`match ${number}`));
  const query = { SOPClassUID: studyRoot.find, identifier };

  it('yields the matches and returns the final response', async () => {
    const asked: Buffer[] = [];
    const port = await serve([
      findService(({ identifier: keys }) => {
        asked.push(keys);
        return matches(3).map((match) => ({ identifier: match, Status: 0xff01 as const }));
      }),
    ]);
    const found = (await ask(port)).find(query);
    for (const match of matches(3))
      expect(await found.next()).toMatchObject({ done: false, value: { Status: 0xff01, dataset: match } });
    expect(await found.next()).toMatchObject({ done: true, value: { Status: 0 } });
    expect(asked).toEqual([identifier]);
  });

  it('is cancelled when the loop is left, and the association goes on', async () => {
    let asked = 0;
    let stopped = false;
    const port = await serve([
      findService(async function* ({ signal }) {
        try {
          for (;;) {
            asked++;
            yield { identifier: Buffer.alloc(100_000) };
            // The peer's word comes with a later turn of the event loop.
            if (!signal.aborted) await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          stopped = signal.aborted;
        }
      }),
    ]);
    const association = await ask(port);
    let seen = 0;
    for await (const { Status } of association.find(query)) {
      expect(Status).toBe(0xff00);
      if (++seen === 2) break;
    }
    expect([seen, stopped]).toEqual([2, true]);
    expect(asked).toBeLessThan(1000);
    expect(await association.echo()).toMatchObject({ Status: 0 });
  });

  it('holds the peer back while a match is looked at', async () => {
    let asked = 0;
    const port = await serve([
      findService(function* () {
        for (; asked < 1000; asked++) yield { identifier: Buffer.alloc(100_000) };
      }),
    ]);
    const found = (await ask(port)).find(query);
    await found.next();
    // Turns of the event loop until the peer has long been standing still.
    for (let turns = 0, before = -1; turns < 200; turns++) {
      if (asked !== before) turns = 0;
      before = asked;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(asked).toBeLessThan(500);
    let rest = 1;
    while (!(await found.next()).done) rest++;
    expect(rest).toBe(1000);
  });

  it('returns a failure of the peer as its answer', async () => {
    const port = await serve([
      findService(() => {
        throw new PrioraError('DICOM_CLASS_MISMATCH', 'no such key');
      }),
    ]);
    expect(await (await ask(port)).find(query).next()).toMatchObject({
      done: true,
      value: { Status: 0xa900, ErrorComment: 'DICOM_CLASS_MISMATCH: no such key' },
    });
  });

  it('gives up a peer that goes on for ever after it was cancelled', async () => {
    const port = await serve([
      serviceOf(CommandField.C_FIND_RQ, async (_, exchange) => {
        for (;;) await exchange.respond({ Status: 0xff00, dataset: identifier });
      }),
    ]);
    const association = await ask(port);
    await leaveAtOnce(association.find(query));
    expect(association.open).toBe(false);
  });
});

describe('C-GET', () => {
  it('brings the instances on the same association, and counts them', async () => {
    const { kept, service } = keeping();
    const port = await serve([getService(() => [image(1), image(2), image(3)])]);
    const association = await ask(port, {
      services: [service],
      roleSelections: [{ SOPClassUID: SOPClass.MRImageStorage, ...bothRoles }],
    });
    const progress: unknown[] = [];
    const answer = await association.get({
      SOPClassUID: studyRoot.get,
      identifier,
      onProgress: ({ NumberOfRemainingSuboperations: remaining, NumberOfCompletedSuboperations: completed }) =>
        void progress.push([remaining, completed]),
    });
    expect(answer).toMatchObject({
      Status: 0,
      NumberOfCompletedSuboperations: 3,
      NumberOfFailedSuboperations: 0,
      NumberOfWarningSuboperations: 0,
    });
    expect(progress).toEqual([
      [2, 1],
      [1, 2],
    ]);
    expect(kept.map(({ SOPInstanceUID }) => SOPInstanceUID)).toEqual(['1.2.3.1', '1.2.3.2', '1.2.3.3']);
    expect(kept[1].dataset.equals(Buffer.alloc(1000, 2))).toBe(true);
  });

  it('sends nothing to who did not ask to be an SCP, and names what failed', async () => {
    const { kept, service } = keeping();
    const port = await serve([getService(() => [image(1), image(2)])]);
    const answer = await (await ask(port, { services: [service] })).get({ SOPClassUID: studyRoot.get, identifier });
    expect(answer).toMatchObject({ Status: 0xa702, NumberOfFailedSuboperations: 2 });
    expect(answer.dataset?.toString('latin1')).toContain('1.2.3.1\\1.2.3.2');
    expect(kept).toEqual([]);
  });

  it('tells warnings, failures and syntaxes that were not accepted apart', async () => {
    const { service } = keeping((uid) => ({ '1.2.3.2': 0xb000, '1.2.3.3': 0xa700 })[uid] ?? 0);
    const instances = [image(1), image(2), image(3), image(4, TransferSyntax.RLELossless)];
    const port = await serve([getService(() => instances)]);
    const association = await ask(port, {
      services: [service],
      roleSelections: [{ SOPClassUID: SOPClass.MRImageStorage, ...bothRoles }],
    });
    expect(await association.get({ SOPClassUID: studyRoot.get, identifier })).toMatchObject({
      Status: 0xb000,
      NumberOfCompletedSuboperations: 1,
      NumberOfFailedSuboperations: 2,
      NumberOfWarningSuboperations: 1,
    });
    expect(await association.echo()).toMatchObject({ Status: 0 });
  });

  it('stops when it is cancelled', async () => {
    const stopping = new AbortController();
    const { kept, service } = keeping();
    const port = await serve([getService(() => Array.from({ length: 1000 }, (_, number) => image(number)))]);
    const association = await ask(port, {
      services: [service],
      roleSelections: [{ SOPClassUID: SOPClass.MRImageStorage, ...bothRoles }],
    });
    const answer = await association.get({
      SOPClassUID: studyRoot.get,
      identifier,
      signal: stopping.signal,
      onProgress: () => stopping.abort(),
    });
    expect(answer.Status).toBe(0xfe00);
    expect(answer.NumberOfCompletedSuboperations! + answer.NumberOfRemainingSuboperations!).toBe(1000);
    expect(kept.length).toBe(answer.NumberOfCompletedSuboperations);
    expect(kept.length).toBeLessThan(100);
  });
});

describe('C-MOVE', () => {
  it('sends to the destination, naming who asked', async () => {
    const { kept, service } = keeping();
    const destination = await serve([service], 'ARCHIVE');
    const port = await serve([
      moveService(({ MoveDestination }) =>
        MoveDestination === 'ARCHIVE'
          ? {
              destination: {
                host: '127.0.0.1',
                port: destination,
                callingAETitle: 'PACS',
                calledAETitle: 'ARCHIVE',
              },
              instances: [image(1), image(2)],
            }
          : null,
      ),
    ]);
    const association = await ask(port);
    const move = { SOPClassUID: studyRoot.move, identifier };
    expect(await association.move({ ...move, MoveDestination: 'ARCHIVE' })).toMatchObject({
      Status: 0,
      NumberOfCompletedSuboperations: 2,
    });
    expect(kept).toMatchObject([
      { SOPInstanceUID: '1.2.3.1', originator: 'ASKING' },
      { SOPInstanceUID: '1.2.3.2', originator: 'ASKING' },
    ]);
    expect(await association.move({ ...move, MoveDestination: 'NOWHERE' })).toMatchObject({ Status: 0xa801 });
    await servers.shift()!.close();
    expect(await association.move({ ...move, MoveDestination: 'ARCHIVE' })).toMatchObject({
      Status: 0xa702,
      NumberOfFailedSuboperations: 2,
    });
  });

  it('of nothing is a success', async () => {
    const nowhere = { host: '127.0.0.1', port: 1, callingAETitle: 'PACS', calledAETitle: 'NOWHERE' };
    const port = await serve([moveService(() => ({ destination: nowhere, instances: [] }))]);
    const answer = (await ask(port)).move({ SOPClassUID: studyRoot.move, identifier, MoveDestination: 'NOWHERE' });
    expect(await answer).toMatchObject({ Status: 0, NumberOfCompletedSuboperations: 0 });
  });
});

describe('the DIMSE-N services', () => {
  const instance = { SOPClassUID: commitment, SOPInstanceUID: commitmentInstance };
  const dataset = Buffer.from('attributes');
  const requested = { RequestedSOPClassUID: commitment, RequestedSOPInstanceUID: commitmentInstance };
  const affected = { AffectedSOPClassUID: commitment, AffectedSOPInstanceUID: commitmentInstance };
  const calls: [keyof typeof CommandField, (peer: ServiceUser) => Promise<unknown>, object, boolean][] = [
    [
      'N_EVENT_REPORT_RQ',
      (peer) => peer.nEventReport({ ...instance, EventTypeID: 2, dataset }),
      { ...affected, EventTypeID: 2 },
      true,
    ],
    [
      'N_GET_RQ',
      (peer) => peer.nGet({ ...instance, attributes: [0x00081195, 0x00100010] }),
      { ...requested, AttributeIdentifierList: [0x00081195, 0x00100010] },
      false,
    ],
    ['N_SET_RQ', (peer) => peer.nSet({ ...instance, dataset }), requested, true],
    [
      'N_ACTION_RQ',
      (peer) => peer.nAction({ ...instance, ActionTypeID: 1, dataset }),
      { ...requested, ActionTypeID: 1 },
      true,
    ],
    ['N_CREATE_RQ', (peer) => peer.nCreate({ ...instance, dataset }), affected, true],
    ['N_DELETE_RQ', (peer) => peer.nDelete(instance), requested, false],
  ];

  it.each(calls)('%s carries its elements there and the answer back', async (name, call, elements, hasDataset) => {
    const asked: WholeRequest[] = [];
    const port = await serve([
      serviceOf(CommandField[name], (request) => {
        asked.push(request);
        return { Status: 0x0107, dataset: Buffer.from('a reply') };
      }),
    ]);
    const answer = await call(await ask(port, { roleSelections: [{ SOPClassUID: commitment, ...bothRoles }] }));
    expect(asked[0].command).toMatchObject(elements);
    expect(asked[0].dataset).toEqual(hasDataset ? dataset : null);
    expect(answer).toMatchObject({ Status: 0x0107, ...affected, dataset: Buffer.from('a reply') });
    const types = elements as { EventTypeID?: number; ActionTypeID?: number };
    expect(answer).toMatchObject({
      ...(types.EventTypeID === undefined ? {} : { EventTypeID: types.EventTypeID }),
      ...(types.ActionTypeID === undefined ? {} : { ActionTypeID: types.ActionTypeID }),
    });
  });

  it('N-CREATE without an instance UID leaves it to the peer', async () => {
    const port = await serve([
      serviceOf(CommandField.N_CREATE_RQ, ({ command }) => ({
        Status: 0,
        AffectedSOPInstanceUID: command.AffectedSOPInstanceUID ?? '1.2.3.4.5',
      })),
    ]);
    expect(await (await ask(port)).nCreate({ SOPClassUID: commitment })).toMatchObject({
      AffectedSOPInstanceUID: '1.2.3.4.5',
    });
  });

  it('commits storage: the report comes on the same association, the other way round', async () => {
    const reported: WholeRequest[] = [];
    const report = Buffer.from('committed');
    const port = await serve([
      serviceOf(CommandField.N_ACTION_RQ, async (_, { peer }) => {
        expect(await peer.nEventReport({ ...instance, EventTypeID: 1, dataset: report })).toMatchObject({ Status: 0 });
        return { Status: 0 };
      }),
    ]);
    const association = await ask(port, {
      services: [
        serviceOf(CommandField.N_EVENT_REPORT_RQ, (request) => {
          reported.push(request);
          return { Status: 0 };
        }),
      ],
    });
    expect(await association.nAction({ ...instance, ActionTypeID: 1, dataset })).toMatchObject({ Status: 0 });
    expect(reported).toMatchObject([{ command: { EventTypeID: 1 }, dataset: report }]);
  });

  it('refuse a data set without end', async () => {
    const port = await serve([serviceOf(CommandField.N_SET_RQ, () => ({ Status: 0 }))]);
    const association = await ask(port);
    const answer = await association.invoke({
      command: { CommandField: CommandField.N_SET_RQ, ...requested },
      presentationContext: association.contextFor(commitment)!,
      dataset: Array.from({ length: 100 }, () => Buffer.alloc(100_000)),
    });
    expect(answer.Status).toBe(0xa900);
    expect(await association.echo()).toMatchObject({ Status: 0 });
  });
});

describe('roles', () => {
  it('that were not negotiated are not taken: the peer is not asked', async () => {
    const refusals: unknown[] = [];
    const instance = { SOPClassUID: commitment, SOPInstanceUID: commitmentInstance };
    const port = await serve([
      serviceOf(CommandField.N_ACTION_RQ, async (_, { peer }) => {
        refusals.push(await peer.nAction({ ...instance, ActionTypeID: 1 }).catch((error: unknown) => error));
        return { Status: 0 };
      }),
      serviceOf(CommandField.N_EVENT_REPORT_RQ, () => ({ Status: 0 })),
    ]);
    const scu = await ask(port);
    await scu.nAction({ ...instance, ActionTypeID: 1 });
    expect(refusals).toMatchObject([{ code: 'DESTINATION_REFUSED' }]);
    await expect(scu.nEventReport({ ...instance, EventTypeID: 1 })).rejects.toMatchObject({
      code: 'DESTINATION_REFUSED',
    });
    const scp = await ask(port, { roleSelections: [{ SOPClassUID: commitment, scu: false, scp: true }] });
    expect(await scp.nEventReport({ ...instance, EventTypeID: 1 })).toMatchObject({ Status: 0 });
    await expect(scp.nAction({ ...instance, ActionTypeID: 1 })).rejects.toMatchObject({ code: 'DESTINATION_REFUSED' });
    expect(scp.contextFor(studyRoot.find)).toBeDefined();
  });
});
