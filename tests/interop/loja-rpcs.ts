import { expect } from 'vitest';
import type { CallOrder, Outcome } from './clients.js';

const OK = 0;
const CANCELLED = 1;
const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;

/** A client of some library, and the server that it calls. */
interface LojaCalls {
  readonly ask: (order: CallOrder) => Promise<Outcome>;
  /** A key of this client alone. */
  readonly key: (name: string) => string;
  /** Of a server of a fleet, which names itself by its port. */
  readonly port?: number;
  readonly fleet?: string;
  /** Whether its engine compares before it writes. */
  readonly compares?: boolean;
}

const reason = ({ trailers }: Outcome): string => decodeURIComponent(trailers['kvs-erro'] ?? '');

/** Calls every RPC of `frota.v1.Loja` on a server. */
export async function everyLojaRpc({ ask, key, port, fleet, compares = false }: LojaCalls): Promise<void> {
  const call = (name: string, ...requests: object[]): Promise<Outcome> =>
    ask({ rpc: `/frota.v1.Loja/${name}`, requests });
  const loja = async (name: string, ...requests: object[]): Promise<Outcome['answers']> => {
    const outcome = await call(name, ...requests);
    expect(outcome).toMatchObject({ code: OK, details: '' });
    return outcome.answers;
  };
  const [a, b, c] = ['loja/a', 'loja/b', 'loja/ç😀'].map(key) as [string, string, string];
  const batch = [
    ...[a, a, b].map((chave, i) => ({ chave, valor: `v${i}` })),
    { chave: c, valor: '', ttl_s: 3600 },
  ];
  const pares = [...batch, { chave: b, valor: 'é'.repeat(40_000) }];
  expect(await loja('GravaLote', { pares })).toMatchObject([
    { versoes: [1, 2, 1, 1, -1], recusas: [{ indice: 4, codigo: 'VALOR_LONGO' }] },
  ]);
  const written = await loja('Grava', { chave: a, valor: 'ON' }, { chave: b, valor: '21' });
  const line = { expira_ms: '0', atual: true, irma: false };
  expect(written).toMatchObject([
    { chave: a, valor: 'ON', versao: 3, ...line },
    { chave: b, valor: '21', versao: 2, ...line },
  ]);
  const own = { origem: expect.stringMatching(/./) as string, servidor: written[0]?.['servidor'] };
  expect(written[0]).toMatchObject(own);
  if (port !== undefined) expect(written[0]?.['servidor']).toContain(String(port));
  expect(await loja('Le', { chave: a })).toEqual([written[0]]);
  expect(await loja('Le', { chave: a, versao: 2 })).toMatchObject([{ valor: 'v1', versao: 2, atual: false }]);
  expect(await loja('Le', { chave: a, em_ms: written[0]?.['ts_ms'] })).toMatchObject([{ versao: 3 }]);
  expect(await loja('Le', { chave: a, antes_da_ultima: 2 })).toMatchObject([{ versao: 1, ...own }]);
  const missing = await call('Le', { chave: key('loja/não há') });
  expect(missing).toMatchObject({ code: NOT_FOUND, answers: [] });
  expect(reason(missing)).toMatch(/^CHAVE_INEXISTENTE: /);
  const versions = await loja('Historico', { chave: a });
  expect(versions.map(({ versao, atual }) => [versao, atual])).toEqual([
    ...[1, 2].map((versao) => [versao, false]),
    [3, true],
  ]);
  const prefixo = key('loja/');
  const listed = await loja('Lista', { prefixo });
  expect(listed.map(({ chave, versao }) => [chave, versao])).toEqual([
    [a, 3],
    [b, 2],
    [c, 1],
  ]);
  const page = await loja('Lista', { prefixo, depois: a, limite: 1, so_chaves: true });
  expect(page).toMatchObject([{ chave: b, valor: '', versao: 2 }]);
  expect(await loja('Conta', { prefixo })).toEqual([{ chaves: '3', versoes: '6' }]);
  const compared = await call('Compara', { chave: a, versao: 3, valor: 'outro' });
  if (compares) {
    expect(compared).toMatchObject({ code: OK, answers: [{ chave: a, valor: 'outro', versao: 4 }] });
    const refused = await call('Compara', { chave: a, versao: 3, valor: 'tarde' });
    expect(reason(refused)).toMatch(/^VERSAO_OUTRA: /);
  } else {
    expect(compared.code).toBe(UNIMPLEMENTED);
    expect(reason(compared)).toMatch(/^NAO_SUPORTADO: /);
  }
  expect(await loja('Expira', { chave: b, ttl_s: 60 })).toMatchObject([{ chave: b, valor: '21', versao: 3 }]);
  expect(await loja('Apara', { chave: b })).toMatchObject([{ chave: b, versao: 3, atual: true }]);
  expect(await loja('Remove', { chave: a, versao: 1 })).toEqual([{ chaves: '0', versoes: '1' }]);
  expect(await loja('Remove', { chave: a })).toEqual([{ chaves: '1', versoes: compares ? '3' : '2' }]);
  expect(await loja('Remove', { chave: a })).toEqual([{ chaves: '0', versoes: '0' }]);
  const watched = { rpc: '/frota.v1.Loja/Observa', requests: [{ chave: b, tudo: true }], cancelAfter: 2 };
  const watch = await ask(watched);
  expect(watch).toMatchObject({
    code: CANCELLED,
    answers: [{ tipo: 'PRESENTE', linha: { chave: b, valor: '21', versao: 3 } }, { tipo: 'EM_DIA' }],
  });
  const [state] = await loja('Estado', {});
  if (fleet !== undefined) expect(state).toMatchObject({ frota: fleet });
  expect(state).toMatchObject({
    servidores: expect.arrayContaining([
      expect.objectContaining({ eu: true, estado: expect.stringMatching(/^atendendo/) as string }),
    ]) as unknown,
  });
}
