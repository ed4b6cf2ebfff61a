import { connect as connectTCP, type Socket } from 'node:net';
import { connect as connectTLS, type ConnectionOptions } from 'node:tls';
import { PrioraError } from '../core/errors.js';
import { quickAcknowledge } from './quickack.js';

/** TLS towards a server, PEM texts. The server's certificate is always verified. */
export interface ClientTLS {
  /** Certificates against which the server's is verified. [the system's] */
  readonly ca?: string | Buffer;
  /** Our own certificate and its key, if the server asks for one. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Name that the server's certificate must carry. [the host connected to] */
  readonly serverName?: string;
}

export interface Connection {
  readonly socket: Socket;
  /** See {@link quickAcknowledge}. */
  readonly acknowledge: (() => void) | null;
}

/**
 * A connected socket, TLS handshake included.
 *
 * @throws PrioraError DESTINATION_UNREACHABLE: no route, refused, wrong certificate, or not connected in time
 */
export function connect(options: {
  host: string;
  port: number;
  tls?: ClientTLS | undefined;
  timeoutMs: number;
}): Promise<Connection> {
  const { host, port, tls, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const plain = connectTCP({ host, port });
    let socket: Socket = plain;
    const fail = (reason: string, cause?: Error) => {
      clearTimeout(timer);
      plain.destroy();
      socket.destroy();
      reject(new PrioraError('DESTINATION_UNREACHABLE', `${host}:${port}: ${reason}`, { cause }));
    };
    const timer = setTimeout(() => fail(`not connected within ${timeoutMs} ms`), timeoutMs);
    const onError = (error: NodeJS.ErrnoException) => fail(error.code ?? error.message, error);
    const ready = () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve({ socket, acknowledge: quickAcknowledge(plain) });
    };
    plain.once('error', onError);
    plain.once('connect', () => {
      if (!tls) {
        ready();
        return;
      }
      plain.off('error', onError);
      socket = connectTLS({ ...securityOf(tls, host), socket: plain });
      socket.once('error', onError);
      socket.once('secureConnect', ready);
    });
  });
}

function securityOf({ serverName, ...material }: ClientTLS, host: string): ConnectionOptions {
  const name = serverName ?? host;
  // An address is not a server name (RFC 6066 3), but it is what the certificate is compared with.
  const isName = /[a-z]/i.test(name) && !name.includes(':');
  return { ...material, host: name, minVersion: 'TLSv1.2', ...(isName ? { servername: name } : {}) };
}
