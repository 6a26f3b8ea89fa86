import { describe, expect, it } from 'vitest';
import { Turns } from '../../src/core/turns.js';

describe('turns', () => {
  it('let one in at a time per key, in order, also after a failure', async () => {
    const turns = new Turns();
    const seen: string[] = [];
    let inside = 0;
    const work = (name: string) => async () => {
      expect(++inside).toBe(1);
      await Promise.resolve();
      seen.push(name);
      inside--;
      if (name === 'b') throw new Error('b');
      return name;
    };
    const results = await Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => turns.run('k', work(name))));
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
    expect(results.map(({ status: outcome }) => outcome)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
  });

  it('do not make other keys wait', async () => {
    const turns = new Turns();
    let release = (): void => undefined;
    const held = turns.run('k', () => new Promise<void>((resolve) => (release = resolve)));
    await expect(turns.run('other', () => Promise.resolve(1))).resolves.toBe(1);
    release();
    await held;
  });
});
