import { once } from 'node:events';
import type { Server } from 'node:net';
import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { quickAckAvailable, quickAcknowledge } from '../../src/dimse/quickack.js';

describe('TCP_QUICKACK', () => {
  it('is available on Linux, and nowhere a reason to fail', async () => {
    expect(quickAckAvailable).toBe(process.platform === 'linux');
    const server: Server = createServer((socket) => socket.resume()).listen(0);
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port);
    await once(socket, 'connect');
    const acknowledge = quickAcknowledge(socket);
    expect(acknowledge !== null).toBe(quickAckAvailable);
    // The kernel takes the option on an open connection; on a closed descriptor it answers EBADF, and nothing throws.
    expect(acknowledge?.()).toBe(quickAckAvailable ? true : undefined);
    socket.destroy();
    await once(socket, 'close');
    expect(acknowledge?.()).toBe(quickAckAvailable ? false : undefined);
    expect(quickAcknowledge(socket)).toBeNull();
    server.close();
    await once(server, 'close');
  });
});
