import { afterEach, describe, expect, it } from 'vitest';
import { check, expectAllRight, only, quick } from './checks.js';
import { NaiveKeyValue } from './naive-keyvalue.js';
import type { KeyValueFlaw } from './naive-keyvalue.js';

let servers: NaiveKeyValue[] = [];
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
});

const ports = (): number[] => servers.map(({ port }) => port);

describe('kvs confere: a server of KeyValueStore that somebody else wrote', () => {
  it('passes, alone and with others, under one name alone, and nothing is left at any', async () => {
    servers = await NaiveKeyValue.startSome(2);
    const checked = await check('keyvaluestore', ports(), ...quick);
    expect(checked.warned).toEqual(['os-dois-nomes']);
    expect(checked.skipped).toEqual(['mesmos-dados-de-kvs']);
    expectAllRight({ ...checked, warned: [] });
    expect(servers.flatMap(({ keys }) => keys)).toEqual([]);
  });

  it.each<[KeyValueFlaw, readonly string[], RegExp]>([
    ['seconds', ['put-hora-em-ms'], /currentTimeMillis/],
    ['same-version', ['putall-no-mesmo-ms'], /ultima \+ 1/],
    ['exact-version', ['get-a-maior-ate-a-pedida'], /maior versão que não passa/],
    ['old-of-first', ['put-de-antes'], /mais nova antes desta/],
    ['blank-key', ['get-chave-inexistente'], /a chave da resposta é a do pedido/],
    ['del-newest-only', ['del'], /com todas as versões|versões antigas ficaram/],
    ['trim-keeps-nothing', ['trim'], /a versão mais nova fica/],
    ['trim-keeps-all', ['trim'], /as versões antigas ainda estão lá/],
    ['range-excludes-end', ['getrange', 'delrange'], /duas pontas/],
    ['range-unsorted', ['getrange'], /em ordem/],
    ['range-lesser-version', ['getrange-versao'], /Math\.max/],
    ['delrange-one-answer', ['delrange'], /cada resposta/],
    ['splits-at-first-mark', ['chave-com-exclamacao'], /último "!"/],
    ['waits-for-the-end', ['putall-ao-chegar'], /só responde no fim/],
  ])('%s: named by its case', async (flaw, ids, cause) => {
    servers = [await NaiveKeyValue.start(flaw)];
    const checked = await check('keyvaluestore', ports(), ...quick, ...only(ids));
    expect(checked.code).toBe(1);
    expect(checked.failed).toEqual(ids);
    expect(checked.of(ids[0] ?? '').causa).toMatch(cause);
  });

  it('own-versions: named by its case', async () => {
    servers = await NaiveKeyValue.startSome(2, 'own-versions');
    const checked = await check('keyvaluestore', ports(), ...quick, ...only(['replica-put']));
    expect(checked.failed).toEqual(['replica-put']);
    expect(checked.of('replica-put').causa).toContain('sem dar outra');
  });
});
