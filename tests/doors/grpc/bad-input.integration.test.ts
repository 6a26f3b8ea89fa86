import { Client, credentials, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.js';
import { grpcLimits } from '../../../src/doors/grpc/limits.js';
import { connect, reasonOf } from '../../support/kvs-client.js';
import type { MemoryEngine } from '../../support/memory-engine.js';
import { openStand, type Stand } from '../../support/doors.js';

function field(number: number, bytes: Buffer | string): Buffer {
  const content = Buffer.from(bytes as string, 'utf8');
  return Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
}

let stand: Stand<MemoryEngine>;
beforeAll(async () => {
  stand = await openStand();
});
afterAll(() => stand.close());

describe('keys and values like any other', () => {
  it.each([
    ['__proto__'],
    ['constructor'],
    ['hasOwnProperty'],
    ['a!b'],
    ['!!!'],
    ['\n\n\n'],
    ['   '],
    ['\0\0\0'],
    ['😀👩‍👩‍👧‍👦🇧🇷'],
    ['\uFEFFbom'],
    ['ção%20+'],
    ['é'.repeat(limits.keyBytes / 2)],
    ['x'.repeat(limits.keyBytes)],
  ])('%j', async (text) => {
    const { client } = stand;
    expect(await client.consulta(text)).toMatchObject({ chave: '', versao: 0 });
    expect(await client.insere(text, text)).toEqual({ versao: 1, erro: undefined });
    expect(await client.consulta(text)).toEqual({ chave: text, valor: text, versao: 1, erro: undefined });
    expect(await client.snapshot(1)).toEqual([{ chave: text, valor: text, versao: 1 }]);
    expect(await client.remove(text)).toEqual({ versao: 0, erro: undefined });
  });

  it('keeps keys apart that differ only in their normal form', async () => {
    await stand.client.insere('caf\u00e9', 'composta');
    expect((await stand.client.consulta('cafe\u0301')).versao).toBe(0);
    await stand.client.remove('caf\u00e9');
  });
});

describe('refused', () => {
  it('text that is too long, with nothing stored', async () => {
    const long = 'x'.repeat(limits.keyBytes + 1);
    const { client, engine } = stand;
    const before = engine.calls;
    const refused = {
      key: await client.insere(long, 'valor'),
      value: await client.insere('chave', long),
      query: await client.consulta(long),
      remove: await client.remove(long),
    };
    expect(Object.values(refused).map((answer) => answer.erro?.split(':')[0])).toEqual([
      'CHAVE_LONGA',
      'VALOR_LONGO',
      'CHAVE_LONGA',
      'CHAVE_LONGA',
    ]);
    expect([refused.key.versao, refused.value.versao, refused.remove.versao]).toEqual([-1, -1, -1]);
    expect(refused.query).toMatchObject({ chave: '', valor: '', versao: 0 });
    expect(engine.calls).toBe(before);
  });

  it('bytes that are not UTF-8, with nothing stored', async () => {
    const { client, engine } = stand;
    const before = engine.calls;
    for (const bad of ['ff6162', 'c0af6162', 'eda0806162', '61e282', 'f490808061']) {
      const bytes = Buffer.from(bad, 'hex');
      const key = await client.insereBytes(Buffer.concat([field(1, bytes), field(2, 'valor')]));
      expect(key.resposta).toEqual({ versao: -1 });
      expect(key.erro).toMatch(/^CHAVE_INVALIDA: /);
      const value = await client.insereBytes(Buffer.concat([field(1, 'chave'), field(2, bytes)]));
      expect(value.resposta).toEqual({ versao: -1 });
      expect(value.erro).toMatch(/^VALOR_INVALIDO: /);
      const query = await client.insereBytes(field(1, bytes), 'Consulta');
      expect(query.resposta).toMatchObject({ chave: '', valor: '', versao: 0 });
      expect(query.erro).toMatch(/^CHAVE_INVALIDA: /);
      expect((await client.insereBytes(field(1, bytes), 'Remove')).resposta).toEqual({ versao: -1 });
    }
    expect(engine.calls).toBe(before);
  });

  it('bytes that are not UTF-8 in a copy, with nothing stored', async () => {
    const { engine, doors } = stand;
    const client = new Client(`127.0.0.1:${doors.port}`, credentials.createInsecure());
    const pass = (bytes: Buffer): Buffer => bytes;
    const refusalOf = (message: Buffer): Promise<unknown> =>
      new Promise((resolve) => {
        const call = client.makeBidiStreamRequest('/kvs.Copia/Importa', pass, pass);
        call.on('data', resolve).on('error', resolve);
        call.end(message);
      });
    const before = engine.calls;
    const numbers = Buffer.from('18012005', 'hex');
    const bad = Buffer.from('61ff62', 'hex');
    const key = await refusalOf(Buffer.concat([field(1, bad), field(2, 'valor'), numbers]));
    expect(key).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(reasonOf(key)).toBe('0:CHAVE_INVALIDA');
    const value = await refusalOf(Buffer.concat([field(1, 'chave'), field(2, bad), numbers]));
    expect(reasonOf(value)).toBe('0:VALOR_INVALIDO');
    for (const none of ['18002005', '18012000', '1801']) {
      const row = Buffer.concat([field(1, 'chave'), field(2, 'valor'), Buffer.from(none, 'hex')]);
      expect(reasonOf(await refusalOf(row))).toBe('0:PEDIDO_INVALIDO');
    }
    expect(engine.calls).toBe(before);
    client.close();
  });

  it('bytes that are no message, with INVALID_ARGUMENT', async () => {
    for (const name of ['Insere', 'Consulta', 'Remove', 'Snapshot']) {
      const call = stand.client.insereBytes(Buffer.from('0aff', 'hex'), name);
      const error: unknown = await call.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
      expect(reasonOf(error)).toMatch(/^PEDIDO_INVALIDO: /);
    }
  });

  it('a message over the size limit, with RESOURCE_EXHAUSTED, while others are served', async () => {
    const huge = 'x'.repeat(grpcLimits.messageBytes);
    const other = connect(stand.doors.port);
    const before = stand.engine.calls;
    await expect(stand.client.insere('chave', huge)).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    });
    await expect(
      stand.client.insereVarias([
        ['chave', huge],
        ['chave', 'valor'],
      ]),
    ).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(stand.engine.calls).toBe(before);
    expect((await other.insere('outra', 'valor')).versao).toBe(1);
    await other.remove('outra');
    other.close();
  });
});

describe('the minimum length as an option', () => {
  it.each([0, 1, 5])('%d', async (minimum) => {
    const other = await openStand(minimum);
    const text = '😀'.repeat(minimum);
    expect((await other.client.insere(text, text)).versao).toBe(1);
    expect(await other.client.consulta(text)).toMatchObject({ chave: text, valor: text, versao: 1 });
    if (minimum > 0) {
      const refused = await other.client.insere(text.slice(2), text);
      expect(refused.versao).toBe(-1);
      expect(refused.erro).toContain(String(minimum));
    }
    await other.close();
  });
});
