import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newRequestId, requestId } from '../../src/client/request-id.js';
import { begunMs, REQUEST_ID_PATTERN } from '../../src/core/attempt.js';
import type { InsertMutation } from '../../src/core/mutation.js';
import { RequestMemory } from '../../src/core/request-memory.js';

const BOUNDS = { requests: 3, requestAgeMs: 1_000, requestSkewMs: 50 };
const START_MS = 1_700_000_000_000;

/** The id of a request begun so long after the start. */
function idAt(ms: number, name = 'abcdefghijkl'): string {
  return requestId(START_MS + ms, name);
}

function insert(version: number, key = 'chave', value = 'valor'): InsertMutation {
  return { kind: 'insert', key, value, version, timestamp: version * 10, context: [] };
}

function note(memory: RequestMemory, id: string, number: number, origin: string, atMs = 0, version = number) {
  const dot = { origin, seq: number };
  return memory.note({ id, number }, dot, insert(version), atMs, START_MS + atMs);
}

describe('the memory of requests', () => {
  it('tells when a request was begun', () => {
    const id = idAt(1_234);
    expect(id).toMatch(REQUEST_ID_PATTERN);
    expect(begunMs(id)).toBe(START_MS + 1_234);
    expect(newRequestId()).toMatch(REQUEST_ID_PATTERN);
    expect(Math.abs(begunMs(newRequestId()) - Date.now())).toBeLessThan(5_000);
  });

  it('answers an attempt with the one before it, and has it written where only older ones are known', () => {
    const memory = new RequestMemory(BOUNDS, START_MS);
    const id = idAt(500);
    note(memory, id, 2, 'a');
    for (const number of [1, 2, 3]) {
      expect(memory.answerTo({ id, number }, 'chave', 'valor')).toMatchObject({ version: 2, origin: 'a' });
    }
    expect(memory.answerTo({ id, number: 4 }, 'chave', 'valor')).toBeUndefined();
  });

  it('refuses an id that names another insert', () => {
    const memory = new RequestMemory(BOUNDS, START_MS);
    const id = idAt(500);
    note(memory, id, 1, 'a');
    for (const [key, value] of [
      ['chave', 'outro'],
      ['outra', 'valor'],
    ] as const) {
      const again = (): unknown => memory.answerTo({ id, number: 2 }, key, value);
      expect(again).toThrow(expect.objectContaining({ code: 'PEDIDO_REPETIDO' }));
    }
    // What a peer took under it stands: nobody's acknowledged write goes for a mistake of a client.
    const dot = { origin: 'b', seq: 1 };
    expect(memory.note({ id, number: 2 }, dot, insert(1, 'outra'), 0, START_MS)).toBeUndefined();
  });

  it('is not sure of what came before it, or was forgotten for its age or for want of room', () => {
    const forgotten = expect.objectContaining({ code: 'RESULTADO_DESCONHECIDO' }) as Error;
    const again = (memory: RequestMemory, id: string, number = 2) => {
      return () => memory.answerTo({ id, number }, 'chave', 'valor');
    };
    const memory = new RequestMemory(BOUNDS, START_MS);
    expect(again(memory, idAt(50))).toThrow(forgotten);
    expect(again(memory, idAt(51))()).toBeUndefined();
    // A first attempt repeats nothing.
    expect(again(memory, idAt(-10_000), 1)()).toBeUndefined();

    for (const [i, name] of ['a', 'b', 'c', 'd'].entries())
      note(memory, idAt(100 + i, name.repeat(11)), 1, name, 200 + i);
    expect(memory.size).toBe(3);
    expect(again(memory, idAt(100, 'aaaaaaaaaaa'))).toThrow(forgotten);
    expect(again(memory, idAt(250))).toThrow(forgotten);
    expect(again(memory, idAt(251))()).toBeUndefined();

    note(memory, idAt(5_000, 'eeeeeeeeeee'), 1, 'e', 5_000);
    expect(memory.size).toBe(1);
    expect(again(memory, idAt(103, 'ddddddddddd'))).toThrow(forgotten);

    memory.noteGap(START_MS + 6_000);
    expect(again(memory, idAt(6_050))).toThrow(forgotten);
    expect(again(memory, idAt(6_051))()).toBeUndefined();
    // What it knows it knows, and where an attempt between may be missing it does not guess.
    expect(again(memory, idAt(5_000, 'eeeeeeeeeee'))()).toMatchObject({ origin: 'e' });
    expect(again(memory, idAt(5_000, 'eeeeeeeeeee'), 3)).toThrow(forgotten);
  });

  it('has one attempt stand, the same in whatever order they come', () => {
    const attempts = fc.uniqueArray(
      fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom('a', 'b', 'c')),
      {
        minLength: 1,
        selector: (pair) => pair.join(),
      },
    );
    fc.assert(
      fc.property(
        attempts.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        (orders) => {
          const [first, second] = orders.map((order) => {
            const memory = new RequestMemory(BOUNDS, START_MS);
            const id = idAt(500);
            const gone = order.flatMap(([number, origin]) => note(memory, id, number, origin) ?? []);
            return gone.map(({ origin, seq }) => `${origin}:${seq}`).sort();
          });
          const [last] = orders[0]
            .map(([number, origin]) => ({ number, origin }))
            .sort((a, b) => {
              return b.number - a.number || (a.origin < b.origin ? 1 : -1);
            });
          expect(first).toEqual(second);
          expect(first).toHaveLength(orders[0].length - 1);
          expect(first).not.toContain(`${last?.origin}:${last?.number}`);
        },
      ),
    );
  });
});
