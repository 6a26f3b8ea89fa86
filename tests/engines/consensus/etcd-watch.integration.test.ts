import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import type { ConsensusEngine } from '../../../src/engines/consensus/engine.js';
import { keysBelow } from '../../../src/engines/consensus/below.js';
import { valuesOf } from '../../../src/engines/consensus/layout.js';
import { startConsensus } from '../../support/consensus.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import type { EtcdCluster } from '../../support/etcd.js';
import { askEtcd } from '../../support/etcd-client.js';
import { eventually } from '../../support/eventually.js';
import { watchFaults } from '../../support/total-order.js';
import type { RecordedInsert } from '../../support/total-order.js';
import { verbs } from '../../support/verbs.js';
import { WatchReader } from '../../support/watch-reader.js';
import { WatchRecorder } from '../../support/watch-recorder.js';
import { everyShortly, told } from '../watch-bench.js';

describe.skipIf(!etcdAvailable())('watches over etcd', () => {
  let cluster: EtcdCluster;
  let engines: ConsensusEngine[] = [];
  const readers: WatchReader[] = [];
  let keys = 0;

  beforeAll(async () => {
    cluster = await startEtcd();
  }, 90_000);

  afterEach(async () => {
    await Promise.all(readers.map((reader) => reader.leave()));
    readers.length = 0;
    await Promise.all(engines.map((engine) => engine.stop()));
    engines = [];
    await cluster.heal();
  }, 90_000);

  afterAll(() => cluster.stop(), 30_000);

  const start = (options: Parameters<typeof startConsensus>[1] = {}): ConsensusEngine => {
    const engine = startConsensus(cluster.addresses, options);
    engines.push(engine);
    return engine;
  };
  const newKey = (): string => `chave ${++keys}`;
  const watching = async (engine: ConsensusEngine, key: string): Promise<WatchReader> => {
    const reader = new WatchReader(engine, { key, from: 'now' });
    readers.push(reader);
    await reader.untilUpToDate();
    return reader;
  };
  const goingOn = (engine: ConsensusEngine, key: string, token: string): WatchReader => {
    const reader = new WatchReader(engine, { key, from: { token } });
    readers.push(reader);
    return reader;
  };
  const revision = async (): Promise<number> => {
    const { header } = await askEtcd(cluster.addresses[0]!, 'KV/Range', { key: Buffer.from('m') });
    return Number(header.revision);
  };
  /** Forgets everything before now, as the periodic compaction does. */
  const compact = async (): Promise<void> => {
    await askEtcd(
      cluster.addresses[0]!,
      'KV/Compact',
      { revision: await revision(), physical: true },
      10_000,
    );
  };

  it(
    'miss and repeat nothing while members are killed, frozen and restarted',
    { timeout: 180_000 },
    async () => {
      const [one, two] = [start(), start({ localReads: true })] as const;
      const servers = [one, two];
      const scan = { prefix: `${newKey()}/` };
      // One stays where it is, one on each server, the others move about.
      const recorders = await Promise.all([
        new WatchRecorder({ scan, serverOf: () => one }).start(),
        new WatchRecorder({ scan, serverOf: () => two }).start(),
        new WatchRecorder({
          scan,
          serverOf: (part) => servers[part % 2]!,
          leaveAfter: (part) => 5 + ((part * 7) % 31),
        }).start(),
      ]);
      const inserts: RecordedInsert[] = [];
      let isOver = false;
      const writer = async (name: number): Promise<void> => {
        for (let i = 0; !isOver; i++) {
          const [key, value] = [`${scan.prefix}${i % 3}`, `${name}.${i}`];
          const askedMs = performance.now();
          try {
            await verbs(servers[name % 2]!).insert(key, value);
            inserts.push({ key, value, askedMs, answeredMs: performance.now() });
            if (i % 7 === 6) await verbs(servers[name % 2]!).trim(key);
          } catch (error) {
            if (KvsError.from(error).code === 'RESULTADO_DESCONHECIDO') inserts.push({ key, value, askedMs });
          }
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      };
      const writers = [0, 1, 2, 3].map(writer);
      const more = async (count: number): Promise<void> => {
        const enough = Math.max(...recorders.map(({ events }) => events.length)) + count;
        await eventually(
          'service goes on',
          () => recorders.every(({ events }) => events.length >= enough),
          60_000,
        );
      };
      await more(50);
      const leader = await cluster.leader();
      await leader.kill9();
      await more(50);
      await leader.restart();
      await cluster.ready();
      for (const member of cluster.members) {
        member.freeze();
        await more(30);
        member.thaw();
        await cluster.ready();
      }
      // A member that stands alone, and hears of nothing, says nothing wrong.
      const [first, second] = await cluster.followers();
      first!.freeze();
      await second!.kill9();
      first!.thaw();
      await more(20);
      isOver = true;
      await Promise.all(writers);
      await cluster.heal();
      const last = `${scan.prefix}fim`;
      await verbs(one).insert(last, 'fim');
      inserts.push({ key: last, value: 'fim', askedMs: performance.now() });
      await eventually(
        'all are told',
        () => recorders.every(({ events }) => events.at(-1)?.key === last),
        30_000,
      );
      await Promise.all(recorders.map((recorder) => recorder.stop()));
      expect(recorders.map(({ restarts }) => restarts)).toEqual([0, 0, 0]);
      expect(recorders[2].parts).toBeGreaterThan(10);
      expect(recorders[0].parts).toBe(1);
      expect(
        watchFaults(
          inserts,
          recorders.map(({ events }) => events),
        ),
      ).toEqual([]);
    },
  );

  it('begin again with what the replicas have forgotten, and not with what they have not', async () => {
    const engine = start();
    const key = newKey();
    const reader = await watching(engine, key);
    for (const value of ['a', 'b']) await verbs(engine).insert(key, value);
    expect(await told(reader, 1)).toEqual([`insert ${key}@1=a`]);
    const { token } = reader;
    expect(await told(reader, 1)).toEqual([`insert ${key}@2=b`]);
    const upToDate = reader.token;
    await reader.leave();
    await verbs(engine).insert(newKey(), 'outra');
    await compact();
    const again = goingOn(engine, key, token);
    expect(everyShortly(await again.untilUpToDate())).toEqual([
      'restart',
      `present ${key}@1=a`,
      `present ${key}@2=b`,
    ]);
    // Nothing of it changed since, but nobody can know any more.
    expect(everyShortly(await goingOn(engine, key, upToDate).untilUpToDate())[0]).toBe('restart');
    await verbs(engine).insert(key, 'c');
    expect(await told(again, 1)).toEqual([`insert ${key}@3=c`]);
  });

  it('lose no removal to what is just being forgotten', async () => {
    const engine = start();
    const key = newKey();
    await verbs(engine).insert(key, 'a');
    const reader = await watching(engine, key);
    const { token } = reader;
    await reader.leave();
    await verbs(engine).removeAll(key);
    // The replicas now know the removal only as something that is not there.
    await compact();
    expect(everyShortly(await goingOn(engine, key, token).untilUpToDate())).toEqual(['restart']);
  });

  it('tell that a lease has ended as that the value has expired, and a removal as what it is', async () => {
    const engine = start();
    const key = newKey();
    const reader = await watching(engine, key);
    await engine.write({ kind: 'insert', key, value: 'passa', ttlMs: 60_000 });
    await verbs(engine).remove(key, 1);
    expect(await told(reader, 2)).toEqual([`insert ${key}@1=passa`, `remove ${key}@1`]);
    await engine.write({ kind: 'insert', key, value: 'passa', ttlMs: 60_000 });
    await told(reader, 1);
    // The lease ends: etcd removes what is under it, and writes no head.
    const { key: first, range_end } = keysBelow(Buffer.from('kvs/'), valuesOf(key));
    await askEtcd(cluster.addresses[0]!, 'KV/DeleteRange', { key: first, range_end });
    expect(await told(reader, 1)).toEqual([`expire ${key}@2`]);
    // Whoever goes on later is told the same.
    const again = goingOn(engine, key, reader.events[0]!.token!);
    expect(everyShortly(await again.untilUpToDate())).toEqual(everyShortly(reader.events.slice(1)));
  });

  it('tell nothing of what other programs keep there', async () => {
    const engine = start();
    const prefix = newKey();
    const reader = new WatchReader(engine, { prefix, from: 'everything' });
    readers.push(reader);
    await reader.untilUpToDate();
    const at = (rest: string): Buffer => Buffer.from(`kvs/v${prefix}${rest}`);
    for (const rest of ['', '!', '!abc', '!0001700000000000', '"', '/x"']) {
      await askEtcd(cluster.addresses[0]!, 'KV/Put', {
        key: at(rest),
        value: Buffer.from(`de outro${rest}`),
      });
      await askEtcd(cluster.addresses[0]!, 'KV/DeleteRange', { key: at(rest) });
    }
    await verbs(engine).insert(`${prefix}/x`, 'nosso');
    expect(await told(reader, 1)).toEqual([`insert ${prefix}/x@1=nosso`]);
  });

  it('outlive their server, and end with it at once', async () => {
    const [first, second] = [start(), start()] as const;
    const key = newKey();
    const reader = await watching(first, key);
    await verbs(second).insert(key, 'a');
    await told(reader, 1);
    const waiting = reader.next();
    await first.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'SERVIDOR_SAINDO' });
    expect(() => new WatchReader(first, { from: 'now' })).toThrow(/saindo/);
    await verbs(second).insert(key, 'b');
    const third = start();
    expect(everyShortly(await goingOn(third, key, reader.token).untilUpToDate())).toEqual([
      `insert ${key}@2=b`,
    ]);
  });

  it('of a reader that does not read take a bounded part of memory, and lose nothing', async () => {
    const engine = start();
    const key = newKey();
    const slow = await watching(engine, key);
    const value = 'x'.repeat(60_000);
    const COUNT = 80;
    for (let i = 0; i < COUNT; i++) await verbs(engine).insert(key, `${i} ${value}`);
    const quick = await watching(engine, key);
    await verbs(engine).insert(key, 'fim');
    await told(quick, 1);
    // More than fits was written; the rest is still with the replicas.
    const events = await slow.take(COUNT + 1);
    expect(events.map(({ line }) => line!.version)).toEqual(
      Array.from({ length: COUNT + 1 }, (_, i) => i + 1),
    );
    // One that never comes back finds out that it is too late.
    for (let i = 0; i < COUNT; i++) await verbs(engine).insert(key, `${i} ${value}`);
    await verbs(engine).insert(key, 'fim');
    await told(quick, COUNT + 1);
    await compact();
    const ended = slow.take(COUNT + 1);
    await expect(ended).rejects.toMatchObject({ code: 'LEITOR_LENTO' });
    expect(slow.events.length).toBeGreaterThan(COUNT + 10);
    expect(everyShortly(await goingOn(engine, key, slow.token).untilUpToDate())[0]).toBe('restart');
  });

  it('a thousand at once, each of its own key, are all told and all freed', { timeout: 60_000 }, async () => {
    const engine = start();
    const prefix = newKey();
    const many = await Promise.all(
      Array.from({ length: 1_000 }, (_, i) => watching(engine, `${prefix}/${i}`)),
    );
    await Promise.all(many.map((_, i) => verbs(engine).insert(`${prefix}/${i}`, `${i}`)));
    await Promise.all(
      many.map(async (reader, i) => {
        expect(await told(reader, 1)).toEqual([`insert ${prefix}/${i}@1=${i}`]);
      }),
    );
    // They all go on at another member.
    await (await cluster.leader()).kill9();
    await Promise.all(many.map((_, i) => verbs(engine).insert(`${prefix}/${i}`, `${i} de novo`)));
    await Promise.all(
      many.map(async (reader, i) => {
        expect(await told(reader, 1)).toEqual([`insert ${prefix}/${i}@2=${i} de novo`]);
      }),
    );
  });
});
