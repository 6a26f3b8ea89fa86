import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VectorEntries } from '../../src/core/dot.js';
import { KvsError } from '../../src/core/errors.js';
import { limits } from '../../src/core/limits.js';
import { covers, decodeToken, encodeToken } from '../../src/core/session-token.js';
import { vectorOf } from '../support/vector-of.js';

const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,16}$/);
const entriesOf = (least: number, most: number): fc.Arbitrary<VectorEntries> =>
  fc.uniqueArray(fc.tuple(name, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })), {
    selector: ([origin]) => origin,
    minLength: least,
    maxLength: most,
  });

function written(fleet: string, entries: VectorEntries, fleetMs?: number): string {
  const text = encodeToken(fleet, entries, fleetMs);
  if (text === undefined) throw new Error('too long');
  return text;
}

describe('session tokens', () => {
  it('are read back as they were written, and fit a header', () => {
    fc.assert(
      fc.property(
        entriesOf(0, 60),
        name,
        fc.option(fc.integer({ min: 0, max: 8.64e15 }), { nil: undefined }),
        (entries, fleet, fleetMs) => {
          const text = written(fleet, entries, fleetMs);
          expect(text).toMatch(/^[!-~]*$/);
          expect(text.length).toBeLessThanOrEqual(limits.sessionTokenBytes);
          expect(decodeToken(text, fleet)).toEqual(
            fleetMs === undefined ? { entries } : { entries, fleetMs },
          );
        },
      ),
    );
  });

  it('are none where the frontier does not fit', () => {
    const many: VectorEntries = Array.from({ length: 2048 }, (_, i) => [`origem_${i}`, i + 1]);
    expect(encodeToken('f', many)).toBeUndefined();
    expect(encodeToken('f', many.slice(0, 400))).toBeUndefined();
    expect(encodeToken('f', many.slice(0, 250))?.length).toBeLessThanOrEqual(limits.sessionTokenBytes);
  });

  it('are covered exactly by those who have every entry', () => {
    fc.assert(
      fc.property(entriesOf(1, 12), fc.nat(11), (entries, which) => {
        const token = decodeToken(written('f', entries), 'f');
        expect(covers(vectorOf(entries), token)).toBe(true);
        const lost = which % entries.length;
        expect(covers(vectorOf(entries.filter((_, i) => i !== lost)), token)).toBe(false);
      }),
    );
  });

  it('of others, and damaged ones, are refused in a line', () => {
    const good = written('padrao', [['a', 1]]);
    const bad = [
      '',
      'f1',
      'f1.padrao',
      'f2.padrao.a:1',
      'c1',
      `${good}.`,
      `${good}.0123456789abcdef.x`,
      `${good}.0123456789abcdeg`,
      `${good}.h`,
      `${good}.hzzzzzzzzzzz`,
      `${good}.h1.h1`,
      'f1.padrao.a',
      'f1.padrao.a:0',
      'f1.padrao.a:-1',
      'f1.padrao.a:1:2',
      'f1.padrao.a:1,',
      'f1.padrao.:1',
      'f1.padrao.a b:1',
      'f1.padrao.a:zzzzzzzzzzz',
      `f1.padrao.${'a:1,'.repeat(2000)}a:1`,
      'f1.outra.a:1',
    ];
    for (const text of bad) {
      const refused = (): unknown => decodeToken(text, 'padrao');
      expect(refused, text.slice(0, 40)).toThrow(KvsError);
      expect(refused).toThrow(expect.objectContaining({ code: 'PEDIDO_INVALIDO' }));
      expect(refused).toThrow(/^[^\n]*$/);
    }
    expect(() => decodeToken('f1.outra.a:1', 'padrao')).toThrow(/outros servidores/);
  });

  it('cost nothing to refuse, whatever they hold', () => {
    const started = performance.now();
    fc.assert(
      fc.property(fc.string({ maxLength: 6000 }), (text) => {
        try {
          decodeToken(text, 'padrao');
        } catch (error) {
          expect(error).toBeInstanceOf(KvsError);
        }
      }),
      { numRuns: 1000 },
    );
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
