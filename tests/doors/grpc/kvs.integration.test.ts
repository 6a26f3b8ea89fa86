import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KvsError, type ErrorCode } from '../../../src/core/errors.js';
import { limits } from '../../../src/core/limits.js';
import { GRPC_OUTCOMES } from '../../../src/doors/grpc/errors.js';
import { reasonOf } from '../../support/kvs-client.js';
import { AsyncMemoryEngine } from '../../support/memory-engine.js';
import { openStand, openStandOn, type Stand } from '../../support/doors.js';
import type { Engine } from '../../../src/ports/engine.js';
import { verbs } from '../../support/verbs.js';

const BLANK = { chave: '', valor: '', versao: 0 };
const NO_VERSION = [undefined, 0, -1, -(2 ** 31)];

describe.each([
  ['an engine that answers at once', openStand],
  ['an engine that answers with promises', () => openStandOn(new AsyncMemoryEngine())],
])('kvs.KVS on %s', (_name, open) => {
  let stand: Stand<Engine>;
  beforeEach(async () => {
    stand = await open();
  });
  afterEach(() => stand.close());

  it('inserts versions 1, 2, 3 of a key', async () => {
    const { client } = stand;
    for (const versao of [1, 2, 3]) {
      expect(await client.insere('chave', `valor ${String(versao)}`)).toEqual({ versao, erro: undefined });
    }
    expect((await client.insere('outra', 'valor')).versao).toBe(1);
  });

  it('queries the greatest version up to the one asked, or the latest', async () => {
    const { client } = stand;
    for (const valor of ['um1', 'dois', 'tres']) await client.insere('chave', valor);
    await client.remove('chave', 2);
    expect(await client.consulta('chave', 1)).toMatchObject({ chave: 'chave', valor: 'um1', versao: 1 });
    expect(await client.consulta('chave', 2)).toMatchObject({ valor: 'um1', versao: 1 });
    for (const asked of [3, 4, 2 ** 31 - 1, ...NO_VERSION]) {
      expect(await client.consulta('chave', asked)).toEqual({
        chave: 'chave',
        valor: 'tres',
        versao: 3,
        erro: undefined,
      });
    }
  });

  it('answers blank where there is nothing, and says what is missing', async () => {
    const { client } = stand;
    await client.insere('chave', 'valor');
    await client.insere('chave', 'outro');
    await client.remove('chave', 1);
    const unknown = await client.consulta('nenhuma');
    expect(unknown).toMatchObject(BLANK);
    expect(unknown.erro).toMatch(/^CHAVE_INEXISTENTE: /);
    expect((await client.consulta('nenhuma', 5)).erro).toMatch(/^CHAVE_INEXISTENTE: /);
    const early = await client.consulta('chave', 1);
    expect(early).toMatchObject(BLANK);
    expect(early.erro).toMatch(/^VERSAO_INEXISTENTE: /);
  });

  it('removes exactly the version named', async () => {
    const { client } = stand;
    for (const valor of ['um1', 'dois', 'tres']) await client.insere('chave', valor);
    expect(await client.remove('chave', 2)).toEqual({ versao: 2, erro: undefined });
    expect(await client.remove('chave', 2)).toMatchObject({ versao: -1 });
    expect((await client.remove('chave', 9)).erro).toMatch(/^VERSAO_INEXISTENTE: /);
    expect((await client.consulta('chave', 2)).versao).toBe(1);
    expect((await client.consulta('chave')).versao).toBe(3);
  });

  it.each(NO_VERSION)('removes all versions if none is named (%s), and goes on counting', async (none) => {
    const { client } = stand;
    for (const valor of ['um1', 'dois']) await client.insere('chave', valor);
    expect(await client.remove('chave', none)).toEqual({ versao: 0, erro: undefined });
    expect(await client.consulta('chave')).toMatchObject(BLANK);
    const again = await client.remove('chave', none);
    expect(again.versao).toBe(-1);
    expect(again.erro).toMatch(/^CHAVE_INEXISTENTE: /);
    expect((await client.insere('chave', 'tres')).versao).toBe(3);
  });

  it('refuses what is too short, and stores nothing', async () => {
    const { client } = stand;
    const codes = async (answers: Promise<{ erro: string | undefined }>[]) =>
      (await Promise.all(answers)).map((answer) => answer.erro?.split(':')[0]);
    expect(
      await codes([
        client.insere('ab', 'valor'),
        client.insere('chave', 'va'),
        client.insere('', ''),
        client.consulta('ab'),
        client.remove('ab'),
      ]),
    ).toEqual(['CHAVE_CURTA', 'VALOR_CURTO', 'CHAVE_CURTA', 'CHAVE_CURTA', 'CHAVE_CURTA']);
    expect((await client.insere('ab', 'valor')).versao).toBe(-1);
    expect(await client.consulta('ab')).toMatchObject(BLANK);
    expect((await client.remove('ab')).versao).toBe(-1);
    expect(await client.snapshot()).toEqual([BLANK]);
  });

  it('shows and removes a short key that another door has inserted', async () => {
    const { client, engine } = stand;
    for (const valor of ['1', '', '3']) await verbs(engine).insert('x', valor);
    expect(await client.consulta('x')).toEqual({ chave: 'x', valor: '3', versao: 3, erro: undefined });
    expect((await client.consultaVarias([{ chave: 'x', versao: 1 }])).resposta).toMatchObject([
      { valor: '1' },
    ]);
    expect((await client.remove('x', 2)).versao).toBe(2);
    const gone = await client.remove('x', 2);
    expect(gone).toMatchObject({
      versao: -1,
      erro: expect.stringMatching(/^VERSAO_INEXISTENTE: /) as string,
    });
    expect((await client.insere('x', 'valor')).erro).toMatch(/^CHAVE_CURTA: /);
    expect(await client.removeVarias(['x', 'x'])).toEqual({ resposta: [0, -1], erro: '1:CHAVE_CURTA' });
    expect(await client.consulta('x')).toMatchObject(BLANK);
  });

  it('answers a stream request by request, in order', async () => {
    const { client } = stand;
    const inserted = await client.insereVarias([
      ['aaa', 'um1'],
      ['aaa', 'dois'],
      ['b', 'curta'],
      ['ccc', 'va'],
      ['aaa', 'tres'],
    ]);
    expect(inserted.resposta).toEqual([1, 2, -1, -1, 3]);
    expect(inserted.erro).toBe('2:CHAVE_CURTA,3:VALOR_CURTO');

    const found = await client.consultaVarias([
      { chave: 'aaa', versao: 2 },
      'aaa',
      'zzz',
      { chave: 'aaa', versao: -1 },
    ]);
    expect(found.resposta).toEqual([
      { chave: 'aaa', valor: 'dois', versao: 2 },
      { chave: 'aaa', valor: 'tres', versao: 3 },
      BLANK,
      { chave: 'aaa', valor: 'tres', versao: 3 },
    ]);
    expect(found.erro).toBe('2:CHAVE_INEXISTENTE');

    const removed = await client.removeVarias([
      { chave: 'aaa', versao: 1 },
      { chave: 'aaa', versao: 1 },
      'aaa',
      'aaa',
    ]);
    expect(removed.resposta).toEqual([1, -1, 0, -1]);
    expect(removed.erro).toBe('1:VERSAO_INEXISTENTE,3:CHAVE_INEXISTENTE');
  });

  it('takes an empty stream', async () => {
    expect(await stand.client.insereVarias([])).toEqual({ resposta: [], erro: undefined });
  });

  it('lists no more than the first 32 errors of a stream', async () => {
    const { resposta, erro } = await stand.client.removeVarias(Array.from({ length: 100 }, () => 'nada'));
    expect(resposta).toEqual(Array.from({ length: 100 }, () => -1));
    expect(erro?.split(',')).toEqual(Array.from({ length: 32 }, (_, i) => `${String(i)}:CHAVE_INEXISTENTE`));
  });

  it('answers before the client half-closes', async () => {
    const call = stand.client.open<{ versao: number }>('InsereVarias');
    for (const versao of [1, 2, 3]) {
      const answer = new Promise((resolve) => call.once('data', resolve));
      call.write({ chave: 'chave', valor: 'valor' });
      expect(await answer).toEqual({ versao });
    }
    const ended = new Promise((resolve) => call.once('end', resolve));
    call.end();
    await ended;
  });

  it('shows a snapshot at a version', async () => {
    const { client } = stand;
    await client.insereVarias([
      ['aaa', 'a1 '],
      ['aaa', 'a2 '],
      ['bbb', 'b1 '],
      ['ccc', 'c1 '],
      ['ccc', 'c2 '],
    ]);
    await client.remove('ccc', 1);
    const sorted = async (versao: number) =>
      (await client.snapshot(versao)).map((row) => `${row.chave}${String(row.versao)}${row.valor}`).sort();
    expect(await sorted(1)).toEqual(['aaa1a1 ', 'bbb1b1 ']);
    for (const latest of [0, -7, 2, 2 ** 31 - 1]) {
      expect(await sorted(latest)).toEqual(['aaa2a2 ', 'bbb1b1 ', 'ccc2c2 ']);
    }
    await client.remove('aaa');
    await client.remove('bbb');
    expect(await client.snapshot(1)).toEqual([BLANK]);
  });
});

describe('kvs.KVS and errors of the engine', () => {
  const unexpected = (Object.keys(GRPC_OUTCOMES) as ErrorCode[]).filter(
    (code) => !GRPC_OUTCOMES[code].expected && code !== 'INTERNO',
  );

  it.each(unexpected)('ends every RPC with the status of %s', async (code) => {
    const stand = await openStand();
    try {
      const { client, engine } = stand;
      engine.refusal = new KvsError(code, 'agora não: é um teste');
      const outcome = { code: GRPC_OUTCOMES[code].status, details: encodeURI('agora não: é um teste') };
      const unary = [
        client.insere('chave', 'valor'),
        client.consulta('chave'),
        client.remove('chave'),
        client.snapshot(),
      ];
      for (const call of unary) {
        const error: unknown = await call.catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: outcome.code });
        expect(reasonOf(error)).toBe(`${code}: agora não: é um teste`);
      }
      const long = 'a'.repeat(limits.keyBytes + 1);
      const streams = [
        () =>
          client.insereVarias([
            [long, 'valor'],
            ['chave', 'valor'],
          ]),
        () => client.consultaVarias([long, 'chave']),
        () => client.removeVarias([long, 'chave']),
      ];
      for (const call of streams) {
        const error: unknown = await call().catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: outcome.code });
        expect(reasonOf(error)).toBe(`0:CHAVE_LONGA,1:${code}`);
      }
    } finally {
      await stand.close();
    }
  });

  it('answers -1 when the counter is exhausted', async () => {
    const stand = await openStand();
    stand.engine.pretendGreatest('chave', 2 ** 31 - 2);
    expect((await stand.client.insere('chave', 'valor')).versao).toBe(2 ** 31 - 1);
    const refused = await stand.client.insere('chave', 'valor');
    expect(refused.versao).toBe(-1);
    expect(refused.erro).toMatch(/^VERSAO_ESGOTADA/);
    expect((await stand.client.consulta('chave')).versao).toBe(2 ** 31 - 1);
    await stand.close();
  });

  it('answers INTERNAL for a bug, with the cause in the log alone', async () => {
    const stand = await openStandOn(
      Object.assign(new AsyncMemoryEngine(), {
        write: () => {
          throw new TypeError('segredo');
        },
        read: () => Promise.reject(new TypeError('segredo')),
        scan: () => {
          throw new TypeError('segredo');
        },
      }),
    );
    const { client } = stand;
    const calls = [
      client.insere('chave', 'valor'),
      client.consulta('chave'),
      client.snapshot(),
      client.insereVarias([['chave', 'valor']]),
      client.consultaVarias(['chave']),
    ];
    for (const call of calls) {
      const error: unknown = await call.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: status.INTERNAL });
      expect(String(error) + String(reasonOf(error))).not.toContain('segredo');
    }
    expect(stand.logger.lines.filter((line) => line.level === 'error')).toHaveLength(calls.length);
    await stand.close();
  });
});
