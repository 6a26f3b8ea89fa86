import { describe, expect, it } from 'vitest';
import { confirmedLosses, isLoss } from '../../bench/against/loss.js';

/** Plays looks that find these costs after, where everything cost 100 before. */
async function decide(...looks: readonly Readonly<Record<string, number>>[]): Promise<{
  readonly lost: readonly string[];
  /** What each look was asked for. */
  readonly asked: readonly (readonly string[])[];
}> {
  const asked: (readonly string[])[] = [];
  const lost = await confirmedLosses(Object.keys(looks[0] ?? {}), (figures) => {
    const found = looks[asked.length] ?? {};
    asked.push(figures);
    return Promise.resolve(
      new Map(figures.map((figure) => [figure, { before: 100, after: found[figure] ?? NaN }])),
    );
  });
  return { lost, asked };
}

describe('the short comparison of two builds', () => {
  it('counts more than 15 % as a loss', () => {
    expect(isLoss({ before: 100, after: 115 })).toBe(false);
    expect(isLoss({ before: 100, after: 115.1 })).toBe(true);
    expect(isLoss({ before: 100, after: 50 })).toBe(false);
  });

  it('takes what was not measured for lost', () => {
    expect(isLoss({ before: 100, after: NaN })).toBe(true);
    expect(isLoss({ before: NaN, after: 100 })).toBe(true);
  });

  it('looks once when nothing seems lost', async () => {
    expect(await decide({ insert: 114, query: 90 })).toEqual({ lost: [], asked: [['insert', 'query']] });
  });

  it('fails on a loss that two repeats confirm, and repeats nothing else', async () => {
    const found = await decide({ insert: 130, query: 90 }, { insert: 120 }, { insert: 140 });
    expect(found).toEqual({ lost: ['insert'], asked: [['insert', 'query'], ['insert'], ['insert']] });
  });

  it.each([
    ['first', [{ insert: 300 }, { insert: 100 }], 2],
    ['second', [{ insert: 300 }, { insert: 300 }, { insert: 115 }], 3],
  ] as const)('passes when the %s repeat does not find the loss', async (_which, looks, times) => {
    const { lost, asked } = await decide(...looks);
    expect(lost).toEqual([]);
    expect(asked).toHaveLength(times);
  });

  it('drops what one repeat clears and goes on with the other', async () => {
    const found = await decide({ insert: 130, query: 130 }, { insert: 130, query: 100 }, { insert: 130 });
    expect(found).toEqual({
      lost: ['insert'],
      asked: [['insert', 'query'], ['insert', 'query'], ['insert']],
    });
  });
});
