import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

// Below the range from which the system gives client ports, so that no connection of another test takes it meanwhile.
const LOWEST = 12_000;
const COUNT = 18_000;

// One file for each port that a test has been given, with the process it was given to: a port on which nobody listens
// may belong to a server that a test of another process starts in a moment, or has stopped and will start again.
const GIVEN = join(tmpdir(), `kvs-test-ports-${userInfo().uid}`);

/** A TCP port of 127.0.0.1 that nobody uses, and that no other test is given while this process lives. */
export async function freePort(): Promise<number> {
  mkdirSync(GIVEN, { recursive: true });
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if (take(port) && (await canListen(port))) return port;
  }
}

/** Writes down that this process has the port; false when it, or another process that lives, has it already. */
function take(port: number): boolean {
  const path = join(GIVEN, String(port));
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (!lives(path)) rmSync(path, { force: true });
  return false;
}

/** Whether the process that a port's file names lives. One that says nothing yet is being written. */
function lives(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return pid === 0 || process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function canListen(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/** Whether this machine has the IPv6 loopback. */
export function hasIPv6(): Promise<boolean> {
  return canListen(0, '::1');
}

/** Whether something accepts connections on a port of this machine. */
export async function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
