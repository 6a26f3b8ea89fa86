import { connect, createServer } from 'node:net';

// Below the range from which the system gives client ports, so that no connection of another test takes it meanwhile.
const LOWEST = 12_000;
const COUNT = 18_000;

/** A TCP port of 127.0.0.1 that nobody uses now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if (await canListen(port)) return port;
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
