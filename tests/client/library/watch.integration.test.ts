import { afterEach, describe, expect, it } from 'vitest';
import { Kvs } from '../../../src/client/library/kvs.js';
import type { KvsEvent, KvsWatch, KvsWatchOptions } from '../../../src/client/library/public.js';
import { eventually } from '../../support/eventually.js';
import { LojaServers } from '../../support/loja-servers.js';
import type { Cut } from '../../support/loja-servers.js';
import { LossyProxy } from '../../support/lossy-proxy.js';
import { SeededRandom } from '../../support/sim-random.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(count: number, watch: KvsWatchOptions = {}) {
  const servers = await LojaServers.start(count);
  closing.push(() => {
    servers.stop();
  });
  const kvs = new Kvs({ servers: servers.addresses, timeoutMs: 2_000 });
  closing.push(() => kvs.close());
  return { servers, kvs, watch: kvs.watch(watch) };
}

const shortly = ({ type, line }: KvsEvent): string => (line === undefined ? type : `${type} ${line.value}`);

async function take(watch: KvsWatch, count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) {
    const { value, done } = await watch.next();
    if (done === true) throw new Error('the watch ended');
    found.push(shortly(value));
  }
  return found;
}

describe('a watch of the library', () => {
  it.each<Cut>(['UNAVAILABLE', 'LEITOR_LENTO', 'INTERNAL', 'OK'])(
    'goes on after streams that end with %s, missing nothing and repeating nothing',
    async (how) => {
      const { servers, watch } = await open(3);
      servers.cut = (call, sent) => (call <= 6 && sent >= call % 4 ? how : undefined);
      const changes = Array.from({ length: 20 }, (_, at) => `${at}`);
      const first = take(watch, 1);
      // The first stream that says that it is up to date is the one from which all is told.
      expect(await first).toEqual(['upToDate']);
      servers.append(...changes);
      const told: string[] = [];
      while (told.length < changes.length) {
        const [text] = await take(watch, 1);
        if (text !== 'upToDate') told.push(text!);
      }
      expect(told).toEqual(changes.map((value) => `insert ${value}`));
      expect(servers.opened).toBeGreaterThan(4);
    },
  );

  it('goes on while servers die and return under it', async () => {
    const random = new SeededRandom(20_261);
    const { servers, watch } = await open(3);
    await take(watch, 1);
    const DEATHS = 9;
    const told: number[] = [];
    const reading = (async () => {
      for await (const { type, line } of watch) {
        expect(type).toMatch(/^(insert|upToDate)$/);
        if (line !== undefined) told.push(Number(line.value));
      }
    })();
    for (let death = 0; death < DEATHS; death++) {
      const [at, heard] = [servers.log.length, told.length];
      servers.append(...Array.from({ length: random.int(1, 150) }, (_, i) => `${at + i}`));
      // Amid what it tells, after it, or before.
      if (death % 3 !== 0) await eventually('something is told', () => told.length > heard);
      await eventually('the watch is open', () => servers.open > 0);
      const victim = servers.last;
      servers.kill(victim);
      await servers.begin(victim);
    }
    await eventually('all is told', () => told.length >= servers.log.length);
    await watch.close();
    await reading;
    expect(told).toEqual(servers.log.map(Number));
    expect(servers.opened).toBeGreaterThanOrEqual(DEATHS);
  });

  it('begins again, and says so, where what is there was not told to its end', async () => {
    const { servers, watch } = await open(2, { from: 'everything' });
    servers.append('a', 'b', 'c');
    servers.cut = (call, sent) => (call === 1 && sent === 2 ? 'UNAVAILABLE' : undefined);
    expect(await take(watch, 7)).toEqual([
      ...['present a', 'present b'],
      ...['restart', 'present a', 'present b', 'present c', 'upToDate'],
    ]);
    expect(watch.token).toBe('t3');
  });

  it('says once that what was told is void, also if the server says so itself', async () => {
    const { servers, watch } = await open(2, { from: { token: 't1' } });
    servers.append('a', 'b', 'c');
    servers.horizon = 2;
    // Once before anything is told, once amid what is there, and once just after the restart.
    servers.cut = (call, sent) =>
      (call === 1 && sent === 1) || (call === 2 && sent === 1) ? 'UNAVAILABLE' : undefined;
    expect(await take(watch, 6)).toEqual([
      ...['restart', 'present a'],
      ...['restart', 'present a', 'present b', 'present c'],
    ]);
    // Once void, never again from the token of before.
    expect(servers.interests.map(({ token = '' }) => token)).toEqual(['t1', '', '']);
  });

  it('goes on when all servers were away for a while, and says that it is lost', async () => {
    let lost = 0;
    const { servers, watch } = await open(2, { lost: () => lost++ });
    await take(watch, 1);
    servers.kill(0);
    servers.kill(1);
    servers.append('a');
    const next = take(watch, 1);
    await eventually('it says so', () => lost > 0);
    await servers.begin(1);
    expect(await next).toEqual(['insert a']);
  });

  it('leaves a server that keeps its connections and stands still, and no other that is silent', async () => {
    const { servers } = await open(2);
    const proxies = await Promise.all(servers.addresses.map((address) => LossyProxy.start(address)));
    closing.push(...proxies.map((proxy) => () => proxy.stop()));
    const kvs = new Kvs({ servers: proxies.map(({ address }) => address), timeoutMs: 300 });
    closing.push(() => kvs.close());
    const watch = kvs.watch();
    await take(watch, 1);
    const next = take(watch, 2);
    await eventually('it was silent for long', () => servers.checks >= 2);
    expect(servers.opened).toBe(1);
    proxies[servers.last]!.set('dropAnswers');
    servers.append('a');
    expect(await next).toEqual(['insert a', 'upToDate']);
    expect(servers.opened).toBe(2);
  });

  it('fails where nobody serves from the beginning', async () => {
    const { servers, watch } = await open(2);
    servers.stop();
    await expect(watch.next()).rejects.toMatchObject({ code: 'SEM_SERVIDOR' });
    expect(await watch.next()).toEqual({ done: true, value: undefined });
  });

  it('fails where a server refuses it for what it is', async () => {
    const { servers, watch } = await open(2);
    await take(watch, 1);
    servers.cut = () => 'NAO_AUTORIZADO' as Cut;
    servers.append('a');
    await expect(watch.next()).rejects.toMatchObject({ code: 'NAO_AUTORIZADO', message: 'NAO_AUTORIZADO' });
  });

  it.each(['return', 'close', 'signal', 'client'] as const)(
    'ends at once by %s, also while it waits',
    async (how) => {
      const controller = new AbortController();
      const { servers, kvs, watch } = await open(1, { signal: controller.signal });
      await take(watch, 1);
      const next = watch.next();
      if (how === 'return') await watch.return();
      else if (how === 'close') await watch.close();
      else if (how === 'client') await kvs.close();
      else controller.abort(new Error('chega'));
      if (how === 'signal') await expect(next).rejects.toThrow('chega');
      else expect(await next).toEqual({ done: true, value: undefined });
      await eventually('the server sees it', () => servers.open === 0);
      expect(await watch.next()).toEqual({ done: true, value: undefined });
    },
  );

  it('ends with the loop that reads it', async () => {
    const { servers, watch } = await open(1, { from: 'everything' });
    servers.append('a', 'b', 'c');
    for await (const event of watch) if (event.line?.value === 'b') break;
    await eventually('the server sees it', () => servers.open === 0);
  });

  it('reads no more than its program takes', async () => {
    const { servers, watch } = await open(1, { from: 'everything' });
    const VALUE = 'x'.repeat(64 * 1024);
    servers.append(...Array.from({ length: 2_000 }, () => VALUE));
    await take(watch, 1);
    // Windows of HTTP/2 and buffers, of which each side has some.
    let before = -1;
    await eventually('the server waits', async () => {
      const still = servers.sent === before;
      before = servers.sent;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return still;
    });
    expect(servers.sent).toBeLessThan(200);
    expect(await take(watch, 1_999)).toHaveLength(1_999);
  });

  it('refuses a key and a prefix at once, and the empty key', async () => {
    const { kvs } = await open(1);
    await expect(kvs.watch({ key: 'a', prefix: 'b' }).next()).rejects.toMatchObject({
      code: 'PEDIDO_INVALIDO',
    });
    await expect(kvs.watch({ key: '' }).next()).rejects.toMatchObject({ code: 'PEDIDO_INVALIDO' });
  });
});
