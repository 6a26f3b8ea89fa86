import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.js';
import type { Engine } from '../../../src/ports/engine.js';
import { openStand, openStandOn, type Stand } from '../../support/doors.js';
import { KeyValueClient, type Key, type KeyValueName, type Reply } from '../../support/keyvalue-client.js';
import { AsyncMemoryEngine } from '../../support/memory-engine.js';

const NO_VERSION = [undefined, 0, -1, -(2n ** 63n)];
const LATER_THAN_ALL = [8_640_000_000_000_000, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n];

const blank = (key: string): Reply => ({ key, val: '', ver: 0n });

const doors: [KeyValueName, string, () => Promise<Stand<Engine>>][] = [
  ['KeyValueStore', 'an engine that answers at once', openStand],
  [
    'project.KeyValueStore',
    'an engine that answers with promises',
    () => openStandOn(new AsyncMemoryEngine()),
  ],
];

describe.each(doors)('%s on %s', (name, _engine, open) => {
  let stand: Stand<Engine>;
  let client: KeyValueClient;
  beforeEach(async () => {
    stand = await open();
    client = new KeyValueClient(stand.doors.port, name);
  });
  afterEach(async () => {
    client.close();
    await stand.close();
  });

  /** Puts values one after the other; the versions assigned. */
  const put = async (key: string, ...values: string[]): Promise<bigint[]> => {
    const versions: bigint[] = [];
    for (const value of values) versions.push((await client.put(key, value)).ver);
    return versions;
  };

  it('puts with the clock as version, strictly increasing, and tells what was there before', async () => {
    const before = BigInt(Date.now());
    const first = await client.put('k', 'um');
    expect(first).toMatchObject({ key: 'k', old_val: '', old_ver: 0n });
    expect(first.ver).toBeGreaterThanOrEqual(before);
    expect(first.ver).toBeLessThanOrEqual(BigInt(Date.now()));
    let last = first;
    for (let i = 0; i < 20; i++) {
      const next = await client.put('k', String(i));
      expect(next).toMatchObject({ old_val: i === 0 ? 'um' : String(i - 1), old_ver: last.ver });
      expect(next.ver).toBeGreaterThan(last.ver);
      last = next;
    }
  });

  it('gets the newest, or the greatest version up to the one asked', async () => {
    const [one, two] = (await put('k', 'um', 'dois')) as [bigint, bigint];
    const newest = { key: 'k', val: 'dois', ver: two };
    const get = (ver?: number | bigint) => client.get(ver === undefined ? 'k' : { key: 'k', ver });
    for (const ver of [...NO_VERSION, ...LATER_THAN_ALL, two]) expect(await get(ver)).toEqual(newest);
    for (const ver of [one, two - 1n]) expect(await get(ver)).toEqual({ key: 'k', val: 'um', ver: one });
    for (const ver of [1, one - 1n]) expect(await get(ver)).toEqual(blank('k'));
  });

  it('answers what is not there with the key and blanks', async () => {
    for (const key of ['nada', '', '\0', 'ção']) {
      expect(await client.get(key)).toEqual(blank(key));
      expect(await client.get({ key, ver: 2n ** 63n - 1n })).toEqual(blank(key));
      expect(await client.del(key)).toEqual(blank(key));
      expect(await client.trim(key)).toEqual(blank(key));
    }
  });

  it('has no least length, and takes any text', async () => {
    for (const text of ['', 'x', 'a!b', '__proto__', '😀', '\uFEFF', 'x'.repeat(limits.keyBytes)]) {
      const { ver } = await client.put(text, text);
      expect(await client.get(text)).toEqual({ key: text, val: text, ver });
      expect(await client.getRange(text, text)).toEqual([{ key: text, val: text, ver }]);
      expect(await client.del(text)).toEqual({ key: text, val: text, ver });
    }
  });

  it('deletes every version, whatever version is named, and answers with the newest', async () => {
    const [one, two] = (await put('k', 'um', 'dois')) as [bigint, bigint];
    expect(await client.del({ key: 'k', ver: one })).toEqual({ key: 'k', val: 'dois', ver: two });
    expect(await client.get('k')).toEqual(blank('k'));
    expect(await client.del('k')).toEqual(blank('k'));
    const again = await client.put('k', 'tres');
    expect(again).toMatchObject({ old_val: '', old_ver: 0n });
    expect(again.ver).toBeGreaterThan(two);
  });

  it('trims to the newest', async () => {
    const [one, two] = (await put('k', 'um', 'dois')) as [bigint, bigint];
    const newest = { key: 'k', val: 'dois', ver: two };
    expect(await client.trim({ key: 'k', ver: one })).toEqual(newest);
    expect(await client.get({ key: 'k', ver: two - 1n })).toEqual(blank('k'));
    expect(await client.trim('k')).toEqual(newest);
    expect(await client.get('k')).toEqual(newest);
  });

  it('gets a range in key order, both ends included', async () => {
    for (const key of ['b', '\uffff', '😀', 'a', 'c', '']) await put(key, `valor ${key}`);
    const keys = async (fr: Key, to: Key) => (await client.getRange(fr, to)).map((reply) => reply.key);
    expect(await keys('', '😀')).toEqual(['', 'a', 'b', 'c', '\uffff', '😀']);
    expect(await keys('a', 'b')).toEqual(['a', 'b']);
    expect(await keys('b', 'b')).toEqual(['b']);
    expect(await keys('b', 'a')).toEqual([]);
    expect(await keys('d', 'e')).toEqual([]);
    expect((await client.getRange('a', 'a'))[0]).toEqual(await client.get('a'));
  });

  it('takes the greater version of a range, and shows the keys with nothing that old', async () => {
    const [one] = (await put('a', 'um')) as [bigint];
    // The versions of two keys need not differ: wait for the next ms.
    while (BigInt(Date.now()) <= one) await new Promise((resolve) => setTimeout(resolve, 1));
    const [two] = (await put('a', 'dois')) as [bigint];
    const [b] = (await put('b', 'b')) as [bigint];
    const at = (fr: number | bigint, to: number | bigint) =>
      client.getRange({ key: 'a', ver: fr }, { key: 'b', ver: to });
    const now = [
      { key: 'a', val: 'dois', ver: two },
      { key: 'b', val: 'b', ver: b },
    ];
    const then = [{ key: 'a', val: 'um', ver: one }, blank('b')];
    for (const [fr, to] of [
      [one, 0],
      [0, one],
      [one, 1],
      [1, one],
      [-5, one],
    ] as const) {
      expect(await at(fr, to)).toEqual(then);
    }
    for (const [fr, to] of [
      [one, 2n ** 63n - 1n],
      [b, 1],
      [0, 0],
      [-1, -2],
    ] as const) {
      expect(await at(fr, to)).toEqual(now);
    }
    expect(await at(1, 1)).toEqual([blank('a'), blank('b')]);
    expect(await client.getRange({ key: 'a', ver: one }, 'b')).toEqual(then);
  });

  it('takes a bound that is absent for the empty key', async () => {
    for (const key of ['', 'a', 'b']) await put(key, 'v');
    const keys = async (request: object) =>
      (await client.collect<{ key: string }>('GetRange', request)).map(({ key }) => key);
    expect(await keys({})).toEqual(['']);
    expect(await keys({ to: { key: 'a' } })).toEqual(['', 'a']);
    expect(await keys({ fr: { key: 'a' } })).toEqual([]);
  });

  it('deletes a range, one answer per key, in key order', async () => {
    const versions = new Map<string, bigint>();
    for (const key of ['d', 'b', 'a', 'c']) versions.set(key, (await put(key, 'velho', key))[1]!);
    const removed = await client.delRange({ key: 'b', ver: 1 }, 'c');
    expect(removed).toEqual(['b', 'c'].map((key) => ({ key, val: key, ver: versions.get(key) })));
    expect(await client.delRange('b', 'c')).toEqual([]);
    expect((await client.getRange('', 'z')).map(({ key }) => key)).toEqual(['a', 'd']);
  });

  it('answers a stream request by request, in order', async () => {
    const puts = await client.putAll([
      ['a', '1'],
      ['b', '1'],
      ['a', '2'],
      ['', ''],
    ]);
    expect(puts.map(({ key, old_val }) => [key, old_val])).toEqual([
      ['a', ''],
      ['b', ''],
      ['a', '1'],
      ['', ''],
    ]);
    const [a1, b1, a2] = puts.map(({ ver }) => ver) as [bigint, bigint, bigint];
    expect(puts[2]!.old_ver).toBe(a1);
    const gets = await client.getAll(['a', { key: 'a', ver: a2 - 1n }, 'nada', { key: 'b', ver: 1 }, 'b']);
    expect(gets).toEqual([
      { key: 'a', val: '2', ver: a2 },
      { key: 'a', val: '1', ver: a1 },
      blank('nada'),
      blank('b'),
      { key: 'b', val: '1', ver: b1 },
    ]);
    expect(await client.delAll(['a', 'a', 'nada'])).toEqual([
      { key: 'a', val: '2', ver: a2 },
      blank('a'),
      blank('nada'),
    ]);
    expect(await client.getAll([])).toEqual([]);
  });

  it.each(['PutAll', 'GetAll', 'DelAll'])('answers %s before the client half-closes', async (rpc) => {
    const call = client.open<{ key: string }>(rpc);
    for (const key of ['a', 'b', 'c']) {
      const answer = new Promise((resolve) => call.once('data', resolve));
      call.write(rpc === 'PutAll' ? { key, val: 'v' } : { key });
      expect(await answer).toMatchObject({ key });
    }
    const ended = new Promise((resolve) => call.once('end', resolve));
    call.end();
    await ended;
  });

  it('shows the data of kvs.KVS, and kvs.KVS its own', async () => {
    const kvs = stand.client;
    await kvs.insere('chave', 'um1');
    const put = await client.put('chave', 'dois');
    expect(put).toMatchObject({ old_val: 'um1' });
    expect(await kvs.consulta('chave')).toMatchObject({ valor: 'dois', versao: 2 });
    expect((await kvs.insere('chave', 'tres')).versao).toBe(3);
    expect(await client.get('chave')).toMatchObject({ val: 'tres' });
    expect(await client.get({ key: 'chave', ver: put.ver })).toMatchObject({ val: 'dois' });
    await client.trim('chave');
    expect(await kvs.consulta('chave', 2)).toMatchObject({ versao: 0 });
    await kvs.remove('chave');
    expect(await client.get('chave')).toEqual(blank('chave'));
    expect(await client.put('chave', 'quatro')).toMatchObject({ old_ver: 0n });
    expect((await kvs.consulta('chave')).versao).toBe(4);
  });
});

it('keeps versions exact up to 2⁵³−1, and increasing when the clock stands still', async () => {
  const stand = await openStand();
  const client = new KeyValueClient(stand.doors.port);
  for (const now of [
    1,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 35,
    2 ** 42 + 1,
    limits.timestampMs,
    2 ** 53 - 2,
  ]) {
    const key = String(now);
    stand.engine.clock = () => now;
    expect((await client.put(key, 'um')).ver).toBe(BigInt(now));
    expect(await client.put(key, 'dois')).toMatchObject({ old_ver: BigInt(now), ver: BigInt(now) + 1n });
    expect((await client.get({ key, ver: BigInt(now) })).ver).toBe(BigInt(now));
    expect((await client.get(key)).ver).toBe(BigInt(now) + 1n);
  }
  client.close();
  await stand.close();
});
