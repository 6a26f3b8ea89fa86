import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { EXIT, exitOf } from '../../src/cli/exit.js';
import { failureOf, parseReason } from '../../src/cli/failure.js';
import { decodeStreamReasons } from '../../src/client/reason.js';
import { COUNTED } from '../../src/cli/operations/counted.js';
import type { CountedName } from '../../src/config/operation-names.js';
import { visible } from '../../src/cli/rendering/visible.js';
import { ERROR_CODES } from '../../src/core/errors.js';
import { answersTo, printed } from './shown.js';

const versao = (version: number): object => ({ versao: version });
const tupla = (chave: string, valor: string, version: number): object => ({ chave, valor, versao: version });
const one = (name: CountedName, message: object, version?: bigint, reasons?: string) =>
  answersTo(COUNTED[name], [{ version }], [message], reasons);

describe('exit codes', () => {
  it('exist for every error code, and none is 0', () => {
    for (const code of ERROR_CODES) {
      expect(Object.values(EXIT), code).toContain(exitOf(code));
      expect(exitOf(code), code).not.toBe(EXIT.ok);
    }
  });

  it('are numbers that scripts rely on', () => {
    expect(EXIT).toEqual({
      ok: 0,
      failure: 1,
      usage: 2,
      notFound: 3,
      refused: 4,
      unavailable: 5,
      unknown: 6,
      unconfirmed: 7,
      leftBehind: 8,
    });
    expect(
      ['CONFIGURACAO', 'CHAVE_INEXISTENTE', 'VALOR_CURTO', 'SEM_SERVIDOR', 'INTERNO'].map((code) =>
        exitOf(code as Parameters<typeof exitOf>[0]),
      ),
    ).toEqual([2, 3, 4, 5, 1]);
  });
});

describe('reasons in the trailers of a call', () => {
  it('are parsed for a single answer', () => {
    const encoded = encodeURIComponent('CHAVE_CURTA: a chave: é\ncurta');
    expect(parseReason(encoded)).toEqual({ code: 'CHAVE_CURTA', exit: 4, message: 'a chave: é curta' });
    for (const bad of [undefined, '', 'x', 'NADA: nada', '%E0%A4%A', '0:CHAVE_CURTA']) {
      expect(parseReason(bad), bad).toBeUndefined();
    }
  });

  it('are parsed for a stream', () => {
    expect([...decodeStreamReasons(encodeURIComponent('0:CHAVE_CURTA,12:VALOR_LONGO,3:NADA'))]).toEqual([
      [0, 'CHAVE_CURTA'],
      [12, 'VALOR_LONGO'],
    ]);
    expect(decodeStreamReasons(undefined).size).toBe(0);
  });
});

describe('answers', () => {
  it('are read for insere, consulta and remove', () => {
    expect(one('insere', versao(3))).toMatchObject([
      { key: 'k', found: { version: 3n }, refusal: undefined },
    ]);
    expect(one('consulta', tupla('k', 'v', 2))).toMatchObject([
      { key: 'k', found: { value: 'v', version: 2n }, refusal: undefined },
    ]);
    expect(one('remove', versao(0))).toMatchObject([
      { key: 'k', found: { version: 0n }, refusal: undefined },
    ]);
  });

  it('have an exit code of their own for what does not exist, and name it', () => {
    const query = (version?: bigint, reasons?: string) =>
      one('consulta', versao(0), version, reasons)[0]?.refusal;
    expect(query(undefined, 'CHAVE_INEXISTENTE: x')).toEqual({
      code: 'CHAVE_INEXISTENTE',
      exit: 3,
      message: 'a chave "k" não existe',
    });
    expect(query(2n, 'VERSAO_INEXISTENTE: x')?.message).toBe('a chave "k" não tem versão até 2');
    // Servers that know nothing of reasons answer blanks only.
    expect(query()).toMatchObject({ code: 'CHAVE_INEXISTENTE', exit: 3 });
    expect(query(2n)).toMatchObject({ code: 'VERSAO_INEXISTENTE', exit: 3 });
    const remove = one('remove', versao(-1), 2n);
    expect(remove[0]?.refusal?.message).toBe('a chave "k" não tem a versão 2');
  });

  it('give a refusal in the words of the server, else those of the code, else say that the reason is unknown', () => {
    const insert = (reasons?: string) => one('insere', versao(-1), undefined, reasons)[0]?.refusal;
    expect(insert('VALOR_CURTO: o valor precisa de 3')).toEqual({
      code: 'VALOR_CURTO',
      exit: 4,
      message: 'recusado: o valor precisa de 3',
    });
    expect(insert()).toMatchObject({ code: undefined, exit: 4 });
    const many = answersTo(
      COUNTED['insere-v'],
      [{ key: 'a' }, { key: 'b' }],
      [versao(-1), versao(1)],
      '0:CHAVE_CURTA',
    );
    expect(many.map(({ refusal }) => refusal?.message)).toEqual([
      'recusado: a chave é curta demais',
      undefined,
    ]);
    expect(many[0]?.refusal?.exit).toBe(EXIT.refused);
    // A reply to nothing that was asked is none.
    expect(answersTo(COUNTED['insere-v'], [{}], [versao(1), versao(2)])).toHaveLength(1);
  });
});

describe('a failed call', () => {
  const failure = (code: status, details: string, text?: string, maybeDone = false) => {
    const metadata = new Metadata();
    if (text !== undefined) metadata.set('kvs-erro', encodeURIComponent(text));
    const error: ServiceError = Object.assign(new Error(details), { code, details, metadata });
    const outcome = { server: '127.0.0.1:9', passed: [], reasons: undefined };
    return failureOf(outcome, { error, fate: maybeDone ? 'unknown' : 'elsewhere', mismatch: undefined }, 50);
  };

  it.each<[status, string, string | undefined, number, string]>([
    [
      status.UNAVAILABLE,
      'connect ECONNREFUSED',
      undefined,
      5,
      'nenhum servidor responde em 127.0.0.1:9 (conexão recusada)',
    ],
    [status.DEADLINE_EXCEEDED, '', undefined, 5, 'o servidor em 127.0.0.1:9 não respondeu em 50 ms'],
    [status.CANCELLED, '', undefined, 5, 'o servidor em 127.0.0.1:9 não respondeu em 50 ms'],
    [
      status.UNAVAILABLE,
      'está entrando',
      'SERVIDOR_ENTRANDO: está entrando',
      5,
      'não atende agora: está entrando',
    ],
    [
      status.UNAVAILABLE,
      'está saindo',
      '0:CHAVE_CURTA,4:SERVIDOR_SAINDO',
      5,
      'não atende agora: está saindo',
    ],
    [status.RESOURCE_EXHAUSTED, 'cheio', 'LIMITE_CHAVES: cheio', 4, 'recusou: cheio'],
    [status.RESOURCE_EXHAUSTED, 'a\nb', undefined, 4, 'recusou: a b'],
    [status.UNAVAILABLE, 'x', 'SEM_MAIORIA: x', 5, 'não atende agora: x'],
    [status.DEADLINE_EXCEEDED, 'x', 'RESULTADO_DESCONHECIDO: x', 6, 'não sabe o resultado: x'],
    [status.DEADLINE_EXCEEDED, 'x', '3:RESULTADO_DESCONHECIDO', 6, 'não sabe o resultado: x'],
    [status.ABORTED, 'x', 'LEITURA_VENCIDA: x', 1, 'falhou: x'],
    [status.UNIMPLEMENTED, '', undefined, 4, 'não conhece esta operação'],
    [status.INTERNAL, 'x', undefined, 1, 'erro no servidor em 127.0.0.1:9: x'],
  ])('%s "%s" %s → %i', (code, details, text, exit, message) => {
    const result = failure(code, details, text);
    expect(result.exit).toBe(exit);
    expect(result.message).toContain(message);
  });

  it('is not reported as safe to repeat when a write may have arrived', () => {
    const unknown = 'não se sabe se a escrita foi feita: consulte antes de repetir';
    for (const code of [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED]) {
      expect(failure(code, '', undefined, true)).toMatchObject({ exit: 6, code: 'RESULTADO_DESCONHECIDO' });
      expect(failure(code, '', undefined, true).message).toContain(unknown);
    }
    // Where the server itself has answered, it knows.
    expect(failure(status.UNAVAILABLE, 'x', 'SEM_MAIORIA: x', true).exit).toBe(5);
    expect(failure(status.RESOURCE_EXHAUSTED, 'x', undefined, true).exit).toBe(4);
  });
});

describe('what is printed', () => {
  const value = 'a\u001b[2J\nb';
  const shown = (name: CountedName, messages: readonly object[], json = false) =>
    printed(COUNTED[name], answersTo(COUNTED[name], [{}, {}], messages), json);

  it('contains nothing that acts on the terminal', async () => {
    expect(visible('a\u001b[2J\u009b\u007f\n')).toBe('a\\x1b[2J\\x9b\\x7f\\x0a');
    expect(visible('a\u202eb\u2066')).toBe('a\\u202eb\\u2066');
    const message = tupla('k', value, 2);
    expect(await shown('consulta', [message])).toBe('chave:  k\nvalor:  a\\x1b[2J\nb\nversão: 2');
    expect(await shown('consulta-v', [message])).not.toContain('\u001b');
  });

  it('is exact and on one line as JSON', async () => {
    const line = await shown('consulta', [tupla('k', value, 2)], true);
    expect(JSON.parse(line)).toEqual({ operacao: 'consulta', chave: 'k', valor: value, versao: 2 });
    expect(line).not.toContain('\n');
  });

  it('is a table with one row per answer, in which long values are cut', async () => {
    const table = await shown('remove-v', [versao(0), versao(-1)]);
    expect(table).toMatch(/k +│ todas +│ removida/);
    expect(table).toMatch(/k +│ - +│ a chave "k" não existe/);
    // In a pipe, as here, nothing is cut; what is too long to draw is kept apart by tabs.
    expect(await shown('snapshot', [tupla('k', 'x'.repeat(200), 7)])).toMatch(/k +│ 7 +│ x{200} │/);
    expect(await shown('snapshot', [tupla('k', 'x'.repeat(201), 7)])).toBe(
      `chave\tversão\tvalor\nk\t7\t${'x'.repeat(201)}`,
    );
    const { isTTY } = process.stdout;
    try {
      process.stdout.isTTY = true;
      expect(await shown('snapshot', [tupla('k', 'x'.repeat(201), 7)])).toMatch(/k +│ 7 +│ x{59}… │/);
    } finally {
      process.stdout.isTTY = isTTY;
    }
    const many = Array.from({ length: 501 }, () => tupla('k', 'v', 7));
    expect((await shown('snapshot', many)).split('\n')[0]).toMatch(/^k +7 {2}v$/);
    // The answers to named keys are one table, however many.
    const keys = many.map(() => ({}));
    expect(await printed(COUNTED['consulta-v'], answersTo(COUNTED['consulta-v'], keys, many))).toMatch(/^┌/);
  });
});
