import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { limits } from '../../../src/core/limits.js';
import type { Engine } from '../../../src/ports/engine.js';
import { openStandOn } from '../../support/doors.js';
import type { Stand } from '../../support/doors.js';
import { DoorClient, loadService, reasonOf } from '../../support/door-client.js';
import { AsyncMemoryEngine, MemoryEngine } from '../../support/memory-engine.js';
import { TermsClient } from '../../support/terms-client.js';

const service = loadService('loja.proto', 'frota.v1.Loja');

interface Linha {
  readonly chave: string;
  readonly valor: string;
  readonly versao: number;
  readonly ts_ms: string;
}
interface Gravado {
  readonly versoes: readonly number[];
  readonly recusas: readonly {
    readonly indice: number;
    readonly codigo: string;
    readonly mensagem: string;
  }[];
}

describe.each([
  ['an engine that answers at once', () => new MemoryEngine()],
  ['an engine whose answers take time', () => new AsyncMemoryEngine()],
] as const)('frota.v1.Loja on %s', (_, open) => {
  let engine: MemoryEngine;
  let stand: Stand<Engine>;
  let client: DoorClient;
  let terms: TermsClient;

  beforeEach(async () => {
    const opened = open();
    engine = opened instanceof MemoryEngine ? opened : opened.inner;
    stand = await openStandOn<Engine>(opened);
    client = new DoorClient(service, stand.doors.port);
    terms = new TermsClient(stand.doors.port, service);
  });
  afterEach(async () => {
    client.close();
    terms.close();
    await stand.close();
  });

  const ask = async <T = Linha>(name: string, request: object): Promise<T> =>
    (await client.unary<T>(name, request)).resposta;
  const write = (...pares: readonly object[]): Promise<Gravado> => ask<Gravado>('GravaLote', { pares });
  /** `STATUS CODE` of a call that fails. */
  const refusal = async (call: Promise<unknown>): Promise<string> => {
    const thrown: unknown = await call.then(
      () => undefined,
      (error: unknown) => error,
    );
    const { code } = thrown as { readonly code: number };
    return `${status[code] ?? ''} ${reasonOf(thrown)?.replace(/:.*/s, '') ?? ''}`;
  };

  describe('a batch', () => {
    it('gives each pair a version, in order, and tells each refusal in its place', async () => {
      const long = 'x'.repeat(limits.valueBytes + 1);
      const answer = await write(
        ...[1, 2, 3].map((i) => ({ chave: 'a', valor: `v${i}` })),
        ...[
          { chave: '', valor: '' },
          { chave: 'b', valor: long },
          { chave: long, valor: 'x' },
        ],
        ...[
          { chave: 'c', valor: 'ON', ttl_s: 60 },
          { chave: 'd', ttl_s: limits.ttlSeconds + 1 },
        ],
        { chave: 'a', valor: 'v4' },
      );
      expect(answer.versoes).toEqual([1, 2, 3, 1, -1, -1, 1, -1, 4]);
      expect(answer.recusas.map(({ indice, codigo }) => [indice, codigo])).toEqual([
        ...[
          [4, 'VALOR_LONGO'],
          [5, 'CHAVE_LONGA'],
          [7, 'PEDIDO_INVALIDO'],
        ],
      ]);
      const history = await client.collect<Linha>('Historico', { chave: 'a' });
      expect(history.map(({ valor }) => valor)).toEqual(['v1', 'v2', 'v3', 'v4']);
      const moments = history.map(({ ts_ms }) => Number(ts_ms));
      expect(moments).toEqual([...new Set(moments)].sort((x, y) => x - y));
    });

    it('of thousands is written whole, those of one key in order', async () => {
      const pares = Array.from({ length: 5000 }, (_each, i) => ({ chave: `k${i % 50}`, valor: String(i) }));
      const { versoes, recusas } = await write(...pares);
      expect(recusas).toEqual([]);
      expect(versoes).toEqual(pares.map((_each, i) => Math.floor(i / 50) + 1));
      const history = await client.collect<Linha>('Historico', { chave: 'k7' });
      expect(history.map(({ valor }) => Number(valor))).toEqual(
        Array.from({ length: 100 }, (_each, i) => 50 * i + 7),
      );
    });

    it('may be empty, and has at most so many pairs', async () => {
      expect(await write()).toEqual({ versoes: [], recusas: [] });
      const calls = engine.calls;
      const tooMany = { pares: Array.from({ length: 10_001 }, () => ({})) };
      expect(await refusal(client.unary('GravaLote', tooMany))).toBe('INVALID_ARGUMENT PEDIDO_INVALIDO');
      expect(engine.calls).toBe(calls);
    });

    it('may be larger than other requests, and is refused beyond that', async () => {
      const pares = Array.from({ length: 60 }, (_each, i) => ({ chave: `k${i}`, valor: 'x'.repeat(60_000) }));
      expect((await write(...pares)).versoes).toEqual(pares.map(() => 1));
      const more = { pares: [...pares, ...pares] };
      expect(await refusal(client.unary('GravaLote', more))).toMatch(/^RESOURCE_EXHAUSTED/);
    });

    it('fails as a whole if the server lets nobody write, and not if one pair was written', async () => {
      engine.refusal = new KvsError('SERVIDOR_ENTRANDO', 'ainda não');
      expect(await refusal(write({ chave: 'a' }, { chave: 'b' }))).toBe('UNAVAILABLE SERVIDOR_ENTRANDO');
      engine.refusal = undefined;
      engine.pretendGreatest('z', limits.version);
      expect((await write({ chave: 'z' }, { chave: 'z' })).recusas).toMatchObject([
        ...[
          { indice: 0, codigo: 'VERSAO_ESGOTADA' },
          { indice: 1, codigo: 'VERSAO_ESGOTADA' },
        ],
      ]);
    });

    it('takes the ttl of its call for pairs without one, and no request id', async () => {
      const metadata = client.metadata;
      metadata.set('kvs-ttl', '30');
      await write({ chave: 'a' }, { chave: 'b', ttl_s: 90 });
      const life = ({ ts_ms, ...line }: Linha & { readonly expira_ms?: string }): number =>
        Number(line.expira_ms) - Number(ts_ms);
      expect([life(await ask('Le', { chave: 'a' })), life(await ask('Le', { chave: 'b' }))]).toEqual([
        ...[30_000, 90_000],
      ]);
      metadata.remove('kvs-ttl');
      metadata.set('kvs-pedido', `${Date.now().toString(36)}-abcdefghijkl`);
      expect(await refusal(write({ chave: 'a' }))).toBe('UNIMPLEMENTED NAO_SUPORTADO');
      expect(await refusal(client.converse('Grava', [{ chave: 'a' }]))).toBe('UNIMPLEMENTED NAO_SUPORTADO');
    });
  });

  it('a stream of pairs ends at the first that is refused, with those before it written', async () => {
    const ended = await terms.call<Linha>('Grava', [
      ...[
        { chave: 'a', valor: '1' },
        { chave: 'a', valor: '2', ttl_s: 5 },
      ],
      ...[{ chave: 'b', valor: 'x'.repeat(limits.valueBytes + 1) }, { chave: 'c' }],
    ]);
    expect(ended).toMatchObject({ code: status.INVALID_ARGUMENT, erro: '2:VALOR_LONGO' });
    expect(ended.replies.map(({ chave, valor, versao }) => [chave, valor, versao])).toEqual([
      ['a', '1', 1],
      ['a', '2', 2],
    ]);
    expect(ended.replies[0]).toEqual(
      await ask('Le', { chave: 'a', versao: 1 }).then((line) => ({ ...line, atual: true })),
    );
  });

  it('reads a version, a moment, or so many before the latest', async () => {
    await write(...[1, 2, 3, 4].map((i) => ({ chave: 'a', valor: `v${i}` })));
    await ask('Remove', { chave: 'a', versao: 3 });
    const [first, second] = (await client.collect<Linha>('Historico', { chave: 'a' })) as [Linha, Linha];
    const value = async (request: object): Promise<string> =>
      (await ask('Le', { chave: 'a', ...request })).valor;
    expect(await value({})).toBe('v4');
    expect(await value({ versao: 3 })).toBe('v2');
    expect(await value({ versao: 99 })).toBe('v4');
    expect(await value({ em_ms: second.ts_ms })).toBe('v2');
    expect(await value({ em_ms: first.ts_ms })).toBe('v1');
    expect(await value({ antes_da_ultima: 0 })).toBe('v4');
    expect(await value({ antes_da_ultima: 2 })).toBe('v1');
    for (const none of [
      { versao: 0 },
      { em_ms: 5 },
      { antes_da_ultima: 3 },
      { antes_da_ultima: 2 ** 32 - 1 },
    ]) {
      expect(await refusal(client.unary('Le', { chave: 'a', ...none }))).toBe('NOT_FOUND VERSAO_INEXISTENTE');
    }
    for (const none of [{}, { versao: 1 }, { antes_da_ultima: 1 }]) {
      expect(await refusal(client.unary('Le', { chave: 'b', ...none }))).toBe('NOT_FOUND CHAVE_INEXISTENTE');
    }
    expect(await client.collect('Historico', { chave: 'b' })).toEqual([]);
  });

  it('lists and counts in the order of code points, by pages', async () => {
    const keys = ['a', 'a/1', 'a/2', 'a/\u{1f600}', 'a/\uffee', 'b', 'ç'];
    await write(...keys.map((chave) => ({ chave, valor: '1' })), { chave: 'a/1', valor: '2' });
    const list = async (request: object): Promise<string[]> =>
      (await client.collect<Linha>('Lista', request)).map(({ chave }) => chave);
    const inOrder = ['a', 'a/1', 'a/2', 'a/\uffee', 'a/\u{1f600}', 'b', 'ç'];
    expect(await list({})).toEqual(inOrder);
    expect(await list({ prefixo: 'a/' })).toEqual(inOrder.slice(1, 5));
    expect(await list({ de: 'a/2', ate: 'b' })).toEqual(inOrder.slice(2, 6));
    expect(await list({ de: 'b', ate: 'a' })).toEqual([]);
    const paged: string[] = [];
    for (
      let page = await list({ limite: 2 });
      page.length > 0;
      page = await list({ limite: 2, depois: page.at(-1) })
    ) {
      paged.push(...page);
    }
    expect(paged).toEqual(inOrder);
    expect(await client.collect('Lista', { prefixo: 'a/1', so_chaves: true })).toMatchObject([
      { chave: 'a/1', valor: '', versao: 2 },
    ]);
    expect(await client.collect('Lista', { prefixo: 'a/1', versao: 1 })).toMatchObject([
      { valor: '1', versao: 1 },
    ]);
    expect(await ask('Conta', {})).toEqual({ chaves: '7', versoes: '8' });
    expect(await ask('Conta', { prefixo: 'a/', depois: 'a/1', limite: 1 })).toEqual({
      chaves: '3',
      versoes: '3',
    });
    expect(await ask('Conta', { prefixo: 'nada' })).toEqual({ chaves: '0', versoes: '0' });
    for (const [name, request] of [
      ['Lista', { versao: 1, em_ms: 1 }],
      ['Lista', { versao: -1 }],
      ['Lista', { em_ms: -1 }],
      ['Conta', { versao: 1 }],
      ['Conta', { em_ms: 1 }],
    ] as const) {
      const call = name === 'Lista' ? client.collect(name, request) : client.unary(name, request);
      expect(await refusal(call), JSON.stringify(request)).toBe('INVALID_ARGUMENT PEDIDO_INVALIDO');
    }
  });

  it('compares before it writes or removes', async () => {
    expect(await ask('Compara', { chave: 'a', versao: 0, valor: 'um' })).toMatchObject({
      versao: 1,
      atual: true,
    });
    const again = client.unary('Compara', { chave: 'a', versao: 0, valor: 'dois' });
    expect(await refusal(again)).toBe('FAILED_PRECONDITION VERSAO_OUTRA');
    const renewed = await ask('Compara', { chave: 'a', versao: 1, valor: 'dois', ttl_s: 60 });
    expect(renewed).toEqual(await ask('Le', { chave: 'a' }));
    for (const wrong of [
      { versao: 0, remove: true },
      { versao: 2, remove: true, valor: 'x' },
      { versao: 2, remove: true, ttl_s: 1 },
      { versao: -1, valor: 'x' },
      { versao: 2, valor: 'x', ttl_s: 2 ** 32 - 1 },
    ]) {
      const call = client.unary('Compara', { chave: 'a', ...wrong });
      expect(await refusal(call), JSON.stringify(wrong)).toBe('INVALID_ARGUMENT PEDIDO_INVALIDO');
    }
    const stale = client.unary('Compara', { chave: 'a', versao: 1, remove: true });
    expect(await refusal(stale)).toBe('FAILED_PRECONDITION VERSAO_OUTRA');
    const removed = await ask('Compara', { chave: 'a', versao: 2, remove: true });
    expect(removed).toEqual({ ...renewed, atual: false });
    expect(await refusal(client.unary('Le', { chave: 'a' }))).toBe('NOT_FOUND CHAVE_INEXISTENTE');
  });

  it('removes, and counts what it removed', async () => {
    await write(...[1, 2, 3].map((i) => ({ chave: 'a', valor: `v${i}` })), { chave: 'b' });
    const remove = (request: object): Promise<object> => ask('Remove', request);
    expect(await remove({ chave: 'a', versao: 2 })).toEqual({ chaves: '0', versoes: '1' });
    expect(await remove({ chave: 'a', versao: 2 })).toEqual({ chaves: '0', versoes: '0' });
    expect(await remove({ chave: 'a' })).toEqual({ chaves: '1', versoes: '2' });
    expect(await remove({ chave: 'a' })).toEqual({ chaves: '0', versoes: '0' });
    expect(await remove({ chave: 'b', versao: 1 })).toEqual({ chaves: '1', versoes: '1' });
    expect(await refusal(client.unary('Remove', { chave: 'b', versao: -1 }))).toBe(
      'INVALID_ARGUMENT PEDIDO_INVALIDO',
    );
  });

  it('trims, and sets, renews and lifts what expires', async () => {
    await write(...[1, 2].map((i) => ({ chave: 'a', valor: `v${i}` })));
    expect(await ask('Apara', { chave: 'a' })).toMatchObject({ valor: 'v2', versao: 2, atual: true });
    expect(await ask('Conta', {})).toEqual({ chaves: '1', versoes: '1' });
    expect(await refusal(client.unary('Apara', { chave: 'b' }))).toBe('NOT_FOUND CHAVE_INEXISTENTE');
    const set = await ask<Linha & { expira_ms: string }>('Expira', { chave: 'a', ttl_s: 60 });
    expect(set).toMatchObject({ valor: 'v2', versao: 3 });
    expect(Number(set.expira_ms) - Date.now()).toBeGreaterThan(50_000);
    expect(await ask('Expira', { chave: 'a' })).toMatchObject({ valor: 'v2', versao: 4, expira_ms: '0' });
    expect(await refusal(client.unary('Expira', { chave: 'b' }))).toBe('NOT_FOUND CHAVE_INEXISTENTE');
    const long = client.unary('Expira', { chave: 'a', ttl_s: limits.ttlSeconds + 1 });
    expect(await refusal(long)).toBe('INVALID_ARGUMENT PEDIDO_INVALIDO');
  });

  it('tells of the fleet what it knows without a source: itself', async () => {
    const address = `127.0.0.1:${stand.doors.port}`;
    expect(await ask('Estado', {})).toMatchObject({
      servidores: [{ nome: address, endereco: address, estado: 'atendendo', eu: true }],
      de_acordo: true,
    });
  });

  it('refuses what is no text, with nothing asked of the engine', async () => {
    const calls = engine.calls;
    const key = Buffer.from('0a02c0af', 'hex');
    for (const name of ['Le', 'Remove', 'Apara', 'Expira', 'Compara', 'Conta']) {
      expect(await refusal(client.unary(name, key)), name).toBe('INVALID_ARGUMENT CHAVE_INVALIDA');
      expect(await refusal(client.unary(name, Buffer.from('0aff', 'hex'))), name).toMatch(/PEDIDO_INVALIDO$/);
    }
    expect(engine.calls).toBe(calls);
  });
});
