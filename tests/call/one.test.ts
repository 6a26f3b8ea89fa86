import { describe, expect, it } from 'vitest';
import { admitKnown } from '../../src/call/admission.js';
import { DEMANDS } from '../../src/call/call.js';
import type { Credentials } from '../../src/call/call.js';
import type { DoorOperation } from '../../src/call/operation.js';
import { KvsError } from '../../src/core/errors.js';
import { kvsOperations } from '../../src/doors/grpc/kvs/operations.js';
import type { KeyValueRequest } from '../../src/doors/grpc/wire/messages.js';
import { tokenText } from '../../src/ports/access.js';
import type { Guarantees } from '../../src/ports/guarantees.js';
import { accessControl } from '../../src/security/access/control.js';
import { credential, secretOf, TableStand } from '../security/access/support.js';
import { MemoryDoor } from '../support/memory-call.js';
import { MemoryEngine } from '../support/memory-engine.js';

/** One request and one answer, without any transport: `kvs.KVS` over an engine in memory. */

const { insert, query, remove } = kvsOperations(3);
const ID = 'abc-0123456789ab';

function put(key: string, value: string): KeyValueRequest {
  return { key, keyBytes: key.length, value, valueBytes: value.length };
}
const named = (key: string, version = 0) => ({ key, keyBytes: key.length, version });

/** An engine that offers sessions, and confirmations by `holders` servers. */
class PromisingEngine extends MemoryEngine {
  holders = 1;
  readonly asked: unknown[] = [];
  readonly guarantees: Guarantees = {
    session: (token) => `depois de ${token ?? 'nada'}`,
    reach: (token, waitMs) => {
      this.asked.push([token, waitMs]);
      if (token === 'futuro') throw new KvsError('SESSAO_ADIANTE', 'ainda não');
      return undefined;
    },
    assertConfirmable: (servers) => {
      if (servers > 8) throw new KvsError('NAO_SUPORTADO', 'tantos não há');
    },
    confirm: (servers, waitMs, isRepeated) => {
      this.asked.push([servers, waitMs, isRepeated]);
      return this.holders;
    },
  };
}

class RememberingEngine extends PromisingEngine {
  override readonly capabilities = { ...new MemoryEngine().capabilities, remembersRequests: true };
}

describe('a call with one request, without a transport', () => {
  it('is answered at once when the engine answers at once', () => {
    const door = new MemoryDoor(new MemoryEngine());
    expect(door.askNow(insert, put('chave', 'valor'))).toEqual({ answer: 1, trailers: undefined });
    expect(door.askNow(query, named('chave'))?.answer).toMatchObject({ value: 'valor', version: 1 });
    expect(door.askNow(remove, named('chave'))?.answer).toBe(0);
  });

  it('refuses in the answer where the contract can express it, and fails otherwise, with the reason', () => {
    const door = new MemoryDoor(new MemoryEngine());
    expect(door.askNow(query, named('chave'))).toEqual({
      answer: { key: '', value: '', version: 0 },
      trailers: { error: 'CHAVE_INEXISTENTE: a chave não existe' },
    });
    door.engine.refusal = new KvsError('SERVIDOR_ENTRANDO', 'ainda entrando');
    const { error, trailers } = door.askNow(insert, put('chave', 'valor'))!;
    expect(error?.code).toBe('SERVIDOR_ENTRANDO');
    expect(trailers).toEqual({ error: 'SERVIDOR_ENTRANDO: ainda entrando' });
  });

  it("refuses what cannot be decoded, with the decoder's reason", () => {
    const door = new MemoryDoor(new MemoryEngine());
    const undecodable = new KvsError('PEDIDO_INVALIDO', 'não é protobuf');
    expect(door.askNow(insert, undecodable)?.error).toBe(undecodable);
    expect(door.engine.calls).toBe(0);
  });

  it('does not reach the engine if it waited while the process was stopped', () => {
    const door = new MemoryDoor(new MemoryEngine());
    const takeUp = (): never => {
      throw new KvsError('SERVIDOR_PAROU', 'parou');
    };
    expect(door.askNow(insert, put('chave', 'valor'), { takeUp })?.error?.code).toBe('SERVIDOR_PAROU');
    expect(door.engine.calls).toBe(0);
    expect(door.outcomes).toEqual(['grpc teste SERVIDOR_PAROU 1']);
  });
});

describe('a caller', () => {
  const token = (name: string, secret = secretOf(name)): Credentials => ({
    kind: 'token',
    token: tokenText(name, secret),
  });

  async function guarded() {
    const stand = new TableStand(
      await credential('maria', 'escrita', ['m/']),
      await credential('leitor', 'leitura', [''], { certificates: ['CN=leitor'] }),
    );
    const engine = new MemoryEngine();
    return new MemoryDoor(engine, { admit: admitKnown(accessControl(stand.table), engine) });
  }

  it('is admitted with a token or a certificate, within its permissions', async () => {
    const door = await guarded();
    const may = async (credentials: Credentials, key: string) => {
      const { error, answer } = await door.ask(insert, put(key, 'valor'), { credentials });
      return error?.code ?? answer;
    };
    expect(await may(token('maria'), 'm/1')).toBe(1);
    expect(await may(token('maria'), 'n/1')).toBe('NAO_AUTORIZADO');
    expect(await may({ kind: 'certificate', subject: 'CN=leitor' }, 'm/1')).toBe('NAO_AUTORIZADO');
    expect(door.outcomes).toEqual(['grpc teste NAO_AUTORIZADO 2', 'grpc teste OK 1']);
  });

  it('is refused with a wrong secret, with an unknown certificate, or without credentials', async () => {
    const door = await guarded();
    const refused: Credentials[] = [
      token('maria', 'errado'),
      { kind: 'token', token: '' },
      { kind: 'certificate', subject: 'CN=ninguem' },
      { kind: 'none', hint: 'mostre uma credencial' },
    ];
    for (const credentials of refused) {
      const { error, trailers } = await door.ask(insert, put('m/1', 'valor'), {
        credentials,
        demands: { [DEMANDS.session]: 'nova' },
      });
      expect(error?.code).toBe('NAO_AUTENTICADO');
      expect(trailers).toEqual({ error: `NAO_AUTENTICADO: ${error!.message}` });
      if (credentials.kind === 'none') expect(error!.message).toBe('mostre uma credencial');
    }
    expect(door.engine.calls).toBe(0);
    expect(door.outcomes).toEqual(['grpc teste NAO_AUTENTICADO 4']);
  });
});

describe('what a call demands', () => {
  it('sessions: the engine catches up with them first, and both answer and refusal carry the new token', () => {
    const door = new MemoryDoor(new PromisingEngine());
    const session = (token: string) => ({ demands: { [DEMANDS.session]: token } });
    expect(door.askNow(insert, put('chave', 'valor'), session('nova'))?.trailers).toEqual({
      session: 'depois de nada',
    });
    const refused = door.askNow(query, named('outra'), session('t1'));
    expect(refused?.trailers).toMatchObject({
      session: 'depois de t1',
      error: 'CHAVE_INEXISTENTE: a chave não existe',
    });
    expect(door.engine.asked).toEqual([
      [undefined, 1_500],
      ['t1', 1_500],
    ]);
    const { error, trailers } = door.askNow(query, named('chave'), session('futuro'))!;
    expect(error?.code).toBe('SESSAO_ADIANTE');
    expect(trailers).toEqual({ error: 'SESSAO_ADIANTE: ainda não' });
  });

  it('confirmations: only for writes, with the version if servers were missing', () => {
    const door = new MemoryDoor(new PromisingEngine());
    const confirmed = (demands: object) => ({ demands: { [DEMANDS.confirm]: '2', ...demands } });
    door.engine.holders = 2;
    expect(door.askNow(insert, put('chave', 'valor'), confirmed({}))).toEqual({
      answer: 1,
      trailers: undefined,
    });
    expect(door.engine.asked).toEqual([[2, 5_000, false]]);
    expect(door.askNow(query, named('chave'), confirmed({}))?.answer).toMatchObject({ version: 1 });
    expect(door.engine.asked).toHaveLength(1);
    door.engine.holders = 1;
    const partial = door.askNow(insert, put('chave', 'novo'), confirmed({ [DEMANDS.confirmMs]: '70' }));
    expect(partial?.error?.message).toMatch(
      /^gravado aqui \(versão 2\), confirmado por 1 de 2 servidores em \d+ ms/,
    );
    expect(partial?.trailers).toMatchObject({ version: 2 });
    expect(door.engine.asked[1]).toEqual([2, 70, false]);
    const nobody = door.askNow(insert, put('chave', 'nunca'), { demands: { [DEMANDS.confirm]: '9' } });
    expect(nobody?.error?.code).toBe('NAO_SUPORTADO');
    expect(door.askNow(query, named('chave'))?.answer).toMatchObject({ value: 'novo' });
  });

  it("does not wait beyond the caller's deadline", () => {
    const door = new MemoryDoor(new PromisingEngine());
    const demands = { [DEMANDS.session]: 'nova', [DEMANDS.confirm]: '1' };
    door.askNow(insert, put('chave', 'valor'), { demands, deadlineMs: Date.now() });
    expect(door.engine.asked).toEqual([
      [undefined, 0],
      [1, 0, false],
    ]);
  });

  it.each([
    [{ [DEMANDS.confirm]: '0' }, 'kvs-confirmacao: esperado um inteiro de 1 a 255, recebido "0"'],
    [{ [DEMANDS.confirm]: '1', [DEMANDS.confirmMs]: 'já' }, /^kvs-confirmacao-prazo: esperado um inteiro/],
    [{ [DEMANDS.request]: 'curto' }, /^kvs-pedido inválido/],
    [{ [DEMANDS.request]: ID, [DEMANDS.attempt]: '0' }, /^kvs-tentativa inválido/],
  ])('refuses what is malformed: %o', (demands, message) => {
    const door = new MemoryDoor(new RememberingEngine());
    const { error } = door.askNow(insert, put('chave', 'valor'), { demands })!;
    expect(error?.code).toBe('PEDIDO_INVALIDO');
    expect(error?.message).toMatch(message);
    expect(door.engine.calls).toBe(0);
  });

  it('an engine without sessions says that it has none', () => {
    const door = new MemoryDoor(new MemoryEngine());
    const { error } = door.askNow(query, named('chave'), { demands: { [DEMANDS.session]: '' } })!;
    expect(error?.message).toBe('este motor não oferece sessões nem confirmações');
  });

  it('request ids: honoured where they are remembered, refused elsewhere', () => {
    const heeded: unknown[] = [];
    const operation: DoorOperation<string, string> = {
      run: (request, _caller, attempt) => {
        heeded.push(attempt);
        return request;
      },
      refusal: () => undefined,
      written: () => undefined,
      takesAttempts: true,
    };
    const door = new MemoryDoor(new RememberingEngine());
    const demands = { [DEMANDS.request]: ID, [DEMANDS.attempt]: '2', [DEMANDS.confirm]: '1' };
    expect(door.askNow(operation, 'x', { demands })).toEqual({ answer: 'x', trailers: { request: ID } });
    expect(door.askNow(operation, 'x')).toEqual({ answer: 'x', trailers: undefined });
    expect(heeded).toEqual([{ id: ID, number: 2 }, undefined]);
    expect(door.engine.asked).toEqual([[1, 5_000, true]]);
    expect(door.askNow(query, named('chave'), { demands })?.error?.code).toBe('NAO_SUPORTADO');
    const forgetful = new MemoryDoor(new MemoryEngine());
    const { error } = forgetful.askNow(operation, 'x', { demands: { [DEMANDS.request]: ID } })!;
    expect(error?.message).toMatch(/^aqui kvs-pedido não é guardado/);
  });
});
