import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.js';
import type { Batch } from '../../../src/core/mutation.js';
import { FleetEngine } from '../../../src/engines/fleet/engine.js';
import { defaultFleetTuning } from '../../../src/engines/fleet/replication/tuning.js';
import type { Bus, Message } from '../../../src/ports/bus.js';
import { insert } from '../../core/support.js';
import { eventually } from '../../support/eventually.js';
import { openLoopbackPair } from '../../support/fleet-pair.js';
import { realRandom, realTime } from '../../support/real-time.js';
import { LogRecorder } from './bus/support.js';

const MANY = limits.vectorEntries + 1_000;

/** A fleet that has heard of many origins, none of which has heard of another: the worst case for causes. */
describe('a fleet with more origins than one batch can name', () => {
  type Pair = Awaited<ReturnType<typeof openLoopbackPair>>;
  let pair: Pair;
  let forger: Bus;
  const heard: Message[] = [];

  beforeAll(async () => {
    pair = await openLoopbackPair({ logBatches: 100 });
    forger = pair.network.join('forger');
    forger.start({
      onMessage: (message) => {
        heard.push(message);
        return 'noted';
      },
      onConnected: () => undefined,
      onDisconnected: () => undefined,
    });
    await eventually('the forger is connected', () => forger.connected);
    for (let i = 0; i < MANY; i++) {
      const batch: Batch = {
        origin: `de-${i}`,
        first: 1,
        dependencies: [],
        mutations: [insert(`k${i % 50}`, 1)],
      };
      forger.publish({ type: 'batch', batch, packed: forger.pack(batch) });
    }
    const hasAll = ({ engine, second }: Pair): boolean =>
      engine.store.vector.size === MANY && second.store.vector.size === MANY;
    await eventually('both have all', () => hasAll(pair), 30_000);
  }, 60_000);
  afterAll(() => pair.close());

  it('tells short sessions, by a mark of its own', async () => {
    const token = pair.second.guarantees.session();
    expect(token?.length).toBeLessThan(100);
    await pair.settle();
    expect(pair.engine.guarantees.reach(token, 0)).toBeUndefined();
  });

  it('takes writes whose batches name all their causes, in parts', async () => {
    heard.length = 0;
    pair.engine.write({ kind: 'insert', key: 'alfa', value: 'um' });
    await pair.settle();
    expect(pair.second.store.get('alfa')?.value).toBe('um');
    const batches = heard.flatMap((message) => (message.type === 'batch' ? [message.batch] : []));
    for (const { dependencies } of batches)
      expect(dependencies.length).toBeLessThanOrEqual(limits.vectorEntries);
  });

  it('repairs a loss by asking where vectors differ', async () => {
    pair.network.split = true;
    for (let i = 0; i < 5; i++) pair.engine.write({ kind: 'insert', key: 'beta', value: `v${i}` });
    await eventually('they are lost', () => pair.network.unheard.includes('batch'));
    pair.network.split = false;
    await eventually('the second has it', () => pair.second.store.get('beta')?.value === 'v4');
    expect(pair.second.member.repair.counters.transfers).toBe(0);
  });

  it('gives a newcomer its state by difference, and the newcomer names a short frontier', async () => {
    const options = { time: realTime, random: realRandom, logger: new LogRecorder() };
    const tuning = { ...defaultFleetTuning, presenceIntervalMs: 100 };
    const bus = pair.network.join('newcomer');
    const newcomer = new FleetEngine({ ...options, tuning, origin: 'newcomer', address: '', bus });
    newcomer.start();
    await eventually('it serves', () => newcomer.member.state === 'serving', 20_000);
    expect(newcomer.store.vector.digest()).toBe(pair.engine.store.vector.digest());
    expect(newcomer.store.hash()).toBe(pair.engine.store.hash());
    expect(newcomer.member.repair.counters.transfers).toBeGreaterThan(0);
    expect(newcomer.member.causes.count).toBeLessThan(10);
    heard.length = 0;
    newcomer.write({ kind: 'insert', key: 'gama', value: 'um' });
    await eventually('all have it', () => pair.engine.store.get('gama')?.value === 'um');
    const mine = heard.find((message) => message.type === 'batch' && message.batch.origin === 'newcomer');
    expect(mine?.type === 'batch' ? mine.batch.dependencies.length : Infinity).toBeLessThan(10);
    await newcomer.stop();
  }, 30_000);

  it('confirms a write only by what the peer itself says to hold', async () => {
    pair.engine.write({ kind: 'insert', key: 'delta', value: 'um' });
    expect(await pair.engine.guarantees.confirm(1, 2_000, false)).toBe(1);
    pair.network.split = true;
    pair.engine.write({ kind: 'insert', key: 'delta', value: 'dois' });
    expect(await pair.engine.guarantees.confirm(1, 200, false)).toBe(0);
    pair.network.split = false;
    await pair.settle();
  });
});
