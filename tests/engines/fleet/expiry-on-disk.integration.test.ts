import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DurableFleet } from '../../../src/engines/fleet/durable-engine.js';
import { LevelJournal } from '../../../src/engines/fleet/journal/level-journal.js';
import { collect } from '../../support/collect.js';
import { eagerTuning } from '../../support/durable-pair.js';
import { eventually } from '../../support/eventually.js';
import { LoopbackNetwork } from '../../support/loopback-bus.js';
import { realRandom } from '../../support/real-time.js';
import { SkippingTime } from '../../support/skipping-time.js';
import { verbs } from '../../support/verbs.js';
import { LogRecorder } from './bus/support.js';

const TTL_MS = 20_000;

/** One server whose folder outlives it. */
describe('values that expire, on the disk', () => {
  const logger = new LogRecorder();
  let folder = '';
  let time = new SkippingTime();
  let incarnation = 0;
  let open: DurableFleet | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kvs-expira-'));
    time = new SkippingTime();
  });
  afterEach(async () => {
    await open?.stop();
    await rm(folder, { recursive: true });
  });

  const start = async (): Promise<DurableFleet> => {
    const origin = `o${String(++incarnation)}`;
    const journal = await LevelJournal.open(folder, 'expira', logger);
    const common = { time, random: realRandom, logger, tuning: eagerTuning };
    const bus = new LoopbackNetwork().join(origin);
    const server = new DurableFleet({ ...common, origin, address: '', bus }, journal);
    await server.load();
    server.start();
    await eventually(`${origin} serves`, () => server.fleet.member.state === 'serving');
    open = server;
    return server;
  };
  const restart = async (): Promise<DurableFleet> => {
    await open?.stop();
    return start();
  };
  const state = async (server: DurableFleet, key: string) => {
    const { query, versions } = verbs(server);
    const latest = query(key)?.value;
    return [latest, (await collect(versions(key))).map(({ version }) => version)] as const;
  };

  it('expire while the server is down, stay hidden once swept, and keep hiding what they replaced', async () => {
    let server = await start();
    await verbs(server).insert('chave', 'antes');
    await server.write({ kind: 'insert', key: 'chave', value: 'passa', ttlMs: TTL_MS });
    await server.write({ kind: 'insert', key: 'renovada', value: 'passa', ttlMs: TTL_MS });
    await server.write({ kind: 'insert', key: 'renovada', value: 'passa', ttlMs: 10 * TTL_MS });
    server = await restart();
    expect(await state(server, 'chave')).toEqual(['passa', [1, 2]]);
    expect(server.read({ kind: 'version', key: 'chave' })?.expiresAt).toBeGreaterThan(0);
    await server.stop();
    time.skip(TTL_MS);
    server = await start();
    expect(await state(server, 'chave')).toEqual([undefined, [1]]);
    expect(await state(server, 'renovada')).toEqual(['passa', [2]]);
    await eventually('it is swept', () => server.fleet.store.entryCount === 2);
    // Enough writes that the log is folded into the state, where only the marks are left of what expired.
    for (let n = 0; n < 3 * eagerTuning.journalLogMutations; n++)
      await verbs(server).insert('outra', 'valor');
    server = await restart();
    expect(await state(server, 'chave')).toEqual([undefined, [1]]);
    expect(await verbs(server).insert('chave', 'de novo')).toMatchObject({ version: 3 });
    await verbs(server).remove('chave', 3);
    server = await restart();
    expect(await state(server, 'chave')).toEqual([undefined, [1]]);
  });
});
