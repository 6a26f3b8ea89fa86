import { turn } from './attack.js';
import type { Attack, AttackRun } from './attack.js';

const VALUE = 'v'.repeat(60_000);
const REQUEST = ' HTTP/1.1\r\nhost: localhost\r\n';

const put = (key: string): Buffer =>
  Buffer.from(`PUT /v1/chaves/${key}${REQUEST}content-length: ${VALUE.length}\r\n\r\n${VALUE}`);

/** Writes enough for an answer of 1 MiB, until the time is over or so many times. */
async function fill(run: AttackRun, times: number): Promise<void> {
  const client = await run.knock(false);
  for (let nth = 0; nth < times && !run.isOver(); nth++) {
    const before = client.receivedBytes;
    run.units++;
    if (!(await client.send(put(`cheia/${nth % 20}`)))) return;
    while (client.receivedBytes === before && !client.isClosed() && !run.isOver()) await turn();
  }
}

/** Connections that ask and never read. */
async function askUnread(run: AttackRun, count: number, request: string): Promise<void> {
  for (let nth = 0; nth < count && !run.isOver(); nth++) {
    const client = await run.knock(false);
    client.socket.pause();
    await client.send(Buffer.from(request));
    run.units++;
  }
}

async function lasts(run: AttackRun): Promise<void> {
  while (!run.isOver()) await turn();
}

/** Clients that are served by `/v1`, and do not go on. What they hold is bounded by what waits for them. */
export const http1ReaderAttacks: readonly Attack[] = [
  {
    name: 'HTTP/1.1: lists of 1 MiB, never read',
    unit: 'request',
    // A page is a thousand lines, or 1 MiB.
    most: 400,
    run: async (run) => {
      await fill(run, 20);
      await askUnread(run, 100, `GET /v1/chaves?prefixo=cheia${REQUEST}\r\n`);
      await lasts(run);
    },
  },
  {
    name: 'HTTP/1.1: events, never read',
    unit: 'request',
    most: 400,
    run: async (run) => {
      await askUnread(run, 50, `GET /v1/observa?prefixo=cheia${REQUEST}\r\n`);
      await fill(run, Infinity);
    },
  },
  {
    name: 'HTTP/1.1: values that are sent by half',
    unit: 'request',
    most: 50,
    run: async (run) => {
      const half = put('meia').subarray(0, 40_000);
      for (let nth = 0; nth < 1_000 && !run.isOver(); nth++) {
        const client = await run.knock(false);
        await client.send(half);
        run.units++;
      }
      await lasts(run);
    },
  },
  {
    name: 'HTTP/1.1: a batch whose answer is never read',
    unit: 'pair',
    run: async (run) => {
      const lines = '{"chave":"lote","valor":""}\n'.repeat(500);
      const chunk = Buffer.from(`${lines.length.toString(16)}\r\n${lines}\r\n`);
      while (!run.isOver()) {
        const client = await run.knock(false);
        client.socket.pause();
        await client.send(Buffer.from(`POST /v1/lote${REQUEST}transfer-encoding: chunked\r\n\r\n`));
        while (!run.isOver() && (await client.send(chunk))) run.units += 500;
      }
    },
  },
];
