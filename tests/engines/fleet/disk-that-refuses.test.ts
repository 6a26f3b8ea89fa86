import { expect, it } from 'vitest';
import { DurableFleet } from '../../../src/engines/fleet/durable-engine.js';
import { defaultFleetTuning } from '../../../src/engines/fleet/replication/tuning.js';
import { LogRecorder } from './bus/support.js';
import { insert } from '../../core/support.js';
import { PlainNetwork } from '../../support/sim-bus.js';
import { SimDisk, SimJournal } from '../../support/sim-journal.js';
import { SeededRandom } from '../../support/sim-random.js';
import { promisesSettled, ServerTime, World } from '../../support/sim-time.js';
import { verbs } from '../../support/verbs.js';

/** In virtual time: what is said while a disk refuses, and for how long. */
it('says every minute what memory alone has, and when the disk has it', async () => {
  const world = new World();
  const random = new SeededRandom(1);
  const time = new ServerTime(world, 1, 0, () => undefined);
  const logger = new LogRecorder();
  const fate = { full: false, delaysMs: () => [1, 1] as const, leavesGhost: () => false };
  const journal = new SimJournal(new SimDisk(), fate, time, () => () => undefined);
  const bus = new PlainNetwork(world, random, false).open('oA', time);
  const common = { origin: 'oA', address: '', bus, time, random, logger };
  const healthy: boolean[] = [];
  const engine = new DurableFleet(common, journal, (is) => healthy.push(is));
  const advance = async (byMs: number): Promise<void> => {
    const until = world.nowMs + byMs;
    while (world.step(until)) continue;
    await promisesSettled();
  };
  const receive = (seq: number): void => {
    const mutations = [insert('chave', seq)];
    const batch = { origin: 'oB', first: seq, dependencies: [], mutations };
    time.turn(() => engine.fleet.member.receiver.receive(batch, bus.pack(batch), 100));
  };
  await engine.load();
  time.turn(() => engine.start());
  await advance(10_000);
  expect(engine.fleet.member.state).toBe('serving');

  fate.full = true;
  for (const seq of [1, 2, 3]) {
    receive(seq);
    await advance(100);
  }
  expect(verbs(engine).query('chave', undefined)).toMatchObject({ version: 3 });
  expect(healthy).toEqual([false]);
  const minute = 61 * defaultFleetTuning.journalRetryMs;
  for (let i = 0; i < 3; i++) await advance(minute);
  const said = (level: string) => logger.lines.filter((line) => line.level === level);
  expect(said('error').map(({ message }) => message)).toEqual([
    expect.stringContaining('fica só na memória'),
  ]);
  const warned = said('warn').filter(({ message }) => message.startsWith('o disco ainda recusa'));
  expect(warned).toHaveLength(3);
  expect(warned[0]?.fields).toMatchObject({ codigo: 'DISCO_CHEIO', lotesRecebidos: 3 });

  fate.full = false;
  await advance(minute);
  expect(healthy).toEqual([false, true]);
  const over = logger.lines.filter(({ message }) => message.startsWith('o disco aceita gravações de novo'));
  expect(over.map(({ fields }) => fields)).toEqual([{ lotesRecebidos: 3 }]);
  await advance(10 * minute);
  expect(said('warn').filter(({ message }) => message.startsWith('o disco'))).toHaveLength(3);
});
