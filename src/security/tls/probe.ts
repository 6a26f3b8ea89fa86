import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { tlsFailureOf } from './failures.js';

/** How a probing handshake went: the other side left after it, or an error ended it; `undefined`: nothing came. */
type ProbeEnd = 'agreed' | 'left' | Error | undefined;

/** Time for a handshake, and for an alert that follows this side's part of it. */
const PROBE_MS = 1_000;

/** Whether a server speaks TLS: it completes a handshake, whatever the value of its certificate. */
export async function speaksTls(host: string, port: number): Promise<boolean> {
  return (await spokenAt(host, port)) === 'tls';
}

/** The protocol at an address: TLS, something else, or silence. `undefined`: no connection is accepted. */
export async function spokenAt(host: string, port: number): Promise<'tls' | 'other' | undefined> {
  const { end, isTaken } = await look(host, port, { rejectUnauthorized: false }, 0);
  if (end === 'agreed' || end === 'left') return 'tls';
  return isTaken ? 'other' : undefined;
}

/** Performs a handshake on a connection of its own, then waits whether the other side leaves after all. */
export async function probe(host: string, port: number, options: ConnectionOptions): Promise<ProbeEnd> {
  return (await look(host, port, options, PROBE_MS)).end;
}

function look(
  host: string,
  port: number,
  options: ConnectionOptions,
  waitMs: number,
): Promise<{ readonly end: ProbeEnd; readonly isTaken: boolean }> {
  return new Promise((resolve) => {
    const plain = connectPlain({ host, port });
    let isTaken = false;
    plain.once('connect', () => {
      isTaken = true;
    });
    const socket = connect({ ...options, socket: plain, ALPNProtocols: ['h2'] });
    let secure = false;
    const end = (how: ProbeEnd): void => {
      clearTimeout(timer);
      socket.destroy();
      plain.destroy();
      resolve({ end: how, isTaken });
    };
    let timer = setTimeout(end, PROBE_MS, undefined);
    socket.once('secureConnect', () => {
      secure = true;
      clearTimeout(timer);
      timer = setTimeout(end, waitMs, 'agreed');
    });
    // Data from the other side means that it has accepted the handshake.
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
