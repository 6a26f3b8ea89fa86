import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.js';
import type { Witness } from '../../../src/engines/partitions/histories.js';
import { partitionLimits } from '../../../src/engines/partitions/limits.js';
import { hasSeen, SessionSeen } from '../../../src/engines/partitions/session-seen.js';
import { codeOf } from '../support.js';

const history = (n: number): string => n.toString(16).padStart(16, '0');

function witness(more: Partial<Witness>): Witness {
  return {
    ...{ history: history(1), before: history(0), beforeEnd: 0, offset: 100, epoch: 3, latestEpoch: 5 },
    ...{ last: 1_000, isThere: false, mayBeForgotten: false, isDue: false, nowMs: 7, ...more },
  };
}

describe('what a session of partitions has seen', () => {
  const seen = new SessionSeen();
  seen.note(1, witness({}));
  const place = seen.at(1);

  it('is there if the last entry is', () => {
    expect(hasSeen(undefined, witness({}))).toBe(true);
    expect(hasSeen(place, witness({ isThere: true, history: history(9) }))).toBe(true);
    // Neither there nor forgotten: lost, whoever is asked.
    expect(hasSeen(place, witness({}))).toBe(false);
  });

  it('is there, though forgotten, at the same process, or at one that was promoted with all of it', () => {
    const forgotten = { mayBeForgotten: true };
    expect(hasSeen(place, witness(forgotten))).toBe(true);
    // It has taken a slot since, and so may have lost this one meanwhile.
    expect(hasSeen(place, witness({ ...forgotten, epoch: 6 }))).toBe(false);
    const promoted = { ...forgotten, history: history(2), before: history(1), beforeEnd: 101, epoch: 6 };
    expect(hasSeen(place, witness(promoted))).toBe(true);
    expect(hasSeen(place, witness({ ...promoted, beforeEnd: 100 }))).toBe(false);
    expect(hasSeen(place, witness({ ...promoted, before: history(3) }))).toBe(false);
    expect(hasSeen(place, witness({ ...promoted, epoch: 7 }))).toBe(false);
  });

  it('fits its token, of the most places and masters, and is read as it was written', () => {
    const most = new SessionSeen();
    for (let n = 0; n < partitionLimits.partitions; n++) {
      const at = history(n % partitionLimits.sessionStays);
      most.note(
        n,
        witness({ history: at, epoch: 2 ** 40, latestEpoch: 2 ** 40, offset: 2 ** 50, last: 2 ** 51 }),
      );
    }
    const text = most.toText();
    expect(text.length).toBeLessThanOrEqual(limits.sessionTokenBytes);
    const read = SessionSeen.of(text);
    expect(read.toText()).toBe(text);
    expect(read.partitions.length).toBe(partitionLimits.partitions);
    // Of the latest it is known exactly what was seen, of the others where.
    expect(read.at(partitionLimits.partitions - 1)?.us).toBe(2 ** 51);
    expect(read.at(0)).toMatchObject({ us: 0, stay: { history: history(0) } });
  });

  it('does not tell the earliest of too many masters, which then have nothing of it', () => {
    const most = new SessionSeen();
    const [first, last] = [witness({ history: history(1) }), witness({ history: history(99) })];
    for (let n = 0; n <= partitionLimits.sessionStays; n++)
      most.note(n, witness({ history: history(n + 1) }));
    most.note(500, last);
    const read = SessionSeen.of(most.toText());
    expect(hasSeen(read.at(0), { ...first, isThere: true })).toBe(true);
    expect(hasSeen(read.at(0), { ...first, mayBeForgotten: true })).toBe(false);
    expect(hasSeen(read.at(500), { ...last, mayBeForgotten: true })).toBe(true);
    expect(SessionSeen.of(read.toText()).toText()).toBe(read.toText());
    // Masters of which nothing is left to be told do not count.
    for (let n = 0; n <= partitionLimits.sessionStays; n++) most.note(n, last);
    expect(SessionSeen.of(most.toText()).toText().match(/:/g)).toHaveLength(3);
  });

  it('is refused if it is no token', async () => {
    const good = seen.toText();
    expect(SessionSeen.of(good).at(1)).toEqual(place);
    const bad = [
      '',
      's1',
      's1....',
      's2.....0',
      `${good}.`,
      good.replace('s1.', 's1.x,'),
      good.replace(/\.0$/, ''),
      good.replace(/[^.]*$/, 'h'.repeat(11)),
      's1..010abc..0',
      `s1...${'0'.repeat(1024)}.0`,
      's1...0.0',
      's1..zz0a..0',
    ];
    for (const text of bad)
      expect([text, await codeOf(() => SessionSeen.of(text))]).toEqual([text, 'PEDIDO_INVALIDO']);
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.nat(good.length), async (text, at) => {
        const code = await codeOf(() => SessionSeen.of(good.slice(0, at) + text + good.slice(at)).toText());
        expect([undefined, 'PEDIDO_INVALIDO']).toContain(code);
      }),
    );
  });
});
