import { afterEach, describe, expect, it } from 'vitest';
import { check, expectAllRight, only, quick } from './checks.js';
import { NaiveKvs } from './naive-kvs.js';
import type { KvsFlaw } from './naive-kvs.js';

let servers: NaiveKvs[] = [];
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
});

const ports = (): number[] => servers.map(({ port }) => port);
describe('kvs confere: a server of kvs.KVS that somebody else wrote', () => {
  it('passes, alone and with others, and nothing is left at any', async () => {
    servers = await NaiveKvs.startSome(3);
    const checked = await check('kvs', ports(), ...quick);
    expect(checked.warned).toEqual(['motivo-do-erro']);
    expectAllRight({ ...checked, warned: [] });
    expect(servers.flatMap(({ keys }) => keys)).toEqual([]);
  });

  it.each<[KvsFlaw, readonly string[], RegExp]>([
    ['counter-restarts', ['conta-depois-de-remover-tudo'], /contador da chave precisa sobreviver/],
    ['one-counter', ['insere-conta-por-chave'], /um para cada chave/],
    [
      'exact-version',
      ['consulta-a-maior-ate-a-pedida', 'consulta-onde-falta-uma'],
      /maior versão que não passa/,
    ],
    ['zero-is-a-version', ['consulta-versao-0-e-negativa'], /versao <= 0/],
    ['snapshot-without-latest', ['snapshot-ultimas'], /última versão de cada chave/],
    ['snapshot-shows-removed', ['snapshot-sem-as-removidas'], /não aparece/],
    ['waits-for-the-end', ['insere-varias-ao-chegar', 'consulta-varias-ao-chegar'], /só responde no fim/],
    ['remove-up-to', ['remove-exatamente-a-versao'], /tira só essa entrada/],
    ['remove-answers-latest', ['remove-todas'], /responde 0/],
    ['error-as-status', ['remove-o-que-nao-existe'], /exceção escapou/],
    ['echoes-key', ['consulta-chave-inexistente'], /também a chave vem em branco/],
    ['counts-bytes', ['valor-curto'], /contado em bytes/],
    ['no-minimum', ['valor-curto', 'chave-curta'], /--minimo/],
    ['drops-old-versions', ['consulta-uma-versao'], /todas as versões de uma chave ficam/],
    ['stream-stops-at-error', ['remove-varias'], /exatamente uma mensagem/],
    ['without-snapshot', ['snapshot-ultimas'], /não oferece Snapshot/],
  ])('%s: named by its case', async (flaw, ids, cause) => {
    servers = [await NaiveKvs.start(flaw)];
    const checked = await check('kvs', ports(), ...quick, ...only(ids));
    expect(checked.code).toBe(1);
    expect(checked.failed).toEqual(ids);
    expect(checked.of(ids[0] ?? '').causa).toMatch(cause);
    expect(servers[0]?.keys).toEqual([]);
  });

  it.each<[KvsFlaw, readonly string[]]>([
    ['minus-one-for-none', ['consulta-chave-inexistente']],
    ['remove-needs-absence', ['remove-versao-0-e-negativa', 'remove-varias']],
  ])('%s: no other case fails for it, and the keys are removed all the same', async (flaw, ids) => {
    servers = [await NaiveKvs.start(flaw)];
    const { failed, stderr } = await check('kvs', ports(), ...quick);
    expect({ failed, stderr }).toEqual({ failed: ids, stderr: '' });
    expect(servers[0]?.keys).toEqual([]);
  });

  it.each<[KvsFlaw, string]>([
    ['not-replicated', 'replica-insere'],
    ['renumbers-replicas', 'replica-insere'],
  ])('%s: named by its case', async (flaw, id) => {
    servers = await NaiveKvs.startSome(2, flaw);
    const checked = await check('kvs', ports(), ...quick, ...only([id]));
    expect(checked.failed).toEqual([id]);
    expect(checked.of(id).causa).toContain('não chegou aos outros servidores');
    expect(servers.flatMap(({ keys }) => keys)).toEqual([]);
  });
});
