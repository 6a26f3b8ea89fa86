import { turn } from './attack.js';
import type { Attack, AttackRun } from './attack.js';

const GET = 'GET / HTTP/1.1\r\nhost: localhost\r\n';

/** Sends pieces over one connection after the other: a new one when it was cut. */
function repeating(name: string, unit: string, begin: string, piece: string, units: number): Attack {
  const bytes = Buffer.from(piece, 'latin1');
  return {
    name: `HTTP/1.1: ${name}`,
    unit,
    run: async (run) => {
      while (!run.isOver()) {
        const client = await run.knock(false);
        if (begin !== '') await client.send(Buffer.from(begin, 'latin1'));
        while (!run.isOver() && (await client.send(bytes))) run.units += units;
        client.close();
      }
    },
  };
}

async function each(count: number, work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: count }, work));
}

const slow: Attack = {
  name: 'HTTP/1.1: slow header bytes, 100 connections',
  unit: 'byte',
  run: (run) =>
    each(100, async () => {
      const client = await run.knock(false);
      await client.send(Buffer.from(GET));
      while (!run.isOver() && (await client.send(Buffer.from('x')))) {
        run.units++;
        await turn();
      }
    }),
};

const idle: Attack = {
  name: 'HTTP/1.1: connections that stay idle after a request',
  unit: 'connection',
  run: async (run) => {
    const open = [];
    while (!run.isOver()) {
      const client = await run.knock(false);
      await client.send(Buffer.from(`${GET}\r\n`));
      run.units++;
      open.push(client);
      if (open.length > 1_000) open.shift()?.close();
    }
  },
};

/** Requests whose end two readers may see in different places. */
export const SMUGGLING: readonly (readonly [string, string])[] = [
  ['length and chunks', 'content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['two lengths', 'content-length: 4\r\ncontent-length: 5\r\n\r\nabcde'],
  ['a length with a sign', 'content-length: +4\r\n\r\nabcd'],
  ['chunks, and something else', 'transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
  ['a space before the colon', 'transfer-encoding : chunked\r\n\r\n0\r\n\r\n'],
  ['a continued line', 'x: y\r\n transfer-encoding: chunked\r\n\r\n'],
  ['lines that end with LF', 'x: y\ntransfer-encoding: chunked\n\n0\n\n'],
  ['a chunk size too large', 'transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n'],
];
const smuggling: Attack = {
  name: 'HTTP/1.1: shapes of request smuggling',
  unit: 'connection',
  run: async (run) => {
    for (let nth = 0; !run.isOver(); nth++) {
      const [, rest] = SMUGGLING[nth % SMUGGLING.length]!;
      const client = await run.knock(false);
      await client.send(Buffer.from(`POST / HTTP/1.1\r\nhost: localhost\r\n${rest}`, 'latin1'));
      run.units++;
      const end = Date.now() + 50;
      while (client.receivedBytes === 0 && !client.isClosed() && Date.now() < end) await turn();
      client.close();
    }
  },
};

const unreadPipelining: Attack = {
  name: 'HTTP/1.1: pipelined requests, answers never read',
  unit: 'request',
  run: async (run) => {
    const bytes = Buffer.from(`${GET}\r\n`.repeat(100));
    while (!run.isOver()) {
      const client = await run.knock(false);
      client.socket.pause();
      const isStuck = turnsOver(run);
      while (!run.isOver()) {
        const isTaken = await Promise.race([client.send(bytes), isStuck]);
        if (!isTaken) break;
        run.units += 100;
      }
    }
  },
};

async function turnsOver(run: AttackRun): Promise<boolean> {
  const end = Date.now() + 500;
  while (!run.isOver() && Date.now() < end) await turn();
  return false;
}

export const http1Attacks: readonly Attack[] = [
  slow,
  repeating('endless header fields', 'field', GET, 'x: y\r\n'.repeat(100), 100),
  repeating('an endless header field', 'KiB', `${GET}x: `, 'y'.repeat(1024), 1),
  repeating(
    'a huge body',
    'KiB',
    'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000000000\r\n\r\n',
    'y'.repeat(16_384),
    16,
  ),
  repeating(
    'chunks of one byte',
    'chunk',
    'POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n',
    '1\r\ny\r\n'.repeat(200),
    200,
  ),
  repeating(
    'an endless extension of a chunk',
    'KiB',
    'POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n1;',
    'y'.repeat(1024),
    1,
  ),
  repeating('pipelined requests', 'request', '', `${GET}\r\n`.repeat(100), 100),
  unreadPipelining,
  idle,
  smuggling,
];
