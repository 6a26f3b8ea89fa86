import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PartitionsEngine } from '../../../src/engines/partitions/engine.js';
import { logName, partitionName, partitionOf, slotOf } from '../../../src/engines/partitions/layout.js';
import { collect } from '../../support/collect.js';
import { eventually } from '../../support/eventually.js';
import { startPartitions } from '../../support/partitions.js';
import { redisAvailable, startRedisCluster } from '../../support/redis-cluster.js';
import type { TestCluster, TestNode } from '../../support/redis-cluster.js';
import { watchFaults } from '../../support/total-order.js';
import { verbs } from '../../support/verbs.js';
import { WatchReader } from '../../support/watch-reader.js';
import { WatchRecorder } from '../../support/watch-recorder.js';
import { everyShortly, told } from '../watch-bench.js';
import { Writers } from './watch-writers.js';

const SLOTS = 16_384;

/** How long a failover may take on a busy machine. */
const FAILOVER_MS = 60_000;

describe.skipIf(!redisAvailable())('watches over partitions', () => {
  let cluster: TestCluster;
  let engines: PartitionsEngine[] = [];
  const readers: WatchReader[] = [];
  let names = 0;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    engines = [await startPartitions(cluster.addresses), await startPartitions(cluster.addresses)];
  }, 90_000);

  afterEach(async () => {
    await Promise.all(readers.map((reader) => reader.leave()));
    readers.length = 0;
  });

  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
    await cluster.stop();
  }, 30_000);

  const newName = (): string => `nome ${++names}`;
  const read = (
    engine: PartitionsEngine,
    scan: ConstructorParameters<typeof WatchReader>[1],
  ): WatchReader => {
    const reader = new WatchReader(engine, scan);
    readers.push(reader);
    return reader;
  };

  /** Keys with a common beginning, so many of each master as long as nothing moves. */
  function keysOfEach(prefix: string, count: number): string[] {
    const found: string[][] = [[], [], []];
    for (let n = 0; found.some(({ length }) => length < count); n++) {
      const key = `${prefix}${n}`;
      const some = found[Math.floor((slotOf(partitionOf(key)) * 3) / SLOTS)]!;
      if (some.length < count) some.push(key);
    }
    return found.flat();
  }

  /** The nodes, masters first, as the first one sees them. */
  async function nodesBySlot(
    slot: number,
  ): Promise<{ readonly owner: TestNode; readonly replica: TestNode }> {
    const lines = (await cluster.nodes[2]!.ask('CLUSTER', 'NODES'))
      .split('\n')
      .map((line) => line.split(' '));
    const owner = lines.find((fields) => {
      return fields.slice(8).some((run) => {
        const [first = -1, last = first] = run.split('-').map(Number);
        return first <= slot && slot <= last;
      });
    })!;
    const replica = lines.find((fields) => fields[3] === owner[0])!;
    const nodeAt = (place = ''): TestNode =>
      cluster.nodes.find(({ address }) => place.startsWith(`${address}@`))!;
    return { owner: nodeAt(owner[1]), replica: nodeAt(replica[1]) };
  }

  async function moveSlotOf(key: string, to: TestNode, middle: () => Promise<void>): Promise<void> {
    const partition = partitionOf(key);
    const slot = String(slotOf(partition));
    const { owner: from } = await nodesBySlot(slotOf(partition));
    const [fromId, toId] = [
      (await from.ask('CLUSTER', 'MYID')).trim(),
      (await to.ask('CLUSTER', 'MYID')).trim(),
    ];
    await to.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await from.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    await middle();
    const [host = '', port = ''] = to.address.split(':');
    const names = [partitionName(partition), logName(partition)];
    await from.ask('MIGRATE', host, port, '', '0', '5000', 'KEYS', ...names);
    // Whoever asks the old master is sent to the new one with ASK.
    await middle();
    for (const node of [to, from, ...cluster.nodes.slice(0, 3)])
      await node.ask('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
    await middle();
  }

  it(
    'miss and repeat nothing while partitions move and a master hands over to its replica',
    { timeout: 180_000 },
    async () => {
      const [one, two] = engines as [PartitionsEngine, PartitionsEngine];
      const scan = { prefix: `${newName()}/` };
      const keys = keysOfEach(scan.prefix, 2);
      const [moving = ''] = keys;
      const recorders = await Promise.all([
        new WatchRecorder({ scan, serverOf: () => one }).start(),
        new WatchRecorder({ scan, serverOf: () => two }).start(),
        new WatchRecorder({
          scan,
          serverOf: (part) => engines[part % 2]!,
          leaveAfter: (part) => 5 + ((part * 7) % 31),
        }).start(),
      ]);
      // A watch of one key goes another way.
      const lone = await new WatchRecorder({
        scan: { key: moving },
        serverOf: (part) => engines[part % 2]!,
        leaveAfter: (part) => 3 + (part % 5),
      }).start();
      const writers = new Writers(engines, keys);
      const more = async (): Promise<void> => {
        const enough = Math.max(...recorders.map(({ events }) => events.length)) + 40;
        await eventually(
          'all go on',
          () => recorders.every(({ events }) => events.length >= enough),
          FAILOVER_MS,
        );
      };
      await more();
      const { owner } = await nodesBySlot(slotOf(partitionOf(moving)));
      const other = cluster.nodes.slice(0, 3).find((node) => node !== owner)!;
      await moveSlotOf(moving, other, more);
      await moveSlotOf(moving, owner, more);
      const { replica } = await nodesBySlot(slotOf(partitionOf(moving)));
      await replica.ask('CLUSTER', 'FAILOVER');
      await eventually(
        'it is the master',
        async () => (await replica.ask('INFO', 'replication')).includes('role:master'),
        FAILOVER_MS,
      );
      await more();
      await owner.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await replica.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await more();
      await writers.stop();
      await cluster.heal();
      const last = `${scan.prefix}fim`;
      await verbs(one).insert(last, 'fim');
      writers.inserts.push({ key: last, value: 'fim', askedMs: performance.now() });
      await verbs(one).insert(moving, 'fim dela');
      writers.inserts.push({ key: moving, value: 'fim dela', askedMs: performance.now() });
      await eventually(
        'all are told',
        () => [...recorders, lone].every(({ events }) => events.at(-1)?.value === 'fim dela'),
        30_000,
      );
      await Promise.all([...recorders, lone].map((recorder) => recorder.stop()));
      expect([...recorders, lone].map(({ restarts }) => restarts)).toEqual([0, 0, 0, 0]);
      expect(recorders[2].parts).toBeGreaterThan(5);
      expect(lone.parts).toBeGreaterThan(5);
      const everyEvent = recorders.map(({ events }) => events);
      expect(watchFaults(writers.inserts, everyEvent)).toEqual([]);
      const ofKey = writers.inserts.filter(({ key }) => key === moving);
      expect(watchFaults(ofKey, [everyEvent[0]!.filter(({ key }) => key === moving), lone.events])).toEqual(
        [],
      );
    },
  );

  it(
    'begin again where a master was lost with what it had told, and end with what there is',
    { timeout: 180_000 },
    async () => {
      const [one] = engines as [PartitionsEngine];
      const prefix = `${newName()}/`;
      const keys = keysOfEach(prefix, 2);
      /** What a reader of a watch has of each key: its versions. */
      const follow = (scan: { readonly key: string } | { readonly prefix: string }) => {
        const versions = new Map<string, Map<number, string>>();
        const reader = read(one, { ...scan, from: 'everything' });
        const run = async (): Promise<void> => {
          for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
            if (event.kind === 'restart') versions.clear();
            if (event.line === undefined) continue;
            const { key, version, value } = event.line;
            const known = versions.get(key) ?? new Map<number, string>();
            versions.set(key, known);
            if (event.kind === 'insert' || event.kind === 'present') known.set(version, value);
            else known.delete(version);
          }
        };
        void run().catch(() => undefined);
        return versions;
      };
      const states = [follow({ prefix }), follow({ key: keys[0]! })] as const;
      const writers = new Writers(engines, keys);
      await eventually('they write', () => writers.inserts.length > 100);
      const { owner, replica } = await nodesBySlot(slotOf(partitionOf(keys[0]!)));
      await owner.kill9();
      await eventually(
        'its replica takes its place',
        async () => (await replica.ask('INFO', 'replication')).includes('role:master'),
        FAILOVER_MS,
      );
      await cluster.heal();
      const before = writers.inserts.length;
      await eventually('they write again', () => writers.inserts.length > before + 200, FAILOVER_MS);
      await writers.stop();
      const isAsIs = async (
        versions: ReadonlyMap<string, ReadonlyMap<number, string>>,
        key: string,
      ): Promise<boolean> => {
        const rows = await collect(verbs(one).versions(key));
        const known = [...(versions.get(key) ?? [])].sort(([a], [b]) => a - b);
        return JSON.stringify(known) === JSON.stringify(rows.map(({ version, value }) => [version, value]));
      };
      for (const key of keys)
        await eventually(`${key} is as it was told`, () => isAsIs(states[0], key), 30_000);
      await eventually('one key alone too', () => isAsIs(states[1], keys[0]!), 30_000);
    },
  );

  it('begin again with what the log of a partition has forgotten, and not with what it has not', async () => {
    const [one, two] = engines as [PartitionsEngine, PartitionsEngine];
    const key = newName();
    const [reader, wide] = [read(one, { key, from: 'now' }), read(one, { prefix: key, from: 'now' })];
    await Promise.all([reader.untilUpToDate(), wide.untilUpToDate()]);
    await verbs(one).insert(key, 'a');
    await told(reader, 1);
    await told(wide, 1);
    const tokens = [reader.token, wide.token];
    await Promise.all([reader.leave(), wide.leave()]);
    const value = 'x'.repeat(60_000);
    for (let i = 0; i < 10; i++) await verbs(one).insert(key, `${i} ${value}`);
    for (const [at, scan] of [{ key }, { prefix: key }].entries()) {
      const again = read(two, { ...scan, from: { token: tokens[at]! } });
      expect((await again.take(10)).map(({ kind }) => kind)).toEqual(Array(10).fill('insert'));
    }
    for (let i = 0; i < 60; i++) await verbs(one).insert(key, `${i} ${value}`);
    await verbs(one).trim(key);
    for (const [at, scan] of [{ key }, { prefix: key }].entries()) {
      const again = read(two, { ...scan, from: { token: tokens[at]! } });
      expect((await again.untilUpToDate()).map(({ kind }) => kind)).toEqual([
        'restart',
        ...Array<string>(1 + at).fill('present'),
      ]);
      await verbs(one).insert(key, `de novo ${at}`);
      expect(await told(again, 1)).toEqual([`insert ${key}@${72 + at}=de novo ${at}`]);
    }
  });

  it('begin again where a log is not the one any more that they were told of', async () => {
    const [one, two] = engines as [PartitionsEngine, PartitionsEngine];
    const key = newName();
    await verbs(one).insert(key, 'a');
    const live = [read(one, { key, from: 'now' }), read(one, { prefix: key, from: 'now' })];
    await Promise.all(live.map((reader) => reader.untilUpToDate()));
    const tokens = live.map(({ token }) => token);
    // As after a failover to a replica that never had it.
    const log = logName(partitionOf(key));
    const { owner } = await nodesBySlot(slotOf(partitionOf(key)));
    const [last = ''] = (await owner.ask('XREVRANGE', log, '+', '-', 'COUNT', '1')).split('\n');
    await owner.ask('XDEL', log, last);
    for (const [at, scan] of [{ key }, { prefix: key }].entries()) {
      const again = read(two, { ...scan, from: { token: tokens[at]! } });
      for (const reader of [again, live[at]!])
        expect((await reader.untilUpToDate()).map(({ kind }) => kind)).toEqual(['restart', 'present']);
    }
  });

  it('say so where more was removed than a log takes', async () => {
    const [one] = engines as [PartitionsEngine];
    const key = newName();
    await Promise.all(Array.from({ length: 1_100 }, async (_, i) => verbs(one).insert(key, String(i))));
    const reader = read(one, { key, from: 'now' });
    const elsewhere = read(one, { key: `${key}!`, from: 'now' });
    await Promise.all([reader.untilUpToDate(), elsewhere.untilUpToDate()]);
    await verbs(one).trim(key);
    expect((await reader.untilUpToDate()).map(({ kind }) => kind)).toEqual(['restart', 'present']);
    await verbs(one).insert(`${key}!`, 'segue');
    expect(await told(elsewhere, 1)).toEqual([`insert ${key}!@1=segue`]);
  });

  it('take a bounded part of memory for a reader that does not read, and lose nothing', async () => {
    const [one] = engines as [PartitionsEngine];
    const prefix = `${newName()}/`;
    const slow = read(one, { prefix, from: 'now' });
    await slow.untilUpToDate();
    const COUNT = 1_500;
    const value = 'v'.repeat(2_000);
    await Promise.all(
      Array.from({ length: COUNT }, async (_, i) => verbs(one).insert(`${prefix}${i}`, `${i} ${value}`)),
    );
    const quick = read(one, { prefix, from: 'everything' });
    expect((await quick.untilUpToDate()).length).toBe(COUNT);
    expect(one.watches.figures.queuedBytes).toBeLessThan(4_000_000);
    const found = new Set((await slow.take(COUNT)).map(({ line }) => line!.key));
    expect(found.size).toBe(COUNT);
  });

  it('of many readers read each partition once, over one connection for each master', async () => {
    const [one] = engines as [PartitionsEngine];
    const prefix = `${newName()}/`;
    const tracking = async (): Promise<number[]> =>
      Promise.all(
        cluster.nodes.map(async (node) => {
          const list = await node.ask('CLIENT', 'LIST');
          return list.split('\n').filter((line) => / flags=[A-Za-z]*t/.test(line)).length;
        }),
      );
    const many = Array.from({ length: 60 }, (_, i) =>
      read(one, i % 2 === 0 ? { prefix, from: 'now' } : { key: `${prefix}${i % 7}`, from: 'now' }),
    );
    await Promise.all(many.map((reader) => reader.untilUpToDate()));
    expect(Math.max(...(await tracking()))).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 7 }, async (_, i) => verbs(one).insert(`${prefix}${i}`, 'v')));
    const events = await Promise.all(many.map((reader, i) => told(reader, i % 2 === 0 ? 7 : 1)));
    for (const some of events) expect(new Set(some).size).toBe(some.length);
  });

  it('end at once with their server, and go on at another', async () => {
    const [one] = engines as [PartitionsEngine];
    const third = await startPartitions(cluster.addresses);
    const key = newName();
    const reader = read(third, { key, from: 'now' });
    await reader.untilUpToDate();
    await verbs(one).insert(key, 'a');
    await told(reader, 1);
    const waiting = reader.next();
    await third.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'SERVIDOR_SAINDO' });
    expect(() => new WatchReader(third, { from: 'now' })).toThrow(/saindo/);
    await verbs(one).insert(key, 'b');
    expect(everyShortly(await read(one, { key, from: { token: reader.token } }).untilUpToDate())).toEqual([
      `insert ${key}@2=b`,
    ]);
  });
});
