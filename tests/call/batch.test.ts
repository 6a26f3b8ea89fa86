import { describe, expect, it } from 'vitest';
import { writeBatch } from '../../src/call/lines/batch.js';
import type { PlainInsert } from '../../src/call/lines/batch.js';
import { KvsError } from '../../src/core/errors.js';
import type { Engine } from '../../src/ports/engine.js';
import { MemoryEngine } from '../support/memory-engine.js';

const insert = (key: string, value: string): PlainInsert => ({
  kind: 'insert',
  key,
  value,
  ttlMs: undefined,
});

/** An engine that lets its latest write through first, and refuses keys that begin with `x`. */
class LatestFirst {
  readonly inner = new MemoryEngine();
  readonly capabilities = { ...this.inner.capabilities, pipelined: false };
  mostAtOnce = 0;
  #waiting: (() => void)[] = [];

  write({ key, value }: PlainInsert): Promise<{ readonly version: number }> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        if (key.startsWith('x')) reject(new KvsError('LIMITE_MEMORIA', 'cheio'));
        else resolve(this.inner.write(insert(key, value)));
      });
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#waiting.length);
      if (this.#waiting.length === 1) setImmediate(() => this.#settle());
    });
  }

  #settle(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting.reverse()) one();
  }
}

describe('a batch on an engine that settles writes in any order', () => {
  it('keeps the pairs of one key in order, and has a bounded number under way', async () => {
    const engine = new LatestFirst();
    const pairs = Array.from({ length: 2000 }, (_, i) => insert(`k${i % 90}`, String(i)));
    const outcomes = await writeBatch(engine as unknown as Engine, pairs);
    expect(outcomes).toEqual(pairs.map((_, i) => Math.floor(i / 90) + 1));
    for (const key of ['k0', 'k89']) {
      const values = [...engine.inner.scan({ kind: 'history', key })].map((row) => Number(row.value));
      expect(values).toEqual([...values].sort((a, b) => a - b));
    }
    expect(engine.mostAtOnce).toBeGreaterThan(50);
    expect(engine.mostAtOnce).toBeLessThanOrEqual(128);
  });

  it('tells refusals in their places, and fails only if none was written for one reason', async () => {
    const engine = new LatestFirst() as unknown as Engine;
    const invalid = new KvsError('CHAVE_LONGA', 'longa');
    const mixed = await writeBatch(engine, [insert('x', '1'), insert('a', '1'), invalid, insert('x', '2')]);
    expect(mixed.map((outcome) => (outcome instanceof KvsError ? outcome.code : outcome))).toEqual([
      ...['LIMITE_MEMORIA', 1, 'CHAVE_LONGA', 'LIMITE_MEMORIA'],
    ]);
    await expect(writeBatch(engine, [insert('x', '1'), insert('x', '2')])).rejects.toMatchObject({
      code: 'LIMITE_MEMORIA',
    });
    expect(await writeBatch(engine, [invalid, invalid])).toEqual([invalid, invalid]);
    expect(await writeBatch(engine, [insert('x', '1'), invalid])).toHaveLength(2);
  });

  it('writes no further pairs once its caller has left', async () => {
    const engine = new LatestFirst();
    let written = 0;
    const write = engine.write.bind(engine);
    engine.write = (pair) => {
      written++;
      return write(pair);
    };
    const isOver = (): boolean => written >= 300;
    const pairs = Array.from({ length: 2000 }, (_, i) => insert(`k${i}`, String(i)));
    expect((await writeBatch(engine as unknown as Engine, pairs, { isOver })).length).toBe(300);
    expect(written).toBe(300);

    written = 0;
    const one = Array.from({ length: 400 }, (_, i) => insert('k', String(i)));
    await writeBatch(engine as unknown as Engine, one, { isOver: () => written >= 5 });
    expect(written).toBe(5);
  });

  it('that answers at once is done at once', () => {
    const engine = new MemoryEngine();
    expect(writeBatch(engine, [insert('a', '1'), insert('a', '2'), insert('b', '1')])).toEqual([1, 2, 1]);
  });
});
