import { describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { mqttDoorLimits } from '../../../src/doors/mqtt/limits.js';
import { readQuestion } from '../../../src/doors/mqtt/question-json.js';

function read(question: unknown): unknown {
  return readQuestion(Buffer.from(typeof question === 'string' ? question : JSON.stringify(question)));
}

function refusal(question: unknown): { code: string; message: string } {
  try {
    read(question);
  } catch (error) {
    if (error instanceof KvsError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error(`taken: ${JSON.stringify(question)}`);
}

describe('questions as JSON', () => {
  it('takes the fields of the contract with every operation', () => {
    const all = { chave: 'a', versao: null, valor: null, pedido: 'abcdefgh-1' };
    expect(read({ op: 'consulta', ...all })).toEqual({ op: 'consulta', chave: 'a' });
    const request = { pedido: 'abcdefgh-1' };
    expect(read({ op: 'remove', ...all })).toEqual({ op: 'remove', chave: 'a', ...request });
    expect(read({ op: 'historico', ...all })).toEqual({ op: 'historico', chave: 'a' });
    expect(read({ op: 'lista', ...all })).toEqual({ op: 'lista', chave: 'a' });
    expect(read({ op: 'insere', ...all, valor: 'v' })).toEqual({
      ...{ op: 'insere', chave: 'a', valor: 'v', pedido: 'abcdefgh-1' },
    });
    expect(read({ op: 'compara', ...all, versao: 3, valor: 'v' })).toEqual({
      ...{ op: 'compara', chave: 'a', versao: 3, valor: 'v', ...request },
    });
  });

  it('ignores a value and a version where they say nothing', () => {
    expect(read({ op: 'consulta', chave: 'a', versao: 2, valor: 'v' })).toEqual({
      ...{ op: 'consulta', chave: 'a', versao: 2 },
    });
    expect(read({ op: 'historico', chave: 'a', versao: 2, valor: '' })).toEqual({
      ...{ op: 'historico', chave: 'a' },
    });
    expect(read({ op: 'lista', prefixo: 'a', versao: 0, valor: '' })).toEqual({ op: 'lista', prefixo: 'a' });
    expect(read({ op: 'insere', chave: 'a', valor: 'v', versao: 0 })).toEqual({
      ...{ op: 'insere', chave: 'a', valor: 'v' },
    });
  });

  it('takes version 0 as none, as the other doors do', () => {
    for (const op of ['consulta', 'remove']) {
      expect(read({ op, chave: 'a', versao: 0 })).toEqual({ op, chave: 'a' });
    }
  });

  it('takes null for every optional field as its absence', () => {
    expect(read({ op: 'consulta', chave: 'a', em: null, ttl: null, limite: null })).toEqual({
      ...{ op: 'consulta', chave: 'a' },
    });
    expect(read({ op: 'insere', chave: 'a', valor: 'v', ttl: null, pedido: null, tentativa: null })).toEqual({
      ...{ op: 'insere', chave: 'a', valor: 'v' },
    });
  });

  it('does nothing that a field forbids, or that a forgotten field would have to say', () => {
    const insert = refusal({ op: 'insere', chave: 'a', valor: 'v', versao: 2 });
    expect(insert.code).toBe('PEDIDO_INVALIDO');
    expect(insert.message).toContain('use compara');
    expect(refusal({ op: 'historico', chave: 'a', em: 1, ttl: 5 }).message).toBe('historico não tem em, ttl');
    expect(refusal({ op: 'insere', chave: 'a', valor: null }).code).toBe('PEDIDO_INVALIDO');
    expect(refusal({ op: 'remove', chave: 'a', versao: -1 }).code).toBe('PEDIDO_INVALIDO');
    expect(refusal({ op: 'remove', chave: null }).code).toBe('PEDIDO_INVALIDO');
    expect(refusal({ op: 'compara', chave: 'a', versao: null, valor: 'v' }).code).toBe('PEDIDO_INVALIDO');
    expect(refusal({ op: 'compara', chave: 'a', versao: 1 }).code).toBe('PEDIDO_INVALIDO');
    expect(read({ op: 'compara', chave: 'a', versao: 1, valor: null })).toMatchObject({ valor: null });
  });

  it('refuses unknown fields, also null ones and those of every object', () => {
    for (const field of ['versão', 'key', 'constructor', 'toString']) {
      const { code, message } = refusal({ op: 'consulta', chave: 'a', [field]: null });
      expect(code).toBe('PEDIDO_INVALIDO');
      expect(message).toBe(`campo desconhecido: ${JSON.stringify(field)}`);
    }
    expect(refusal({ op: 'toString', chave: 'a' }).message).toMatch(/^op: /);
  });

  it('refuses what is no question, with a code', () => {
    for (const bad of ['', '[]', 'null', '7', '{"op":', '{"op":["consulta"]}', '{"op":"consulta"}']) {
      expect(refusal(bad).code, bad).toBe('PEDIDO_INVALIDO');
    }
    expect(refusal('{"op":"consulta","chave":"a","versao":1.0}').message).toContain('inteiros');
    expect(refusal({ op: 'consulta', chave: 'a', versao: 1, em: 1 }).message).toContain('só um dos dois');
    expect(refusal({ op: 'lista', chave: 'a', prefixo: 'b' }).message).toContain('só um dos dois');
    expect(refusal(' '.repeat(mqttDoorLimits.questionBytes + 1)).message).toContain('bytes');
    expect(refusal('{"op":"consulta","chave":"\\ud800"}').code).toBe('CHAVE_INVALIDA');
  });
});
