import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kvs } from '../../../src/client/library/kvs.js';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/net.js';
import { ServerProcess } from '../../support/server-process.js';

const LAPS = 2;

describe('the library on a fleet whose servers are killed', () => {
  let servers: ServerProcess[];
  let kvs: Kvs;

  beforeAll(async () => {
    const broker = await freePort();
    const options = { fleet: 'biblioteca', args: ['--broker-local', `127.0.0.1:${broker}`] };
    servers = [];
    for (let n = 0; n < 3; n++) servers.push(await ServerProcess.start(options));
    kvs = new Kvs({ servers: servers.map(({ port }) => `127.0.0.1:${port}`), confirmations: 1 });
  }, 180_000);
  afterAll(async () => {
    await kvs.close();
    await Promise.all(servers.map((server) => server.kill9()));
  });

  it('tells each confirmed write once, and no other', async () => {
    await eventually('all serve', async () => (await kvs.status()).servers.length === 3, 60_000);
    await using watch = kvs.watch({ prefix: 'k/' });
    expect((await watch.next()).value).toMatchObject({ type: 'upToDate' });
    const told: string[] = [];
    const others: string[] = [];
    const listening = (async () => {
      for await (const { type, line } of watch) {
        if (type === 'insert') told.push(line.key);
        else if (type !== 'upToDate') others.push(type);
      }
    })();
    const confirmed: string[] = [];
    const work = { isOver: false };
    const writing = (async () => {
      for (let n = 0; !work.isOver; n++) {
        const key = `k/${n}`;
        await kvs.put(key, 'v').then(
          () => confirmed.push(key),
          () => undefined,
        );
      }
    })();
    for (let lap = 0; lap < LAPS; lap++) {
      const victim = servers[lap % 3]!;
      const before = confirmed.length;
      await victim.kill9();
      await eventually('writes go on', () => confirmed.length > before + 20, 60_000);
      await victim.restart();
    }
    work.isOver = true;
    await writing;
    await eventually('all is told', () => confirmed.every((key) => told.includes(key)), 30_000);
    await watch.close();
    await listening;
    expect(others).toEqual([]);
    expect(told.length).toBe(new Set(told).size);
    expect(confirmed.length).toBeGreaterThan(LAPS * 20);
  }, 180_000);
});
