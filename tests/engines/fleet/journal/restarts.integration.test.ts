import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashString } from '../../../../src/core/hash.js';
import { limits } from '../../../../src/core/limits.js';
import type { Mutation } from '../../../../src/core/mutation.js';
import { DurableFleet } from '../../../../src/engines/fleet/durable-engine.js';
import { LevelJournal } from '../../../../src/engines/fleet/journal/level-journal.js';
import { defaultFleetTuning } from '../../../../src/engines/fleet/replication/tuning.js';
import { eventually } from '../../../support/eventually.js';
import { LoopbackNetwork } from '../../../support/loopback-bus.js';
import { realRandom, realTime } from '../../../support/real-time.js';
import { verbs } from '../../../support/verbs.js';
import { insert } from '../../../core/support.js';
import { LogRecorder } from '../bus/support.js';

/** One server after the other over one folder. `folds`: each write ends in a state; otherwise all stay in the log. */
describe.each([{ folds: true }, { folds: false }])('a folder over restarts (folds: $folds)', ({ folds }) => {
  let folder: string;
  let nowMs: number;
  const tuning = {
    ...defaultFleetTuning,
    joinPatienceMs: 1,
    sweepIntervalMs: 1e6,
    journalLogMutations: folds ? 0 : 1e6,
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kvs-partidas-'));
    nowMs = 1_700_000_000_000;
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function start(origin: string): Promise<DurableFleet> {
    const logger = new LogRecorder();
    const journal = await LevelJournal.open(folder, 'f', logger);
    const time = { ...realTime, wallMs: () => nowMs };
    const bus = new LoopbackNetwork().join(origin);
    const common = { time, random: realRandom, logger, tuning };
    const engine = new DurableFleet({ ...common, origin, address: '', bus }, journal);
    await engine.load();
    engine.start();
    await eventually('it serves', () => engine.fleet.member.state === 'serving');
    return engine;
  }

  function write(engine: DurableFleet, ...mutations: Mutation[]): Promise<void> {
    return new Promise((resolve, reject) => {
      engine.journalWriter.submit({
        ...{ bytes: 1, mutationsMax: mutations.length, stamp: () => mutations },
        complete: (apply) => {
          apply();
          resolve();
        },
        refuse: reject,
      });
    });
  }

  const contentOf = ({ fleet: { store } }: DurableFleet): object => ({
    keys: [...store.fragments()].sort((a, b) => (a.key < b.key ? -1 : 1)),
    floors: store.floors.entries(),
    hash: store.hash(),
  });

  it('has what expires, what has passed, and no clock that falls', async () => {
    const first = await start('oA');
    const expiresAt = nowMs + 5_000;
    await write(first, insert('some', 1), insert('some', 2, { expiresAt }));
    await write(first, insert('varrida', 1), insert('varrida', 2, { expiresAt }));
    nowMs += 6_000;
    const expired = { origin: 'oA', seq: 4 };
    await write(first, { kind: 'discard', key: 'varrida', dots: [expired], passed: [['oA', 3]] });
    const seen = ({ fleet: { store } }: DurableFleet): object =>
      ['some', 'varrida'].map((key) => [store.get(key), store.get(key, 1)?.version, store.get(key, 2)]);
    const before = [contentOf(first), seen(first)];
    expect(seen(first)).toEqual([
      [undefined, 1, expect.objectContaining({ version: 1 })],
      [undefined, 1, expect.objectContaining({ version: 1 })],
    ]);
    await first.stop();
    // By the clock alone it would show again.
    nowMs -= 30_000;
    const second = await start('oB');
    expect([contentOf(second), seen(second)]).toEqual(before);
    await second.stop();
  });

  it('has floors, and nothing of keys that were forgotten', async () => {
    const first = await start('oA');
    await verbs(first).insert('vazia', 'valor');
    await verbs(first).insert('vazia', 'valor');
    await verbs(first).insert('fica', 'valor');
    await verbs(first).removeAll('vazia');
    const part = hashString('vazia') & (limits.parts - 1);
    const greatest = first.fleet.store.key('vazia').greatestTimestamp;
    await write(first, { kind: 'raiseFloor', part, version: 5, timestamp: greatest, paceMs: 7 });
    expect(first.fleet.store.emptyKeyCount).toBe(0);
    const before = contentOf(first);
    await first.stop();
    const second = await start('oB');
    expect(contentOf(second)).toEqual(before);
    expect(second.fleet.store.floors.get(part)).toEqual({ version: 5, timestamp: greatest, paceMs: 7 });
    expect(await verbs(second).insert('vazia', 'de novo')).toMatchObject({ version: 6 });
    await verbs(second).removeAll('vazia');
    await write(second, { kind: 'raiseFloor', part, version: 6, timestamp: nowMs + 1e6, paceMs: 8 });
    await second.stop();
    if (!folds) return;
    const raw = new ClassicLevel(folder);
    const keys = await raw.keys({ gte: 's', lt: 't' }).all();
    await raw.close();
    expect(keys.map((key) => key.slice(9, 14))).toEqual(['ufica']);
  });

  it('knows the causal frontier of what it loads', async () => {
    const origins = ['oA', 'oB', 'oC', 'oD'];
    for (const origin of origins) {
      const engine = await start(origin);
      await verbs(engine).insert('chave', `de ${origin}`);
      await engine.stop();
    }
    const last = await start('oE');
    expect(last.fleet.store.vector.entries()).toHaveLength(4);
    expect(last.fleet.member.causes.frontier.entries()).toEqual([['oD', 1]]);
    await last.stop();
  });
});
