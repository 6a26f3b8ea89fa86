import { describe, expect, it } from 'vitest';
import { admitKnown } from '../../src/call/admission.js';
import { DEMANDS } from '../../src/call/call.js';
import { neverAnswered } from '../../src/call/operation.js';
import type { DoorOperation } from '../../src/call/operation.js';
import { KvsError } from '../../src/core/errors.js';
import { keyValueOperations } from '../../src/doors/grpc/keyvalue/operations.js';
import { kvsOperations } from '../../src/doors/grpc/kvs/operations.js';
import type { Guarantees } from '../../src/ports/guarantees.js';
import { accessControl } from '../../src/security/access/control.js';
import { TableStand } from '../security/access/support.js';
import { MemoryDoor } from '../support/memory-call.js';
import { AsyncMemoryEngine, MemoryEngine } from '../support/memory-engine.js';
import { realTime } from '../support/real-time.js';

/** Many requests, and many rows, without any transport. */

const { insert, query, snapshot } = kvsOperations(3);
const { getRange, delRange } = keyValueOperations();
const put = (key: string, value = 'valor') => ({
  key,
  keyBytes: key.length,
  value,
  valueBytes: value.length,
});
const named = (key: string, version = 0) => ({ key, keyBytes: key.length, version });
const REQUEST = { demands: { [DEMANDS.request]: 'abc-0123456789ab' } };

class ConfirmingEngine extends MemoryEngine {
  readonly asked: unknown[] = [];
  holders = 1;
  readonly guarantees: Guarantees = {
    session: () => 'token',
    reach: () => undefined,
    assertConfirmable: () => undefined,
    confirm: (...asked) => {
      this.asked.push(asked);
      return this.holders;
    },
  };
}

describe('a conversation, without a transport', () => {
  it('answers every request, at once where the engine does, and counts each of them', async () => {
    const door = new MemoryDoor(new MemoryEngine());
    const { answer, refusal, trailers } = await door.converse(insert).then((answerer) => ({
      answer: answerer.answer.bind(answerer),
      refusal: answerer.refusal,
      trailers: answerer.trailers.bind(answerer),
    }));
    expect([answer(put('chave')), answer(put('chave'))]).toEqual([1, 2]);
    let thrown: unknown;
    try {
      void answer(put('x'));
    } catch (error) {
      thrown = error;
    }
    expect((thrown as KvsError).code).toBe('CHAVE_CURTA');
    expect(refusal(thrown as KvsError)).toBe(-1);
    expect(() => answer(new KvsError('PEDIDO_INVALIDO', 'não é protobuf'))).toThrow('não é protobuf');
    expect([trailers(), trailers('2:CHAVE_CURTA')]).toEqual([undefined, { error: '2:CHAVE_CURTA' }]);
    expect(door.outcomes).toEqual([
      'grpc teste CHAVE_CURTA 1',
      'grpc teste OK 2',
      'grpc teste PEDIDO_INVALIDO 1',
    ]);
  });

  it('counts what the engine answers later at the moment it answers', async () => {
    const door = new MemoryDoor(new AsyncMemoryEngine());
    const answerer = await door.converse(query);
    const missing = answerer.answer(named('chave'));
    expect(door.outcomes).toEqual([]);
    await expect(missing).rejects.toMatchObject({ code: 'CHAVE_INEXISTENTE' });
    await (await door.converse(insert)).answer(put('chave'));
    await expect(answerer.answer(named('chave'))).resolves.toMatchObject({ version: 1 });
    expect(door.outcomes).toEqual(['grpc teste CHAVE_INEXISTENTE 1', 'grpc teste OK 2']);
  });

  it('does not start with a caller who is refused, and that is an outcome', async () => {
    const engine = new MemoryEngine();
    const door = new MemoryDoor(engine, { admit: admitKnown(accessControl(new TableStand().table), engine) });
    await expect(door.converse(insert)).rejects.toMatchObject({ code: 'NAO_AUTENTICADO' });
    await expect(door.rows(snapshot, { version: 0 })).resolves.toMatchObject({
      error: { code: 'NAO_AUTENTICADO' },
    });
    expect(door.outcomes).toEqual(['grpc teste NAO_AUTENTICADO 2']);
  });

  it('accepts no request id, as nothing would remember it', async () => {
    const door = new MemoryDoor(new MemoryEngine());
    await expect(door.converse(insert, REQUEST)).rejects.toMatchObject({ code: 'NAO_SUPORTADO' });
    expect((await door.rows(snapshot, { version: 0 }, REQUEST)).error?.code).toBe('NAO_SUPORTADO');
  });

  it('confirms every write, and returns the session token at the end', async () => {
    const door = new MemoryDoor(new ConfirmingEngine());
    const demands = { [DEMANDS.confirm]: '1', [DEMANDS.session]: 'nova' };
    const answerer = await door.converse(insert, { demands });
    expect(answerer.answer(put('chave'))).toBe(1);
    expect(door.engine.asked).toEqual([[1, 5_000, false]]);
    door.engine.holders = 0;
    expect(() => answerer.answer(put('chave'))).toThrow(/versão 2/);
    expect(answerer.trailers()).toEqual({ error: undefined, session: 'token', version: 2 });
  });

  it('counts as one outcome when the server ends it on shutdown', async () => {
    const door = new MemoryDoor(new MemoryEngine());
    (await door.converse(insert)).end(new KvsError('SERVIDOR_SAINDO', 'saindo'));
    expect(door.outcomes).toEqual(['grpc teste SERVIDOR_SAINDO 1']);
  });

  it('logs the cause of an unexpected error, and nothing else', async () => {
    const door = new MemoryDoor(new MemoryEngine());
    const cause = new TypeError('segredo');
    const broken: DoorOperation<string, string> = {
      run: () => {
        throw cause;
      },
      refusal: neverAnswered,
    };
    const answerer = await door.converse(broken);
    expect(() => answerer.answer('x')).toThrow('erro interno');
    const { trailers } = door.askNow(broken, 'x')!;
    expect(trailers).toEqual({ error: 'INTERNO: erro interno; a causa está no log do servidor' });
    const line = { level: 'error', fields: { err: cause }, message: 'erro interno ao atender um pedido' };
    expect(door.logger.lines).toEqual([line, line]);
  });
});

describe('rows, without a transport', () => {
  it('without end are observed with the time until they had begun, however long they last', async () => {
    let nowMs = 0;
    const took: unknown[] = [];
    const door = new MemoryDoor(new MemoryEngine(), {
      observe: (_call, outcome, tookMs) => took.push([outcome, tookMs]),
      time: { ...realTime, monotonicMs: () => nowMs },
    });
    const hour = 3_600_000;
    const rows = (): Iterable<number> => {
      nowMs += 2;
      return [1, 2, 3];
    };
    const answer = (row: number): number => {
      nowMs += hour;
      if (row === 3) throw new KvsError('LEITOR_LENTO', 'lento demais');
      return row;
    };
    const call = { takeUp: () => nowMs };
    await door.rows({ rows, answer, isEndless: true }, {}, call, 2);
    await door.rows({ rows, answer, isEndless: true }, {}, call);
    await door.rows({ rows, answer }, {}, call, 2);
    expect(took).toEqual([
      ['ABANDONADO', 2],
      ['LEITOR_LENTO', 2],
      ['ABANDONADO', 2 * hour + 2],
    ]);
  });

  it('come as one answer each, or as a single answer that says there are none', async () => {
    const door = new MemoryDoor(new MemoryEngine());
    expect((await door.rows(snapshot, { version: 0 })).answer).toEqual([{ key: '', value: '', version: 0 }]);
    for (const key of ['a/1', 'a/2', 'b/1']) door.askNow(insert, put(key));
    const range = { from: named('a/'), to: named('a/9') };
    const { answer, trailers } = await door.rows(getRange, range, { operation: 'linhas' });
    expect(answer?.map(({ key }) => key)).toEqual(['a/1', 'a/2']);
    expect(trailers).toBeUndefined();
    expect(door.outcomes).toContain('grpc linhas OK 1');
  });

  it('are a single outcome, also when the caller leaves halfway', async () => {
    const door = new MemoryDoor(new MemoryEngine());
    for (const key of ['a/1', 'a/2', 'b/1']) door.askNow(insert, put(key));
    await door.rows(snapshot, { version: 0 }, { operation: 'linhas' }, 2);
    expect(door.outcomes).toEqual(['grpc linhas ABANDONADO 1', 'grpc teste OK 3']);
  });

  it('are a single outcome, also when their end cannot be delivered', async () => {
    const door = new MemoryDoor(new MemoryEngine());
    const fails = (): void => {
      throw new Error('já fechada');
    };
    const { error } = await door.rows(snapshot, { version: 0 }, { operation: 'linhas' }, Infinity, fails);
    expect(error).toMatchObject({ code: 'INTERNO' });
    expect(door.outcomes).toEqual(['grpc linhas INTERNO 1']);
  });

  it('that write wait for their confirmation together', async () => {
    const door = new MemoryDoor(new ConfirmingEngine());
    for (let n = 0; n < 300; n++) door.askNow(insert, put(`k/${String(n)}`));
    const demands = { [DEMANDS.confirm]: '1' };
    const { answer } = await door.rows(delRange, { from: named('k/'), to: named('k/~') }, { demands });
    expect(answer).toHaveLength(300);
    expect(door.engine.asked).toEqual([
      [1, 5_000, false],
      [1, 5_000, false],
    ]);
  });
});
