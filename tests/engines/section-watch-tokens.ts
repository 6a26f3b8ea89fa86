import { describe, expect, it } from 'vitest';
import { limits } from '../../src/core/limits.js';
import { verbs } from '../support/verbs.js';
import type { Bench } from './conformance.js';
import { allAtOnce, numbersTo } from './support.js';
import { everyShortly, told, WatchBench } from './watch-bench.js';

/** Watches that end and go on elsewhere. Only with the capability `watches`. */
export function watchTokensSection(bench: Bench): void {
  const watches = new WatchBench(bench);

  describe('watches that leave and come back', () => {
    watches.leaveAfterEach();

    it('go on exactly after every event, on either server', async (context) => {
      watches.need(context);
      const { engine, open } = bench;
      const prefix = bench.key();
      const [a, b] = [`${prefix}/a`, `${prefix}/b`];
      const watcher = await watches.watching(engine, { prefix });
      const start = watcher.token;
      for (const value of ['1', '2', '3']) await verbs(engine).insert(a, value);
      await verbs(engine).insert(b, 'x');
      await verbs(engine).removeAll(a);
      if (engine.capabilities.commits !== 'none') {
        const writes = [
          { kind: 'insert', key: a, value: '4' },
          { kind: 'removeAll', key: b },
        ] as const;
        await verbs(engine).commit({ guards: [], writes });
      }
      await verbs(engine).insert(b, 'y');
      // Nothing of interest comes after it, and yet a watch knows that it has caught up.
      await verbs(engine).insert(bench.key(), 'outra');
      await open.settle();
      const events = await watcher.take(engine.capabilities.commits === 'none' ? 8 : 10);
      const all = everyShortly(events);
      const tokens = [start, ...events.map(({ token }) => token)];
      for (const [at, token] of tokens.entries()) {
        expect(token).toMatch(/^[!-~]+$/);
        expect(token!.length).toBeLessThanOrEqual(limits.watchTokenBytes);
        for (const server of watches.servers()) {
          const again = watches.read(server, { prefix, from: { token: token! } });
          expect(everyShortly(await again.untilUpToDate())).toEqual(all.slice(at));
        }
      }
      // What is told after that goes on too.
      const later = watches.read(open.second ?? engine, { prefix, from: { token: watcher.token } });
      await later.untilUpToDate();
      await verbs(engine).insert(b, 'z');
      expect(await told(later, 1)).toEqual([`insert ${b}@3=z`]);
    });

    it('begin again with a token that means nothing here', async (context) => {
      watches.need(context);
      const { engine } = bench;
      const key = bench.key();
      await verbs(engine).insert(key, 'a');
      await verbs(engine).insert(key, 'b');
      for (const token of [
        'x',
        'o1.AAAA',
        'f1.zzzzzzzzzzzz.1',
        'unico.-1',
        '~'.repeat(limits.watchTokenBytes),
      ]) {
        const watcher = watches.read(engine, { key, from: { token } });
        expect(everyShortly(await watcher.untilUpToDate())).toEqual([
          'restart',
          `present ${key}@1=a`,
          `present ${key}@2=b`,
        ]);
        await watcher.leave();
        // Whoever was cut off before it had all of that has had nothing.
        const cut = watches.read(engine, { key, from: { token: watcher.events[0]!.token! } });
        expect((await cut.untilUpToDate()).map(({ kind }) => kind)).toEqual([
          'restart',
          'present',
          'present',
        ]);
        const again = watches.read(engine, { key, from: { token: watcher.token } });
        expect(everyShortly(await again.untilUpToDate())).toEqual([]);
      }
    });

    it('end at once when their reader leaves, also one that waits', async (context) => {
      watches.need(context);
      const { engine } = bench;
      const key = bench.key();
      const watcher = await watches.watching(engine, { key });
      const waiting = watcher.next();
      await watcher.leave();
      expect(await waiting).toBeUndefined();
      expect(await watcher.next()).toBeUndefined();
      await watcher.leave();
      // Before anything was read, too.
      const early = watches.read(engine, { key, from: 'everything' });
      await early.leave();
      expect(await early.next()).toBeUndefined();
    });

    it('miss nothing and repeat nothing while many write, wherever they go on', async (context) => {
      watches.need(context);
      const { engine, open } = bench;
      const prefix = bench.key();
      const whole = await watches.watching(engine, { prefix });
      const start = whole.token;
      const WRITES = 120;
      const [WRITERS, KEYS] = [8, 5];
      const writing = allAtOnce(WRITERS, async (writer) => {
        for (let i = writer; i < WRITES; i += WRITERS) {
          const server = watches.servers()[writer % 2]!;
          await verbs(server).insert(`${prefix}/${i % KEYS}`, `${i}`);
        }
      });
      // A reader that leaves after some events and goes on at the other server.
      const cut = async (): Promise<string[]> => {
        const found: string[] = [];
        let token = start;
        for (let part = 1; found.length < WRITES; part++) {
          const reader = watches.read(watches.servers()[part % 2]!, { prefix, from: { token } });
          const some = await reader.take(Math.min(1 + ((part * 7) % 23), WRITES - found.length));
          found.push(...everyShortly(some));
          token = some.at(-1)!.token!;
          await reader.leave();
        }
        return found;
      };
      const [pieces] = await Promise.all([cut(), writing]);
      await open.settle();
      const straight = everyShortly(await whole.take(WRITES));
      const values = (events: readonly string[]): number[] =>
        events.map((event) => Number(event.split('=')[1])).sort((a, b) => a - b);
      const expected = numbersTo(WRITES).map((n) => n - 1);
      expect(values(straight)).toEqual(expected);
      expect(values(pieces)).toEqual(expected);
      if (!engine.capabilities.heads || open.second === undefined) expect(pieces).toEqual(straight);
    });
  });
}
