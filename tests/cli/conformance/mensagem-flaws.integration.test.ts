import { afterEach, describe, expect, it } from 'vitest';
import { check, expectAllRight, only, quick } from './checks.js';
import { ENGLISH, NaiveMensagem } from './naive-mensagem.js';
import type { MensagemFlaw } from './naive-mensagem.js';

let servers: NaiveMensagem[] = [];
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
});

const ports = (): number[] => servers.map(({ port }) => port);

describe('kvs confere: a leader system that somebody else wrote', () => {
  it('passes', async () => {
    servers = await NaiveMensagem.startSome(3);
    expectAllRight(await check('mensagem', ports(), ...quick));
  });

  it('passes with other names of the fields: found out, or as they are given', async () => {
    servers = await NaiveMensagem.startSome(2, undefined, ENGLISH);
    expectAllRight(await check('mensagem', ports(), ...quick));
    servers.push(
      ...(await NaiveMensagem.startSome(2, 'unknown-hangs', { type: 'm', key: 'k', value: 'v', ts: 't' })),
    );
    const own = ports().slice(2);
    expectAllRight(await check('mensagem', own, ...quick, '--campos', 'tipo=m,chave=k,valor=v,timestamp=t'));
  });

  it('is told how to say the names of its fields, if nobody understands anybody', async () => {
    servers = await NaiveMensagem.startSome(1, 'unknown-hangs', { ...ENGLISH, type: 'm' });
    const checked = await check('mensagem', ports(), '--prazo', '100');
    expect(checked.code).toBe(4);
    expect(checked.stderr).toMatch(/não respondeu a um GET.*--campos/);
  });

  it.each<[MensagemFlaw, readonly string[], RegExp]>([
    ['wrong-type', ['put-e-get'], /"PUT_OK" \(com esse nome\)/],
    ['not-forwarded', ['put-por-qualquer-servidor'], /encaminhe-o ao líder/],
    ['answers-early', ['put-ok-depois-de-replicar'], /espera o REPLICATION_OK de cada um/],
    ['own-timestamps', ['um-so-timestamp'], /um servidor que conta por si/],
    ['only-greater', ['get-com-timestamp-igual-ou-menor'], />= timestamp do cliente/],
    ['answers-the-past', ['get-com-timestamp-maior'], /mais antigo do que o cliente/],
    ['unknown-is-null', ['get-chave-desconhecida-ja-vista'], /já viu a chave/],
    ['echoes-timestamp', ['get-com-timestamp-igual-ou-menor'], /não o do cliente/],
    ['no-line-end', ['uma-linha-por-resposta'], /não termina com/],
    ['one-read', ['linha-em-pedacos'], /leia até o/],
  ])('%s: named by its case', async (flaw, ids, cause) => {
    servers = await NaiveMensagem.startSome(2, flaw);
    const checked = await check('mensagem', ports(), ...quick, ...only(ids));
    expect(checked.code).toBe(1);
    expect(checked.failed).toEqual(ids);
    expect(checked.of(ids[0] ?? '').causa).toMatch(cause);
  });

  it.each<[MensagemFlaw, string]>([
    ['one-client', 'cliente-parado'],
    ['dies-of-bad-line', 'linha-invalida'],
  ])('%s: warned of by its case', async (flaw, id) => {
    servers = await NaiveMensagem.startSome(1, flaw);
    const checked = await check('mensagem', ports(), '--prazo', '300', ...only([id]));
    expect(checked.warned).toEqual([id]);
  });
});
