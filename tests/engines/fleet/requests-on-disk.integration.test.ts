import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DurableFleet } from '../../../src/engines/fleet/durable-engine.js';
import { LevelJournal } from '../../../src/engines/fleet/journal/level-journal.js';
import { eagerTuning } from '../../support/durable-pair.js';
import { eventually } from '../../support/eventually.js';
import { LoopbackNetwork } from '../../support/loopback-bus.js';
import { realRandom, realTime } from '../../support/real-time.js';
import { insert } from '../../core/support.js';
import { LogRecorder } from './bus/support.js';
import { verbs } from '../../support/verbs.js';

const ID = 'loyw438s-abcdefghijkl';
const tuning = { ...eagerTuning, requestUndoMs: 50, requestUndos: 2 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kvs-pedidos-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Opens the folder for a server that nobody else is with. */
async function start(origin: string): Promise<DurableFleet> {
  const logger = new LogRecorder();
  const journal = await LevelJournal.open(join(folder, 'dados'), 'par', logger);
  const bus = new LoopbackNetwork().join(origin);
  const common = { time: realTime, random: realRandom, logger, tuning };
  const engine = new DurableFleet({ ...common, origin, address: '', bus }, journal);
  await engine.load();
  engine.start();
  await eventually(`${origin} serves`, () => engine.fleet.member.state === 'serving');
  return engine;
}

it('attempts that a power cut left beside each other on one disk are told apart by whoever starts from it', async () => {
  const ids = Array.from({ length: 7 }, (_, i) => `${ID}${i}`);
  const attemptsOf = (number: number) =>
    ids.map((id) => insert(id, 1, { value: 'valor', attempt: { id, number } }));
  const logger = new LogRecorder();
  const journal = await LevelJournal.open(join(folder, 'dados'), 'par', logger);
  // As a state, with more of them than may wait to be removed.
  const checkpoint = journal.checkpoint(false);
  for (const [origin, number] of [['oB', 2] as const, ['oC', 1] as const]) {
    for (const [i, { key, ...entry }] of attemptsOf(number).entries())
      checkpoint.putEntry(key, { ...entry, origin, seq: i + 1 });
  }
  for (const key of ids) {
    const heads = ['oB', 'oC'].map((origin) => ({ origin, seq: ids.indexOf(key) + 1 }));
    checkpoint.putMark(key, { greatestVersion: 1, greatestTimestamp: 1_000, heads });
  }
  for (const origin of ['oB', 'oC']) checkpoint.putOrigin(origin, ids.length);
  const failure = await new Promise((done) => {
    checkpoint.commit({ floors: [], fleetMs: 0, frontier: undefined }, done);
  });
  expect(failure).toBeUndefined();
  await journal.close();

  let server = await start('oD');
  const writers = (): string[] =>
    ids.flatMap((id) => server.fleet.store.heads(id).map(({ origin }) => origin));
  await eventually('one of each stands', () => writers().join() === ids.map(() => 'oB').join());
  // The next attempt is answered with it, though nobody here remembers having applied it.
  const [id] = ids as [string];
  expect(await verbs(server).insert(id, 'valor', { id, number: 3 })).toMatchObject({ version: 1 });
  await expect(verbs(server).insert(id, 'outro', { id, number: 3 })).rejects.toMatchObject({
    code: 'PEDIDO_REPETIDO',
  });
  await server.stop();
  server = await start('oE');
  expect(writers()).toEqual(ids.map(() => 'oB'));
  await server.stop();
});
