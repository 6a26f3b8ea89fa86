import { describe, expect, it } from 'vitest';
import { decodeLine } from '../../../src/wire/mensagem/decode.js';
import { encodeLine } from '../../../src/wire/mensagem/encode.js';
import { answerIn, answerMessage, requestOf, writeOf } from '../../../src/wire/mensagem/writes.js';
import type { OrderedWrite } from '../../../src/wire/mensagem/writes.js';
import type { MensagemAnswer } from '../../../src/wire/mensagem/messages.js';

const decoded = (text: string) => decodeLine(Buffer.from(text));

const compare = { kind: 'compare', key: 'k', expected: 0, value: 'v', ttlMs: undefined } as const;
const renew = { kind: 'renew', key: 'k', ttlMs: undefined } as const;

describe('writes that a follower asks its leader for', () => {
  it.each<[OrderedWrite, string]>([
    [compare, '{"tipo":"OPERATION","op":"compare","chave":"k","valor":"v","versao":0,"id":7}'],
    [
      { ...compare, expected: 2 ** 31 - 1, value: '', ttlMs: 5 },
      '{"tipo":"OPERATION","op":"compare","chave":"k","valor":"","versao":2147483647,"ttl":5,"id":7}',
    ],
    [
      { ...compare, expected: 3, value: undefined },
      '{"tipo":"OPERATION","op":"compare","chave":"k","versao":3,"id":7}',
    ],
    [renew, '{"tipo":"OPERATION","op":"renew","chave":"k","id":7}'],
    [{ ...renew, ttlMs: 5 }, '{"tipo":"OPERATION","op":"renew","chave":"k","ttl":5,"id":7}'],
  ])('%j is these bytes', (write, line) => {
    expect(encodeLine({ ...requestOf(write), id: 7 })).toBe(`${line}\n`);
    const message = decoded(line);
    if (message.tipo !== 'OPERATION') throw new Error(message.tipo);
    expect(writeOf(message)).toEqual(write);
  });

  it.each([
    '{"tipo":"OPERATION","op":"compare","chave":"k","valor":"v","versao":-1,"id":7}',
    '{"tipo":"OPERATION","op":"compare","chave":"k","valor":"v","versao":1.5,"id":7}',
    '{"tipo":"OPERATION","op":"compare","chave":"k","valor":"v","versao":"1","id":7}',
    '{"tipo":"OPERATION","op":"compare","chave":"k","valor":"v","versao":null,"id":7}',
    '{"tipo":"OPERATION","op":"compare","chave":"k","valor":1,"versao":1,"id":7}',
    '{"tipo":"OPERATION","op":"compare","valor":"v","versao":1,"id":7}',
    '{"tipo":"OPERATION","op":"compare","chave":"k","valor":"v","versao":1}',
    '{"tipo":"OPERATION","op":"renew","chave":"k","ttl":0,"id":7}',
    '{"tipo":"OPERATION","op":"renew","chave":"k","ttl":1e18,"id":7}',
    '{"tipo":"OPERATION","op":"compares","chave":"k","versao":1,"id":7}',
    '{"tipo":"PING","emTodos":-1}',
    '{"tipo":"PING","emTodos":"1"}',
  ])('%s is refused', (line) => {
    expect(() => decoded(line)).toThrow();
  });

  it('a comparison with nothing is refused', () => {
    const message = decoded('{"tipo":"OPERATION","op":"compare","chave":"k","valor":"v","id":7}');
    if (message.tipo !== 'OPERATION') throw new Error(message.tipo);
    expect(() => writeOf(message)).toThrow(expect.objectContaining({ code: 'PEDIDO_INVALIDO' }));
  });

  it('are answered with the row made or removed', () => {
    const row = { key: 'k', value: 'v', version: 3, timestamp: 9, expiresAt: 20 };
    for (const write of [compare, renew, { ...compare, value: undefined }]) {
      const line = encodeLine(answerMessage(write, row, 7));
      expect(line).toBe(
        '{"tipo":"OPERATION_OK","linha":{"valor":"v","versao":3,"instante":9,"expira":20},"id":7}\n',
      );
      expect(answerIn(write, decoded(line) as MensagemAnswer)).toEqual(row);
      expect(() => answerIn(write, { tipo: 'OPERATION_OK', id: 7 })).toThrow(
        expect.objectContaining({ code: 'INTERNO' }),
      );
    }
  });

  it('a removal is answered with its count, which leaders of earlier versions leave out', () => {
    const remove = { kind: 'remove', key: 'k' } as const;
    const line = encodeLine(answerMessage(remove, { keys: 1, versions: 3 }, 7));
    expect(line).toBe('{"tipo":"OPERATION_OK","removidas":{"chaves":1,"versoes":3},"id":7}\n');
    expect(answerIn(remove, decoded(line) as MensagemAnswer)).toEqual({ keys: 1, versions: 3 });
    const seen = { keys: 0, versions: 2 };
    expect(answerIn(remove, { tipo: 'OPERATION_OK', id: 7 }, seen)).toEqual(seen);
    for (const removidas of [
      '3',
      '{"chaves":1}',
      '{"chaves":-1,"versoes":1}',
      '{"chaves":1,"versoes":"1"}',
    ]) {
      expect(() => decoded(`{"tipo":"OPERATION_OK","removidas":${removidas},"id":7}`)).toThrow();
    }
  });

  it('a leader says in a PING what all servers hold', () => {
    expect(encodeLine({ tipo: 'PING', hora: 5, emTodos: 0 })).toBe('{"tipo":"PING","hora":5,"emTodos":0}\n');
    expect(decoded('{"tipo":"PING","hora":5,"emTodos":3}')).toEqual({ tipo: 'PING', hora: 5, emTodos: 3 });
    expect(decoded('{"tipo":"PING"}')).toEqual({ tipo: 'PING' });
  });
});
