import type { Argv, Options } from 'yargs';
import { KvsError } from '../../core/errors.js';
import { serverTlsOptions } from '../tls/options.js';
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

/** Options of the leader engine on `kvs servidor`. */
export function engineOptions(): Record<string, Options> {
  return {
    lider: text('lider: IP:porta do líder (127.0.0.1:10097)'),
    'servidores-lider': list(`lider: IP:porta de todos os servidores, com este (${SERVERS})`),
    'porta-mensagem': text('lider: porta TCP das Mensagens deste servidor (10097)'),
    escuta: text('lider: IP:porta em que escuta, se não é o endereço que os outros usam'),
    'credencial-servidor': text('lider: arquivo com o token deste servidor, de papel servidor'),
    'prazo-lider': text('lider: quanto uma escrita espera por todos os servidores, em ms (5000)'),
  };
}

/** Other names of the options of `kvs lider-servidor`. */
const SERVER_ALIASES: Readonly<Record<string, readonly string[]>> = {
  host: ['ip'],
  'porta-mensagem': ['porta', 'port', 'p'],
  'servidores-lider': ['servidores'],
  'prazo-lider': ['prazo'],
};

function aliasesOf(option: string): string[] {
  return [...(SERVER_ALIASES[option] ?? [])];
}

/** How the options of `kvs lider-servidor` were called by whoever typed these words, where that is not their own name. */
export function typedNames(words: readonly string[]): Readonly<Record<string, string>> {
  const typed: Record<string, string> = {};
  for (const word of words) {
    const [, name = ''] = /^--?([\w-]+)/.exec(word) ?? [];
    for (const [option, aliases] of Object.entries(SERVER_ALIASES)) {
      if (aliases.includes(name)) typed[option] = `${name.length === 1 ? '-' : '--'}${name}`;
    }
  }
  return typed;
}

export function leaderServerOptions(command: Argv): Argv {
  return command
    .usage('$0 lider-servidor [opções]')
    .options({
      host: text('IP deste servidor (127.0.0.1)', { alias: aliasesOf('host') }),
      'porta-mensagem': text('Porta TCP deste servidor (10097)', { alias: aliasesOf('porta-mensagem') }),
      lider: text('IP:porta do líder (127.0.0.1:10097)'),
      'servidores-lider': list(`IP:porta de todos os servidores, com este (${SERVERS})`, {
        alias: aliasesOf('servidores-lider'),
      }),
      escuta: text(
        'IP:porta em que escuta, se não é o endereço que os outros usam (atrás de um redirecionamento)',
      ),
      'prazo-lider': text('Quanto uma escrita espera por todos os servidores, em ms (5000)', {
        alias: aliasesOf('prazo-lider'),
      }),
      'porta-grpc': text('Abre também as portas gRPC (kvs.KVS, KeyValueStore), nesta porta'),
      credenciais: text('Arquivo de credenciais (kvs credencial): só entra quem tem uma; relido com SIGHUP'),
      'credencial-servidor': text('Arquivo com o token deste servidor, de papel servidor'),
      ...serverTlsOptions(),
      minimo: text('gRPC: mínimo de caracteres de chave e valor (3; 0 libera)'),
      'log-nivel': text('debug, info, warn, error ou silent (info)'),
    })
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
