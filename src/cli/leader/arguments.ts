import type { Argv, Options } from 'yargs';
import { KvsError } from '../../core/errors.js';
import { LEADER_SERVER_OPTIONS } from '../../config/leader-options.js';
import { flagOptions, typedNames } from '../../config/option.js';
import { declared } from '../declare.js';
import { CREDENTIAL_OPTION } from '../client-options.js';

/** One thing that the client of the leader system is to do. */
export type Action =
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  | { readonly kind: 'get'; readonly key: string };

/**
 * Takes `--put CHAVE VALOR` and `--get CHAVE` out of the words of `kvs lider-cliente`, in their order and exactly as they
 * are, also where a key or a value begins with `-`.
 * @throws KvsError CONFIGURACAO if one has too few words after it
 */
export function takeActions(words: readonly string[]): {
  readonly rest: readonly string[];
  readonly actions: readonly Action[];
} {
  if (words[0] !== 'lider-cliente') return { rest: words, actions: [] };
  const rest: string[] = [];
  const actions: Action[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === '--put') {
      const [key, value] = [words[++at], words[++at]];
      if (key === undefined || value === undefined) throw tooFew('--put', 'CHAVE e VALOR');
      actions.push({ kind: 'put', key, value });
    } else if (word === '--get') {
      const key = words[++at];
      if (key === undefined) throw tooFew('--get', 'CHAVE');
      actions.push({ kind: 'get', key });
    } else rest.push(word);
  }
  return { rest, actions };
}

function tooFew(option: string, wanted: string): KvsError {
  return new KvsError('CONFIGURACAO', `${option}: esperado ${option} ${wanted}`);
}

const text = (describe: string, more: Options = {}): Options => ({
  type: 'string',
  requiresArg: true,
  describe,
  ...more,
});

const list = (describe: string, more: Options = {}): Options => ({
  type: 'array',
  string: true,
  requiresArg: true,
  describe,
  ...more,
});

const SERVERS = 'os três: 127.0.0.1:10097, 10098 e 10099';

/** How the options of `kvs lider-servidor` were called by whoever typed these words, where that is not their own name. */
export function typedAliases(words: readonly string[]): Readonly<Record<string, string>> {
  const typed: Record<string, string> = {};
  for (const word of words) {
    const [dashed = ''] = /^--?[\w-]+/.exec(word) ?? [];
    for (const [name, option] of flagOptions(LEADER_SERVER_OPTIONS)) {
      if (typedNames(name, option).slice(1).includes(dashed)) typed[name] = dashed;
    }
  }
  return typed;
}

export function leaderServerOptions(command: Argv): Argv {
  return command
    .usage('$0 lider-servidor [opções]')
    .options(declared(LEADER_SERVER_OPTIONS))
    .example([
      ['$0 lider-servidor', 'pergunta IP, porta e líder'],
      ['$0 lider-servidor --porta 10097', 'o líder'],
      ['$0 lider-servidor --porta 10098', 'um seguidor'],
    ])
    .epilogue(
      'É o líder o servidor cujo IP e porta são os do líder. Na saída padrão, só as mensagens do sistema; o resto na de erros.',
    );
}

export function leaderClientOptions(command: Argv): Argv {
  return command
    .usage('$0 lider-cliente [--put CHAVE VALOR]… [--get CHAVE]… [opções]')
    .options({
      put: text('Guarda: --put CHAVE VALOR; repetível, na ordem dada'),
      get: text('Lê: --get CHAVE; repetível, na ordem dada'),
      servidores: list(`IP:porta dos servidores (${SERVERS})`, { alias: 'servidores-lider' }),
      insiste: {
        type: 'boolean',
        describe: 'Tenta outro servidor se um recusa a conexão ou pede para tentar outro',
      },
      ...CREDENTIAL_OPTION,
      timestamp: text('Último timestamp que o cliente já viu das chaves (0)'),
      prazo: text('Quanto esperar por uma resposta, em ms (10000)'),
    })
    .example([
      ['$0 lider-cliente', 'um menu: INIT, PUT, GET'],
      ['$0 lider-cliente --put nome Maria --get nome', 'guarda e lê, em servidores sorteados'],
      ['echo "GET nome" | $0 lider-cliente', 'os comandos do menu, um por linha'],
    ])
    .epilogue(
      'Saída: 0 certo · 2 uso errado · 3 não existe · 4 recusado · 5 nenhum servidor responde, ou tente outro · \n' +
        '       6 não se sabe se a escrita foi feita.',
    );
}
