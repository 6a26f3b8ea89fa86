import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { tlsFailureOf } from './failures.js';

/** How a handshake that nobody needs went: the other side left after it, or an error ended it; `undefined`: nothing came. */
export type ProbeEnd = 'agreed' | 'left' | Error | undefined;

/** A handshake, and an alert that comes after this side's part of it, come within this. */
const PROBE_MS = 1_000;

/** Whether a server speaks TLS: it completes a handshake, whatever its certificate is worth. */
export async function speaksTls(host: string, port: number): Promise<boolean> {
  const end = await probe(host, port, { rejectUnauthorized: false }, 0);
  return end === 'agreed' || end === 'left';
}

/** Shakes hands on a connection of its own, and waits for so long whether the other side thinks better of it and leaves. */
export function probe(
  host: string,
  port: number,
  options: ConnectionOptions,
  waitMs = PROBE_MS,
): Promise<ProbeEnd> {
  return new Promise((resolve) => {
    const plain = connectPlain({ host, port });
    const socket = connect({ ...options, socket: plain, ALPNProtocols: ['h2'] });
    let secure = false;
    const end = (how: ProbeEnd): void => {
      clearTimeout(timer);
      socket.destroy();
      plain.destroy();
      resolve(how);
    };
    let timer = setTimeout(end, PROBE_MS, undefined);
    socket.once('secureConnect', () => {
      secure = true;
      clearTimeout(timer);
      timer = setTimeout(end, waitMs, 'agreed');
    });
    // Data is the other side's word that it has agreed.
    socket.once('data', () => {
      end('agreed');
    });
    plain.once('error', end);
    socket.on('error', (error: Error) => {
      end(secure && tlsFailureOf(error) === undefined ? 'left' : error);
    });
    socket.once('close', () => {
      end(secure ? 'left' : undefined);
    });
  });
}
