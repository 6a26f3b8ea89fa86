import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { freePorts } from '../../src/supervisor/free-ports.js';
import { PeerRelays } from '../../src/supervisor/peer-relays.js';
import { eventually } from '../support/eventually.js';

const NUMBERS = ['a1', 'b2'];
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A member that says who the members are, and keeps what it is told. */
async function member(members: () => string): Promise<{ server: Server; port: number; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (piece) => {
      heard.push(piece.toString());
      if (piece.toString().startsWith('GET /members'))
        socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${members()}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  return { server, port: (server.address() as AddressInfo).port, heard };
}

async function calling(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  ends.push(() => socket.destroy());
  return socket;
}

describe('what replicas say to each other', () => {
  it('is known to be of a member that is cut off, however its header comes in pieces', async () => {
    const [relayA = 0, relayB = 0] = await freePorts(2);
    const text = (): string =>
      JSON.stringify(
        [relayA, relayB].map((port, at) => ({
          id: `number ${at}`,
          peerURLs: [`http://127.0.0.1:${port}`],
        })),
      ).replace(/"number (\d)"/g, (_, at: string) => String(parseInt(NUMBERS[Number(at)] ?? '', 16)));
    const [a, b] = [await member(text), await member(text)];
    const relays = new PeerRelays([
      { name: 'bd1', ownPort: a.port, relayPort: relayA },
      { name: 'bd2', ownPort: b.port, relayPort: relayB },
    ]);
    ends.push(() => relays.stop());
    await relays.start();
    await relays.learn();
    const header = 'POST /raft HTTP/1.1\r\nx-server-from: a1\r\n';
    for (const at of [header.length, 30, 36, header.length - 1]) {
      // From bd1 to bd2.
      const caller = await calling(relayB);
      const said = b.heard.length;
      for (const piece of [header.slice(0, at), header.slice(at)].filter((one) => one !== '')) {
        caller.write(piece);
        await eventually('the piece has come', () => b.heard.slice(said).join('').endsWith(piece));
      }
      const isClosed = once(caller, 'close');
      relays.cutOff('bd1');
      await isClosed;
      relays.connect('bd1');
    }
    expect(b.heard.join('')).toContain('x-server-from: a1');
  });
});
