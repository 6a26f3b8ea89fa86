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
  memory.note({ id, number }, dot, insert(version), atMs, START_MS + atMs);
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
    // So does a store that has its entry, whatever is remembered.
    const fresh = new RequestMemory(BOUNDS, START_MS);
    const stored = [
      { key: 'chave', value: 'valor', version: 1, timestamp: 10, attempt: 1, origin: 'a', seq: 1 },
    ];
    expect(() => fresh.answerTo({ id, number: 2 }, 'chave', 'outro', stored)).toThrow(
      expect.objectContaining({ code: 'PEDIDO_REPETIDO' }),
    );
    expect(fresh.answerTo({ id, number: 2 }, 'chave', 'valor', stored)).toBe(stored[0]);
    expect(fresh.answerTo({ id, number: 3 }, 'chave', 'valor', stored)).toBeUndefined();
    note(memory, id, 2, 'b');
    expect(memory.answerTo({ id, number: 3 }, 'chave', 'valor', stored)).toMatchObject({ origin: 'b' });
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
});
