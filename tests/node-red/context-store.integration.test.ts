import { afterEach, describe, expect, it } from 'vitest';
import { ContextStore } from '../../node-red/src/context-store.js';
import { redLimits } from '../../node-red/src/limits.js';
import type { Guarantees } from '../../src/ports/guarantees.js';
import { openStandOn } from '../support/doors.js';
import { LossyProxy } from '../support/lossy-proxy.js';
import { MemoryEngine } from '../support/memory-engine.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** One server has all that a session has seen. */
class SessionEngine extends MemoryEngine {
  readonly guarantees: Guarantees = {
    ...{ session: () => 's1.1', reach: () => undefined },
    ...{ assertConfirmable: () => undefined, confirm: () => 0 },
  };
}

async function opened(instances = 1, more: Record<string, unknown> = {}) {
  const stand = await openStandOn(new SessionEngine());
  closing.push(() => stand.close());
  const proxy = await LossyProxy.start(`127.0.0.1:${stand.doors.port}`);
  closing.push(() => proxy.stop());
  const stores = Array.from(
    { length: instances },
    () => new Promised({ servidores: proxy.address, ...more }),
  );
  closing.push(...stores.map((one) => () => one.store.close()));
  return { stores, proxy, one: stores[0]! };
}

type Answer = readonly [error: unknown, ...values: unknown[]];

/** A store whose callbacks are promises. */
class Promised {
  readonly store: ContextStore;
  /** How often something was called back. */
  calls = 0;

  constructor(config: Record<string, unknown>) {
    this.store = new ContextStore(config);
  }

  get(scope: string, key: string | string[]): Promise<Answer> {
    return this.answer((done) => this.store.get(scope, key, done));
  }

  set(scope: string, key: string | string[], value: unknown): Promise<Answer> {
    return this.answer((done) => this.store.set(scope, key, value, done));
  }

  keys(scope: string): Promise<Answer> {
    return this.answer((done) => this.store.keys(scope, done));
  }

  private answer(call: (done: (...answer: unknown[]) => void) => void): Promise<Answer> {
    return new Promise((resolve) => {
      call((...answer) => {
        this.calls++;
        resolve(answer as unknown as Answer);
      });
    });
  }
}

const codeOf = ([error]: Answer): unknown => (error as { code?: unknown } | undefined)?.code;

describe('the context store', () => {
  it('keeps values of any kind, several at once, and tells and removes them by scope', async () => {
    const { one } = await opened();
    expect(await one.set('global', ['a', 'b.c', 'd'], [1, [null, { x: 'y' }]])).toEqual([undefined]);
    expect(await one.get('global', ['a', 'b', 'b.c[1].x', 'd', 'e'])).toEqual([
      ...[undefined, 1, { c: [null, { x: 'y' }] }, 'y', null, undefined],
    ]);
    expect(await one.get('flow', 'a')).toEqual([undefined, undefined]);
    await one.set('no:flow', 'a/b', 'of a node');
    expect(await one.keys('global')).toEqual([undefined, ['a', 'b', 'd']]);
    await one.set('global', ['a', 'b.c'], [undefined, undefined]);
    expect(await one.get('global', ['a', 'b'])).toEqual([undefined, undefined, {}]);
    await one.store.delete('global');
    expect([await one.keys('global'), await one.keys('no:flow')]).toEqual([
      [undefined, []],
      [undefined, ['a/b']],
    ]);
  });

  it('reads a value as it was just set, without waiting for the callback', async () => {
    const { one } = await opened();
    const last = 50;
    for (let n = 1; n <= last; n++) one.store.set('global', 'n', n);
    expect(await one.get('global', 'n')).toEqual([undefined, last]);
    one.store.set('global', 'm', 1);
    expect(await one.keys('global')).toEqual([undefined, ['m', 'n']]);
  });

  it('shares parts of one value: instances that write at once undo nothing of each other', async () => {
    const { stores } = await opened(3);
    const names = Array.from({ length: 12 }, (_, at) => `p${at}`);
    const written = names.map((name, at) => stores[at % stores.length]!.set('global', `all.${name}`, at));
    expect(new Set((await Promise.all(written)).map(codeOf))).toEqual(new Set([undefined]));
    const [, all] = await stores[0]!.get('global', 'all');
    expect(Object.keys(all as object).sort()).toEqual(names.sort());
  });

  it('cleans what it has used and is no more, and nothing of another instance', async () => {
    const { stores } = await opened(2);
    const [a, b] = stores as [Promised, Promised];
    await a.set('gone', 'x', 1);
    await a.set('node:gone', 'x', 1);
    await a.set('stays', 'x', 1);
    await b.set('elsewhere', 'x', 1);
    await a.store.clean(['stays']);
    const left = await Promise.all(['gone', 'node:gone', 'stays', 'elsewhere'].map((scope) => a.keys(scope)));
    expect(left.map(([, keys]) => keys)).toEqual([[], [], ['x'], ['x']]);
  });

  it('refuses what is no key and no value, and what can only be synchronous', async () => {
    const { one } = await opened();
    expect(codeOf(await one.set('global', 'a..b', 1))).toBe('INVALID_EXPR');
    expect(codeOf(await one.get('global', ['a', '[']))).toBe('INVALID_EXPR');
    expect(codeOf(await one.set('global', 'a', () => 1))).toBe('PEDIDO_INVALIDO');
    expect(codeOf(await one.set('global', 'a', 'x'.repeat(70_000)))).toBe('VALOR_LONGO');
    expect(() => one.store.get('global', 'a')).toThrow();
    expect(() => one.store.keys('global')).toThrow();
    expect(() => new ContextStore({ servidores: 'nowhere' })).toThrow('servers');
  });

  it('ends every call within its deadline where the servers stand still, and bounds those that wait', async () => {
    const { one, proxy } = await opened(1, { prazoMs: 300 });
    await one.set('global', 'a', 1);
    proxy.set('dropAnswers');
    const calls = Array.from({ length: redLimits.pendingCalls }, (_, at) =>
      at % 2 === 0 ? one.get('global', 'a') : one.set('global', `k${at}`, at),
    );
    expect(codeOf(await one.get('global', 'a'))).toBe('LIMITE_PEDIDOS');
    const codes = new Set((await Promise.all(calls)).map(codeOf));
    expect([...codes].sort()).toEqual(['RESULTADO_DESCONHECIDO', 'SEM_SERVIDOR']);
    // Each was called back once.
    expect(one.calls).toBe(redLimits.pendingCalls + 2);
    await one.store.close();
  });
});
