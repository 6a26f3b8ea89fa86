import { afterEach, describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import type { LeaderEngine } from '../../../src/engines/leader/engine.js';
import { eventually } from '../../support/eventually.js';
import { openLeaderSystem } from '../../support/leader-nodes.js';
import type { LeaderSystem } from '../../support/leader-nodes.js';
import { watchFaults } from '../../support/total-order.js';
import type { RecordedInsert } from '../../support/total-order.js';
import { verbs } from '../../support/verbs.js';
import { WatchReader } from '../../support/watch-reader.js';
import { WatchRecorder } from '../../support/watch-recorder.js';
import { everyShortly, told } from '../watch-bench.js';

describe('watches of a system with a leader', () => {
  let system: LeaderSystem;
  const readers: WatchReader[] = [];

  afterEach(async () => {
    await Promise.all(readers.map((reader) => reader.leave()));
    readers.length = 0;
    await system.close();
  });

  const engineOf = (index: number): LeaderEngine => system.nodes[index]!.engine;
  const reading = (index: number, from: 'now' | { readonly token: string }): WatchReader => {
    const reader = new WatchReader(engineOf(index), { from });
    readers.push(reader);
    return reader;
  };
  const whole = (): Promise<unknown> =>
    eventually('all are up to date', () => system.nodes.every((node) => node.serving && node.whole), 20_000);

  it(
    'miss and repeat nothing while the leader and followers stop and come back',
    { timeout: 90_000 },
    async () => {
      system = await openLeaderSystem();
      const scan = { prefix: 'a/' };
      const inserts: RecordedInsert[] = [];
      // Server 2 is the one that comes and goes with the leader; who is told by it, too, begins again.
      const recorders = await Promise.all([
        new WatchRecorder({ scan, serverOf: () => engineOf(1) }).start(),
        new WatchRecorder({
          ...{ scan, serverOf: (part: number) => engineOf(part % 2) },
          leaveAfter: (part) => 1 + ((part * 5) % 17),
        }).start(),
      ]);
      let count = 0;
      const write = async (many: number): Promise<void> => {
        await Promise.all(
          [0, 1, 2].map(async (server) => {
            for (let i = 0; i < many; i++) {
              const [key, value] = [`a/${i % 3}`, String(++count)];
              const askedMs = performance.now();
              try {
                await verbs(engineOf(server)).insert(key, value);
                inserts.push({ key, value, askedMs, answeredMs: performance.now() });
                if (i % 7 === 6) await verbs(engineOf(server)).trim(key);
              } catch (error) {
                if (KvsError.from(error).code === 'RESULTADO_DESCONHECIDO')
                  inserts.push({ key, value, askedMs });
              }
            }
          }),
        );
      };
      const allTold = (): Promise<unknown> =>
        eventually(
          'all are told',
          () => recorders.every(({ events }) => events.at(-1)?.value === String(count)),
          20_000,
        );
      const last = async (): Promise<void> => {
        await whole();
        const [key, value, askedMs] = ['a/fim', String(++count), performance.now()];
        await verbs(engineOf(1)).insert(key, value);
        inserts.push({ key, value, askedMs, answeredMs: performance.now() });
        await allTold();
      };
      await write(60);
      await last();
      // The leader comes back empty, and takes what the others have; places of before are still places.
      await system.nodes[0]!.stop();
      await system.start(0);
      await whole();
      await write(60);
      await last();
      // A follower comes back empty while others write.
      await system.nodes[2]!.stop();
      const writing = write(20);
      await system.start(2);
      await writing;
      await last();
      await Promise.all(recorders.map((recorder) => recorder.stop()));
      expect(recorders.map(({ restarts }) => restarts)).toEqual([0, 0]);
      expect(recorders[1].parts).toBeGreaterThan(20);
      expect(
        watchFaults(
          inserts,
          recorders.map(({ events }) => events),
        ),
      ).toEqual([]);
    },
  );

  it('go on at a server that took a state if nothing came after it, and begin again if something did', async () => {
    system = await openLeaderSystem();
    const reader = reading(1, 'now');
    await reader.untilUpToDate();
    await verbs(engineOf(0)).insert('a', 'um');
    await verbs(engineOf(0)).insert('a', 'dois');
    await reader.take(2);
    const [first, second] = reader.events.slice(-2).map(({ token }) => token!);
    await system.settle();
    // A new leader has nothing in its log, so who comes back empty takes the state.
    for (const index of [0, 2]) {
      await system.nodes[index]!.stop();
      await system.start(index);
      await whole();
    }
    expect(everyShortly(await reading(2, { token: second! }).untilUpToDate())).toEqual([]);
    const again = reading(2, { token: first! });
    expect(everyShortly(await again.untilUpToDate())).toEqual([
      'restart',
      'present a@1=um',
      'present a@2=dois',
    ]);
    // Its own places are places elsewhere.
    await verbs(engineOf(0)).insert('a', 'três');
    await system.settle();
    expect(everyShortly(await reading(0, { token: again.token }).untilUpToDate())).toEqual([
      'insert a@3=três',
    ]);
    expect(everyShortly(await reading(1, { token: first! }).untilUpToDate())).toEqual([
      'insert a@2=dois',
      'insert a@3=três',
    ]);
  });

  it('of a state that all have lost begin again', async () => {
    system = await openLeaderSystem();
    const reader = reading(1, 'now');
    await reader.untilUpToDate();
    await verbs(engineOf(0)).insert('a', 'um');
    await reader.take(1);
    const waiting = reader.next();
    await system.close().catch(() => undefined);
    await expect(waiting).rejects.toMatchObject({ code: 'SERVIDOR_SAINDO' });
    await Promise.all([0, 1, 2].map((index) => system.start(index)));
    await whole();
    const again = [0, 1].map((index) => reading(index, { token: reader.token }).untilUpToDate());
    expect((await Promise.all(again)).map(everyShortly)).toEqual([['restart'], ['restart']]);
  });

  it('a slow reader loses nothing while the past is kept, and is ended after that', async () => {
    system = await openLeaderSystem();
    const [slow, quick] = [reading(1, 'now'), reading(1, 'now')];
    await Promise.all([slow.untilUpToDate(), quick.untilUpToDate()]);
    const value = 'x'.repeat(60_000);
    // More than its queue, and less than the past that is kept.
    for (let i = 0; i < 300; i++) await verbs(engineOf(0)).insert(`k${i}`, 'v');
    await told(quick, 300);
    expect((await slow.take(300)).map(({ line }) => line!.key)).toEqual(
      Array.from({ length: 300 }, (_, i) => `k${i}`),
    );
    for (let i = 0; i < 600; i += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, n) => verbs(engineOf(0)).insert(`g${i + n}`, value)));
      await told(quick, 20);
    }
    await expect(slow.take(600)).rejects.toMatchObject({ code: 'LEITOR_LENTO' });
    const again = reading(1, { token: slow.token });
    expect((await again.next())?.kind).toBe('restart');
  });
});
