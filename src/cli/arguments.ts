import yargs from 'yargs';
import type { Argv } from 'yargs';
import type { Flags } from '../app/settings.js';
import { KvsError } from '../core/errors.js';
import { engineOptions, leaderClientOptions, leaderServerOptions, takeActions } from './leader/arguments.js';
import type { Action } from './leader/arguments.js';
import { OPERATIONS as KEY_VALUE_OPERATIONS } from './keyvalue/request.js';
import type { Operation as KeyValueOperation } from './keyvalue/request.js';
import { OPERATIONS } from './request.js';
import { keepWhole, spreadLists } from './words.js';

/** What a command line asks for. `text` is printed as it is: help, or the completion script. */
export type Command =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'server'; readonly positionalPort: string | undefined; readonly flags: Flags }
  | { readonly kind: 'leaderServer'; readonly flags: Flags }
  | {
      readonly kind: 'leaderClient';
      readonly flags: Flags;
      /** What to do, in order; empty: standard input says it. */
      readonly actions: readonly Action[];
      readonly insist: boolean;
    }
  | {
      readonly kind: 'client';
      /** Of the time-versioned door; `undefined`: `-o` names one of the other. */
      readonly operation: KeyValueOperation | undefined;
      readonly json: boolean;
      readonly discovers: boolean;
      readonly flags: Flags;
    }
  | {
      readonly kind: 'copy';
      readonly direction: 'exporta' | 'importa';
      /** `undefined` or `-`: the standard streams. */
      readonly file: string | undefined;
      readonly flags: Flags;
    };

/**
 * What the words after `kvs` ask for. Checks the form only: option names, and which of them take a value.
 * @throws KvsError CONFIGURACAO for an unknown command or option or a missing value
 */
export function parseCommandLine(words: readonly string[]): Command {
  let command: Command | undefined;
  let text = '';
  const { rest, actions } = takeActions(words);
  const parser = newParser((found) => {
    command = found.kind === 'leaderClient' ? { ...found, actions } : found;
  });
  try {
    void parser.parse(spreadLists(rest).map(keepWhole), {}, (error, _parsed, output) => {
      if (error) throw error;
      text = output;
    });
  } catch (error) {
    throw new KvsError('CONFIGURACAO', `${oneLine(error)} (veja: kvs --help)`, { cause: error });
  }
  return text === '' && command !== undefined ? command : { kind: 'text', text };
}

function newParser(found: (command: Command) => void): Argv {
  return yargs()
    .scriptName('kvs')
    .locale('pt_BR')
    .updateStrings({ 'Not enough arguments following: %s': 'falta o valor da opção %s' })
    .parserConfiguration({
      // A key that looks like a number stays text; `-k a b` is an error, not two keys.
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'greedy-arrays': false,
      'dot-notation': false,
      'camel-case-expansion': false,
    })
    .usage('$0 <comando> [opções]')
    .command(
      'servidor [PORTA]',
      'Abre um servidor (porta 40000 se nenhuma for dita)',
      (command) => serverOptions(command),
      (argv) => {
        const { PORTA, ...flags } = flagsOf(argv);
        found({ kind: 'server', positionalPort: typeof PORTA === 'string' ? PORTA : undefined, flags });
      },
    )
    .command(
      'cliente [OPERACAO]',
      'Pede uma operação a um servidor',
      (command) => clientOptions(command),
      (argv) => {
        const { OPERACAO, ...flags } = flagsOf(argv);
        const operation = KEY_VALUE_OPERATIONS.find((name) => name === OPERACAO);
        if (operation !== undefined && flags['operacao'] !== undefined) {
          throw new Error(`a operação foi dada duas vezes: -o ${String(flags['operacao'])} e ${operation}`);
        }
        const [json, discovers] = [argv['json'] === true, argv['descobre'] === true];
        found({ kind: 'client', operation, json, discovers, flags });
      },
    )
    .command(
      'lider-servidor',
      'Abre um servidor do sistema com líder (Mensagem em TCP); sem opções, pergunta',
      (command) => leaderServerOptions(command),
      (argv) => found({ kind: 'leaderServer', flags: flagsOf(argv) }),
    )
    .command(
      'lider-cliente',
      'Cliente do sistema com líder; sem --put e --get, um menu',
      (command) => leaderClientOptions(command),
      (argv) => {
        found({ kind: 'leaderClient', flags: flagsOf(argv), actions: [], insist: argv['insiste'] === true });
      },
    )
    .command(
      'exporta [ARQUIVO]',
      'Escreve todas as versões de um servidor, como estão num só momento, em linhas JSON',
      (command) => copyOptions(command, 'exporta'),
      (argv) => {
        found(copyOf('exporta', argv));
      },
    )
    .command(
      'importa [ARQUIVO]',
      'Põe num servidor as versões que exporta escreveu',
      (command) => copyOptions(command, 'importa'),
      (argv) => {
        found(copyOf('importa', argv));
      },
    )
    .completion('completion', 'Escreve o script que completa comandos no shell (bash, zsh)')
    .demandCommand(
      1,
      1,
      'diga um comando: servidor, cliente, exporta, importa, lider-servidor, lider-cliente ou completion',
      'um comando só',
    )
    .strict()
    .help('help', 'Exibe esta ajuda')
    .alias('help', ['h', 'ajuda'])
    .version(false)
    .wrap(null)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      throw error ?? new Error(message ?? 'não entendi o comando');
    });
}

function serverOptions(command: Argv): Argv {
  return command
    .usage('$0 servidor [PORTA] [opções]')
    .positional('PORTA', { type: 'string', describe: 'Porta TCP, o mesmo que --porta' })
    .options({
      porta: { alias: ['port', 'p'], type: 'string', requiresArg: true, describe: 'Porta TCP (40000)' },
      host: { type: 'string', requiresArg: true, describe: 'Endereço em que atende (127.0.0.1)' },
      motor: {
        type: 'string',
        requiresArg: true,
        describe: 'frota (memória e MQTT), consenso (réplicas no disco) ou lider (memória e TCP) (frota)',
      },
      broker: {
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'frota: broker MQTT, como mqtt://host:1883; repetível, na ordem de preferência',
      },
      frota: { type: 'string', requiresArg: true, describe: 'frota: nome dela (padrao)' },
      dados: {
        type: 'string',
        requiresArg: true,
        describe: 'frota: pasta em que tudo fica também no disco (nenhuma: só memória)',
      },
      replicas: {
        type: 'array',
        string: true,
        requiresArg: true,
        describe:
          'consenso: endereço:porta de uma réplica; repetível (as três de ./replica.sh nesta máquina)',
      },
      'prazo-consenso': {
        type: 'string',
        requiresArg: true,
        describe: 'consenso: quanto esperar pelas réplicas, em ms (5000)',
      },
      leitura: {
        type: 'string',
        requiresArg: true,
        describe: 'consenso: linear, ou local (de uma réplica só, talvez antiga) (linear)',
      },
      ...engineOptions(),
      minimo: {
        type: 'string',
        requiresArg: true,
        describe: 'Mínimo de caracteres de chave e valor (3; 0 libera)',
      },
      'log-nivel': {
        type: 'string',
        requiresArg: true,
        describe: 'debug, info, warn, error ou silent (info)',
      },
      config: { type: 'string', requiresArg: true, describe: 'Arquivo JSON com estas opções' },
      'broker-local': {
        type: 'string',
        requiresArg: true,
        hidden: true,
        describe: 'Onde fica o broker embutido',
      },
    })
    .example([
      ['$0 servidor 9000', 'um servidor da frota'],
      ['$0 servidor 9000 --motor consenso', 'um servidor sobre as réplicas bd1, bd2 e bd3'],
      ['$0 servidor 9000 --motor lider', 'o líder em 127.0.0.1:10097; --porta-mensagem 10098: um seguidor'],
    ])
    .epilogue(
      'Sem --broker, o primeiro servidor da máquina abre um broker embutido e os outros o encontram.\n' +
        'Cada opção também pode vir de uma variável KVS_… (KVS_PORTA, KVS_BROKER, KVS_LOG_NIVEL) ou do arquivo.\n' +
        'Vale a primeira destas: linha de comando, ambiente, arquivo, padrão.',
    );
}

/** Which server, and how patiently. */
const TARGET_OPTIONS = {
  endereco: {
    alias: ['address', 'a'] as string[],
    type: 'string',
    requiresArg: true,
    describe: 'Servidor (127.0.0.1)',
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
} as const;

function clientOptions(command: Argv): Argv {
  return command
    .usage(
      '$0 cliente -o <operação> [opções]\n$0 cliente [--porta P] <operação> --chave C… [--valor V…] [--versao N…]',
    )
    .positional('OPERACAO', {
      type: 'string',
      choices: KEY_VALUE_OPERATIONS,
      describe: 'O que fazer, com versões que são ms desde 1970',
    })
    .options({
      operacao: {
        alias: 'o',
        type: 'string',
        requiresArg: true,
        choices: OPERATIONS,
        describe: 'O que fazer, com versões 1, 2, 3, …',
      },
      chave: {
        alias: 'k',
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'Chave; repetível com -v; várias de uma vez depois de get, putall, …',
      },
      valor: { alias: 'v', type: 'array', string: true, requiresArg: true, describe: 'Valor; um por chave' },
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
    })
    .example([
      ['$0 cliente -p 9000 -o insere -k nome -v Maria', 'guarda uma nova versão'],
      ['$0 cliente -p 9000 -o consulta -k nome -e 2', 'a versão 2, ou a maior abaixo dela'],
      ['$0 cliente -p 9000 -o consulta-v -k nome -k curso', 'várias chaves de uma vez'],
      ['$0 cliente putall --chave a b --valor 1 2', 'várias chaves, um valor para cada'],
      ['$0 cliente getrange --chave a z --versao 1763687154123', 'de "a" a "z", como eram nesse momento'],
      ['$0 cliente -p 9000,9001 -o consulta -k nome', 'no servidor que atender'],
      ['$0 cliente -p 9000 -o insere -k nota -v=-10', 'um valor que começa com "-"'],
    ])
    .epilogue(
      'Saída: 0 certo · 1 falha · 2 uso errado · 3 não existe · 4 recusado · 5 nenhum servidor responde ·\n' +
        '       6 não se sabe se a escrita foi feita.\n' +
        'KVS_ENDERECO, KVS_PORTA, KVS_SERVIDORES, KVS_DESCOBRE, KVS_PRAZO e KVS_JSON dizem o mesmo que as opções.',
    );
}

function copyOf(direction: 'exporta' | 'importa', argv: Readonly<Record<string, unknown>>): Command {
  const { ARQUIVO, ...flags } = flagsOf(argv);
  return { kind: 'copy', direction, file: typeof ARQUIVO === 'string' ? ARQUIVO : undefined, flags };
}

function copyOptions(command: Argv, direction: 'exporta' | 'importa'): Argv {
  const stream = direction === 'exporta' ? 'a saída padrão' : 'a entrada padrão';
  return command
    .usage(`$0 ${direction} [ARQUIVO] [opções]`)
    .positional('ARQUIVO', { type: 'string', describe: `O arquivo (${stream})` })
    .options(TARGET_OPTIONS);
}

/** Options as texts under their main names; everything else that yargs puts beside them is left out. */
function flagsOf(argv: Readonly<Record<string, unknown>>): Flags {
  const flags: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(argv)) {
    if (name === '$0' || name === '_' || name.length === 1) continue;
    if (typeof value === 'string') flags[name] = value;
    else if (Array.isArray(value)) flags[name] = value.map(String);
  }
  return flags;
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ').trim();
}
