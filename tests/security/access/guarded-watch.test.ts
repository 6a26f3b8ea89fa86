import { expect, it } from 'vitest';
import { guardEngine } from '../../../src/security/access/guarded-engine.js';
import { accessLimits } from '../../../src/security/access/limits.js';
import { OpenWatches } from '../../../src/security/access/open-watches.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { verbs } from '../../support/verbs.js';
import { WatchReader } from '../../support/watch-reader.js';

/** Timers that run out when the test says so. */
class Timers {
  readonly #due = new Map<() => void, number>();

  readonly after = (delayMs: number, call: () => void): (() => void) => {
    this.#due.set(call, delayMs);
    return () => this.#due.delete(call);
  };

  get delays(): number[] {
    return [...this.#due.values()];
  }

  runOut(): void {
    const due = [...this.#due.keys()];
    this.#due.clear();
    for (const call of due) call();
  }
}

interface Reader {
  readonly memory: MemoryEngine;
  readonly identity: { valid: boolean };
  readonly watch: WatchReader;
  readonly timers: Timers;
  readonly refused: string[];
}

function reader(): Reader {
  const timers = new Timers();
  const refused: string[] = [];
  const memory = new MemoryEngine();
  const identity = { name: 'alguem', role: 'leitura', prefixes: ['a/'], valid: true } as const;
  const guarded = guardEngine(memory, (reason) => refused.push(reason), new OpenWatches(timers))(identity);
  return {
    memory,
    identity,
    timers,
    refused,
    watch: new WatchReader(guarded, { prefix: 'a/', from: 'now' }),
  };
}

it('leaves the store at once with its reader, although nothing comes', async () => {
  const { memory, watch } = reader();
  await watch.untilUpToDate();
  const waiting = watch.next();
  await watch.leave();
  expect(await waiting).toBeUndefined();
  expect(memory.watches.watching).toBe(0);
});

it('shows nothing to a credential that was revoked meanwhile, and leaves the store', async () => {
  const { memory, identity, watch } = reader();
  await watch.untilUpToDate();
  const waiting = watch.next();
  identity.valid = false;
  verbs(memory).insert('a/1', 'v');
  await expect(waiting).rejects.toMatchObject({ code: 'NAO_AUTENTICADO' });
  expect(memory.watches.watching).toBe(0);
});

it('ends when its credential is revoked, although nothing comes', async () => {
  const { memory, identity, watch, timers, refused } = reader();
  await watch.untilUpToDate();
  const waiting = watch.next();
  timers.runOut();
  expect([timers.delays, memory.watches.watching]).toEqual([[accessLimits.watchCheckMs], 1]);
  identity.valid = false;
  timers.runOut();
  await expect(waiting).rejects.toMatchObject({ code: 'NAO_AUTENTICADO' });
  expect([timers.delays, memory.watches.watching, refused]).toEqual([[], 0, ['NAO_AUTENTICADO']]);
});

it('that nobody has open any more is not looked at', async () => {
  const { watch, timers } = reader();
  await watch.untilUpToDate();
  expect(timers.delays).toHaveLength(1);
  await watch.leave();
  expect(timers.delays).toEqual([]);
});
