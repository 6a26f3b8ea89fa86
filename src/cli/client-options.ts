import type { Argv } from 'yargs';
import { clientTlsOptions } from './tls/options.js';
import { COUNTED_OPERATIONS, TIMED_OPERATIONS } from './operations/names.js';

/** Who asks. */
export const CREDENTIAL_OPTION = {
  credencial: {
    type: 'string',
    requiresArg: true,
    describe: 'Arquivo com o token de quem pede (KVS_CREDENCIAL; ou o próprio token em KVS_TOKEN)',
  },
} as const;

/** What a call demands beyond an answer. */
export const TERMS_OPTIONS = {
  confirmacao: {
    type: 'string',
    requiresArg: true,
    describe: 'Escritas respondidas quando N outros servidores dizem que as têm',
  },
  sessao: {
    type: 'string',
    requiresArg: true,
    describe: 'Arquivo com o que este cliente já viu: em qualquer servidor, nunca lê menos do que isso',
  },
} as const;

/** Which server, and how patiently. */
const TARGET_OPTIONS = {
  ...CREDENTIAL_OPTION,
  endereco: {
    alias: ['address', 'a'] as string[],
    type: 'string',
    requiresArg: true,
    describe: 'Servidor, ou servidor:porta (127.0.0.1)',
  },
  porta: {
    alias: ['port', 'p'] as string[],
    type: 'string',
    requiresArg: true,
    describe: 'Porta do servidor, ou várias: 9000,9001 (40000)',
  },
  prazo: {
    type: 'string',
    requiresArg: true,
    describe: 'Quanto esperar por uma resposta, em ms (10000)',
  },
  ...clientTlsOptions(),
  ...TERMS_OPTIONS,
} as const;

/** Options of `kvs cliente`. */
export function clientOptions(command: Argv): Argv {
  return command
    .usage(
      '$0 cliente -o <operação> [opções]\n$0 cliente [--porta P] <operação> --chave C… [--valor V…] [--versao N…]',
    )
    .positional('OPERACAO', {
      type: 'string',
      choices: TIMED_OPERATIONS,
      describe: 'O que fazer, com versões que são ms desde 1970',
    })
    .options({
      operacao: {
        alias: 'o',
        type: 'string',
        requiresArg: true,
        choices: COUNTED_OPERATIONS,
        describe: 'O que fazer, com versões 1, 2, 3, …',
      },
      chave: {
        alias: 'k',
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'Chave; repetível com -v; várias de uma vez depois de get, putall, …',
      },
      valor: {
        alias: 'v',
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'Valor; um por chave; com -o, "-v -" lê um da entrada padrão',
      },
      ver: {
        alias: ['e', 'versao'],
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'Versão; uma por chave (--ver=-1: nenhuma em especial)',
      },
      ...TARGET_OPTIONS,
      servidores: {
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'Vários servidores: h1:p1,h2:p2; se um não atende, pergunta a outro',
      },
      descobre: { type: 'boolean', describe: 'Aprende de um servidor quais são os outros' },
      json: { type: 'boolean', describe: 'Um objeto JSON por linha e por resposta' },
      sim: {
        type: 'boolean',
        describe: 'Remove sem perguntar, também várias chaves ou versões não nomeadas',
      },
      simula: { type: 'boolean', describe: 'Mostra o que uma remoção levaria, e não remove' },
    })
    .example([
      ['$0 cliente -p 9000 -o insere -k nome -v Maria', 'guarda uma nova versão'],
      ['$0 cliente -p 9000 -o consulta -k nome -e 2', 'a versão 2, ou a maior abaixo dela'],
      ['$0 cliente -p 9000 -o consulta-v -k nome -k curso', 'várias chaves de uma vez'],
      ['$0 cliente putall --chave a b --valor 1 2', 'várias chaves, um valor para cada'],
      ['$0 cliente getrange --chave a z --versao 1763687154123', 'de "a" a "z", como eram nesse momento'],
      ['$0 cliente -p 9000,9001 -o consulta -k nome', 'no servidor que atender'],
      [
        '$0 cliente -p 9000,9001 --sessao eu -o consulta -k nome',
        'nunca menos do que já viu, em nenhum deles',
      ],
      ['$0 cliente -p 9000 --confirmacao 2 -o insere -k nome -v Ana', 'respondida quando mais dois a têm'],
      ['$0 cliente -p 9000 -o insere -k nota -v=-10', 'um valor que começa com "-"'],
      ['$0 cliente -p 9000 -o insere -k carta -v - < carta.txt', 'o valor da entrada padrão, tal como vem'],
    ])
    .epilogue(
      'Saída: 0 certo · 1 falha · 2 uso errado · 3 não existe · 4 recusado · 5 nenhum servidor responde ·\n' +
        '       6 não se sabe se a escrita foi feita · 7 escrita feita, mas não confirmada por tantos servidores.\n' +
        'KVS_ENDERECO, KVS_PORTA, KVS_SERVIDORES, KVS_DESCOBRE, KVS_PRAZO, KVS_JSON, KVS_SIM, KVS_CONFIRMACAO e KVS_SESSAO dizem\n' +
        'o mesmo que as opções.',
    );
}

/** Options of `kvs exporta` and `kvs importa`. */
export function copyOptions(command: Argv, direction: 'exporta' | 'importa'): Argv {
  const stream = direction === 'exporta' ? 'a saída padrão' : 'a entrada padrão';
  return command
    .usage(`$0 ${direction} [ARQUIVO] [opções]`)
    .positional('ARQUIVO', { type: 'string', describe: `O arquivo; - ou nenhum: ${stream}` })
    .options(TARGET_OPTIONS);
}
