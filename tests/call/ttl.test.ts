import { describe, expect, it } from 'vitest';
import { DEMANDS } from '../../src/call/call.js';
import { KvsError } from '../../src/core/errors.js';
import { keyValueOperations } from '../../src/doors/grpc/keyvalue/operations.js';
import { kvsOperations } from '../../src/doors/grpc/kvs/operations.js';
import type { Capabilities } from '../../src/ports/engine.js';
import { MemoryDoor } from '../support/memory-call.js';
import { MemoryEngine } from '../support/memory-engine.js';

/** `kvs-ttl` in the call seam, without any transport. */

const { insert, query, remove } = kvsOperations(3);
const { put } = keyValueOperations();
const pair = (key: string, value = 'valor') => ({
  key,
  keyBytes: key.length,
  value,
  valueBytes: value.length,
});
const named = (key: string, version = 0) => ({ key, keyBytes: key.length, version });
const ttl = (text: string) => ({ demands: { [DEMANDS.ttl]: text } });

class ClockedEngine extends MemoryEngine {
  nowMs = 1_000_000;
  override clock = (): number => this.nowMs;
}

class EternalEngine extends MemoryEngine {
  override readonly capabilities: Capabilities = { ...new MemoryEngine().capabilities, expires: false };
}

describe('the time to live of a call', () => {
  it('holds for what it inserts, and the answer says that it was honoured', () => {
    const door = new MemoryDoor(new ClockedEngine());
    expect(door.askNow(insert, pair('chave'), ttl('2'))).toEqual({ answer: 1, trailers: { ttlSeconds: 2 } });
    expect(door.askNow(put, pair('outra'), ttl('2147483647'))?.trailers).toEqual({ ttlSeconds: 2147483647 });
    expect(door.askNow(insert, pair('eterna'))).toEqual({ answer: 1, trailers: undefined });
    door.engine.nowMs += 1_999;
    expect(door.askNow(query, named('chave'))?.answer).toMatchObject({ version: 1 });
    door.engine.nowMs += 1;
    expect(door.askNow(query, named('chave'))?.trailers).toMatchObject({
      error: 'CHAVE_INEXISTENTE: a chave não existe',
    });
    expect(door.askNow(query, named('eterna'))?.answer).toMatchObject({ version: 1 });
    expect(door.askNow(query, named('outra'))?.answer).toMatchObject({ version: 1 });
  });

  it('is repeated also where the answer is a refusal, and beside other trailers', () => {
    const door = new MemoryDoor(new MemoryEngine());
    expect(door.askNow(insert, pair('x'), ttl('2'))).toMatchObject({
      answer: -1,
      trailers: { ttlSeconds: 2 },
    });
  });

  it('holds for each insert of a stream', async () => {
    const door = new MemoryDoor(new ClockedEngine());
    const answerer = await door.converse(insert, ttl('5'));
    expect([answerer.answer(pair('uma')), answerer.answer(pair('duas'))]).toEqual([1, 1]);
    expect(answerer.trailers('0:CHAVE_CURTA')).toEqual({ error: '0:CHAVE_CURTA', ttlSeconds: 5 });
    door.engine.nowMs += 5_000;
    for (const key of ['uma', 'duas']) {
      expect(door.askNow(query, named(key))?.answer).toMatchObject({ version: 0 });
    }
  });

  it.each(['0', '', '-1', '1.5', '5s', ' 5', '1e3', '2147483648', '99999999999', '5,5'])(
    'is refused before anything is done if it is %j',
    async (text) => {
      const door = new MemoryDoor(new MemoryEngine());
      const { error } = door.askNow(insert, pair('chave'), ttl(text))!;
      expect(error?.code).toBe('PEDIDO_INVALIDO');
      expect(error?.message).toBe(
        `kvs-ttl: esperado um inteiro de segundos, de 1 a 2147483647, recebido ${JSON.stringify(text)}`,
      );
      await expect(door.converse(insert, ttl(text))).rejects.toMatchObject({ code: 'PEDIDO_INVALIDO' });
      expect(door.engine.calls).toBe(0);
    },
  );

  it('is refused where nothing expires, once it was found to be well-formed', async () => {
    const door = new MemoryDoor(new EternalEngine());
    const { error } = door.askNow(insert, pair('chave'), ttl('5'))!;
    expect(error).toEqual(new KvsError('NAO_SUPORTADO', 'este motor não tem valores que expiram'));
    expect(door.askNow(insert, pair('chave'), ttl('0'))?.error?.code).toBe('PEDIDO_INVALIDO');
    await expect(door.converse(insert, ttl('5'))).rejects.toMatchObject({ code: 'NAO_SUPORTADO' });
    expect(door.engine.calls).toBe(0);
  });

  it('means nothing to reads and removals', () => {
    const door = new MemoryDoor(new MemoryEngine());
    door.askNow(insert, pair('chave'));
    expect(door.askNow(query, named('chave'), ttl('nunca'))).toMatchObject({
      answer: { version: 1 },
      trailers: undefined,
    });
    expect(door.askNow(remove, named('chave'), ttl('5'))).toEqual({ answer: 0, trailers: undefined });
  });
});
