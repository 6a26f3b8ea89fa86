import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PartitionsEngine } from '../../../src/engines/partitions/engine.js';
import { logName, partitionName, partitionOf, slotOf } from '../../../src/engines/partitions/layout.js';
import { collect } from '../../support/collect.js';
import { eventually } from '../../support/eventually.js';
import { startPartitions } from '../../support/partitions.js';
import { redisAvailable, startRedisCluster } from '../../support/redis-cluster.js';
import type { TestCluster, TestNode } from '../../support/redis-cluster.js';
import { verbs } from '../../support/verbs.js';
import { codeOf } from '../support.js';
import { CarriedSession } from './carried-session.js';
import { Recorder } from './recorder.js';

const SLOTS = 16_384;
const DEADLINE_MS = 4_000;

/** How long a failover may take on a busy machine. */
const FAILOVER_MS = 40_000;

describe.skipIf(!redisAvailable())(
  'servers over a cluster in which something fails',
  { timeout: 90_000 },
  () => {
    let cluster: TestCluster;
    let engines: readonly PartitionsEngine[] = [];

    beforeAll(async () => {
      cluster = await startRedisCluster();
      const options = { deadlineMs: DEADLINE_MS };
      engines = [
        await startPartitions(cluster.addresses, options),
        await startPartitions(cluster.addresses, options),
      ];
    }, 90_000);

    afterAll(async () => {
      await Promise.all(engines.map((engine) => engine.stop()));
      await cluster.stop();
    });

    /** Keys whose partitions the nth master has as long as nothing moves. */
    function keysOfMaster(master: number, count: number, name: string): string[] {
      const keys: string[] = [];
      for (let n = 0; keys.length < count; n++) {
        const key = `${name}/${n}`;
        if (Math.floor((slotOf(partitionOf(key)) * 3) / SLOTS) === master) keys.push(key);
      }
      return keys;
    }

    async function assertKept(
      recorder: Recorder,
      keys: readonly string[],
      isLossless: boolean,
    ): Promise<void> {
      for (const key of keys) {
        for (const engine of engines) {
          const rows = await collect(verbs(engine).versions(key));
          expect(recorder.contradictions(key, rows, isLossless)).toEqual([]);
        }
      }
    }

    /** The node that is the master of a slot now. */
    async function masterOf(slot: number): Promise<TestNode> {
      const text = await cluster.nodes[0]!.ask('CLUSTER', 'NODES');
      const owner = text.split('\n').find((line) => {
        return line
          .split(' ')
          .slice(8)
          .some((run) => {
            const [first = -1, last = first] = run.split('-').map(Number);
            return first <= slot && slot <= last;
          });
      });
      return cluster.nodes.find(({ address }) => owner?.includes(` ${address}@`))!;
    }

    it('follow a partition that moves while it is written, and lose and repeat nothing', async () => {
      const [key = ''] = keysOfMaster(0, 1, 'muda');
      const others = keysOfMaster(0, 40, 'muda').filter((one) => partitionOf(one) === partitionOf(key));
      const keys = [key, ...others.slice(1), `${key}x`];
      const slot = slotOf(partitionOf(key));
      const recorder = new Recorder(engines, keys);
      const session = new CarriedSession(engines, key);
      const writes = async (count: number): Promise<void> => {
        const before = recorder.acknowledged;
        await eventually('writers go on', () => recorder.acknowledged >= before + count, FAILOVER_MS);
      };
      await writes(100);
      for (let round = 0; round < 3; round++) {
        const from = await masterOf(slot);
        const to = cluster.nodes.slice(0, 3).find((node) => node !== from)!;
        const [fromId, toId] = [
          (await from.ask('CLUSTER', 'MYID')).trim(),
          (await to.ask('CLUSTER', 'MYID')).trim(),
        ];
        await to.ask('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', fromId);
        await from.ask('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', toId);
        await writes(50);
        const [host = '', port = ''] = to.address.split(':');
        const partition = partitionOf(key);
        const names = [partitionName(partition), logName(partition)];
        await from.ask('MIGRATE', host, port, '', '0', '5000', 'KEYS', ...names);
        // Whoever asks the old master is sent to the new one with ASK.
        await writes(50);
        for (const node of [to, from, ...cluster.nodes.slice(0, 3)])
          await node.ask('CLUSTER', 'SETSLOT', String(slot), 'NODE', toId);
        await writes(50);
      }
      await recorder.stop();
      expect(await session.end()).toBeGreaterThan(20);
      expect(recorder.records.filter(({ version }) => version === undefined)).toEqual([]);
      await assertKept(recorder, keys, true);
      const sum = (result: 'ask' | 'moved'): number =>
        engines.flatMap(({ nodes }) => nodes).reduce((total, { attempts }) => total + attempts[result], 0);
      expect(sum('ask')).toBeGreaterThan(0);
      expect(sum('moved')).toBeGreaterThan(0);
    });

    it('refuse writes of a master that reaches no replica, and read on; nothing of it is written later', async () => {
      const [key = ''] = keysOfMaster(1, 1, 'corte');
      const [elsewhere = ''] = keysOfMaster(2, 1, 'corte');
      const [engine] = engines as [PartitionsEngine];
      await verbs(engine).insert(key, 'antes');
      cluster.nodes[4]!.freeze();
      const refused: string[] = [];
      await eventually(
        'its master refuses',
        async () => {
          const value = `corte ${refused.length}`;
          refused.push(value);
          return (await codeOf(() => verbs(engine).insert(key, value))) === 'SEM_MAIORIA';
        },
        FAILOVER_MS,
      );
      const before = (await verbs(engine).query(key))!;
      expect(await codeOf(() => verbs(engine).insert(elsewhere, 'segue'))).toBeUndefined();
      expect(await codeOf(() => verbs(engine).removeAll(key))).toBe('SEM_MAIORIA');
      await cluster.heal();
      await eventually(
        'it accepts again',
        async () => (await codeOf(() => verbs(engine).insert(key, 'depois'))) === undefined,
      );
      const rows = await collect(verbs(engine).versions(key));
      expect(rows.at(-1)).toMatchObject({ version: before.version + 1, value: 'depois' });
    });

    it('confirm a write once replicas have it, and not where they are away or the master is another', async () => {
      const [engine] = engines as [PartitionsEngine];
      const { guarantees } = engine;
      const [key = ''] = keysOfMaster(2, 1, 'confirma');
      const write = async (): Promise<unknown> => verbs(engine).insert(key, 'valor');
      expect(await codeOf(() => guarantees.assertConfirmable(1))).toBeUndefined();
      expect(await codeOf(() => guarantees.assertConfirmable(2))).toBe('NAO_SUPORTADO');
      await write();
      expect(await guarantees.confirm(1, 10_000)).toBe(1);
      // Many at once share what is asked.
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          await write();
          expect(await guarantees.confirm(1, 10_000)).toBe(1);
        }),
      );
      cluster.nodes[5]!.freeze();
      await write();
      expect(await guarantees.confirm(1, 300)).toBe(0);
      cluster.nodes[5]!.thaw();
      expect(await guarantees.confirm(1, 20_000)).toBe(1);
      // Whoever is there after a lost connection may never have had it.
      await write();
      await cluster.nodes[2]!.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      expect(await guarantees.confirm(1, 2_000)).toBe(0);
      await cluster.heal();
      await eventually('it is written again', async () => (await codeOf(write)) === undefined);
      expect(await guarantees.confirm(1, 10_000)).toBe(1);
    });

    it('say what they do not know where a master is killed or freezes, and go on with its replica', async () => {
      const names = ['morto', 'gelado'] as const;
      for (const [at, name] of names.entries()) {
        const keys = keysOfMaster(at, 6, name);
        const others = keysOfMaster(2, 2, name);
        const recorder = new Recorder(engines, [...keys, ...others]);
        await eventually('writers write', () => recorder.acknowledged > 200);
        const master = await masterOf(slotOf(partitionOf(keys[0]!)));
        if (name === 'morto') await master.kill9();
        else master.freeze();
        await eventually(
          'its replica takes its place',
          async () => {
            const text = await cluster.nodes[2]!.ask('CLUSTER', 'NODES');
            return new RegExp(` ${master.address}@\\S+ (master,fail|\\S*slave)`).test(text);
          },
          FAILOVER_MS,
        );
        // The master in its place has no replica yet, and what it is asked to confirm is not beyond this engine for that.
        await eventually('the engine has heard of it', () =>
          engines[0]!.view.some(({ address, slots }) => address === master.address && slots.length === 0),
        );
        expect(await codeOf(() => engines[0]!.guarantees.assertConfirmable(1))).toBeUndefined();
        // A master without a replica accepts nothing; what the old one had is read from it.
        await eventually(
          'its keys are read',
          async () => (await codeOf(() => verbs(engines[0]!).query(keys[0]!))) === undefined,
          FAILOVER_MS,
        );
        await cluster.heal();
        const before = recorder.records.length;
        const writesOfKeys = (): number =>
          recorder.records
            .slice(before)
            .filter(({ key, version }) => keys.includes(key) && version !== undefined).length;
        await eventually('its keys are written again', () => writesOfKeys() > 100, FAILOVER_MS);
        await recorder.stop();
        // What the master had acknowledged and not told its replica may be lost; what the replica has confirmed is not.
        expect(recorder.confirmed).toBeGreaterThan(20);
        await assertKept(recorder, keys, false);
        await assertKept(recorder, others, true);
        expect(
          recorder.records.filter(({ key, version }) => others.includes(key) && version === undefined),
        ).toEqual([]);
      }
      await eventually('all is well', () => engines.every((engine) => engine.available), FAILOVER_MS);
    });

    it('refuse at the deadline what has no master, and read and write the rest', async () => {
      const [key = ''] = keysOfMaster(0, 1, 'ausente');
      const [there = ''] = keysOfMaster(2, 1, 'ausente');
      const [engine] = engines as [PartitionsEngine];
      const master = await masterOf(slotOf(partitionOf(key)));
      const pair = [master, cluster.nodes[(cluster.nodes.indexOf(master) + 3) % 6]!];
      await Promise.all(pair.map((node) => node.kill9()));
      expect(await codeOf(() => verbs(engine).query(key))).toBe('SEM_MAIORIA');
      await eventually(
        'nobody takes a write for it',
        async () => {
          return (await codeOf(() => verbs(engine).insert(key, 'nada'))) === 'SEM_MAIORIA';
        },
        FAILOVER_MS,
      );
      expect(await codeOf(() => verbs(engine).insert(there, 'algo'))).toBeUndefined();
      await eventually('it says so', () => !engine.available, FAILOVER_MS);
      await cluster.heal();
      await eventually(
        'it is back',
        async () => (await codeOf(() => verbs(engine).insert(key, 'de volta'))) === undefined,
        FAILOVER_MS,
      );
      expect((await collect(verbs(engine).versions(key))).map(({ value }) => value)).toEqual(['de volta']);
    });
  },
);
