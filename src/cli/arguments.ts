import yargs from 'yargs';
import type { Argv } from 'yargs';
import type { Flags } from '../config/settings.js';
import { KvsError } from '../core/errors.js';
import { leaderClientOptions, leaderServerOptions, takeActions } from './leader/arguments.js';
import type { Action } from './leader/arguments.js';
import { TIMED_OPERATIONS } from './operations/names.js';
import type { TimedName } from './operations/names.js';
import { accessOptions, ACTIONS } from './access/options.js';
import type { AccessAction } from './access/options.js';
import { adminOptions, enrolmentOptions } from './portal/options.js';
import { clientOptions, copyOptions } from './client-options.js';
import type { Switches } from './request.js';
import { flagsOf } from './flags.js';
import { keyOptions, keyRequest } from './key-command.js';
import type { KeyRequest } from './key-command.js';
import { serverOptions } from './server-options.js';
import { certificatesOptions } from './tls/options.js';
import { COMMANDS_TEXT, MISUSE_STRINGS, misuseText } from './misuse.js';
import { wrapWords } from './wrap.js';
import { keepWhole, markStreams, spreadLists, STANDARD_STREAM } from './words.js';

/** What a command line asks for. `text` is printed as it is: help, or the completion script. */
export type Command =
  | { readonly kind: 'text'; readonly text: string }
  /** Keys for a fleet. */
  | KeyRequest
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
      readonly operation: TimedName | undefined;
      readonly switches: Switches;
      readonly flags: Flags;
    }
  | {
      readonly kind: 'copy';
      readonly direction: 'exporta' | 'importa';
      /** `undefined`: the standard streams. */
      readonly file: string | undefined;
      readonly flags: Flags;
    }
  | {
      readonly kind: 'access';
      readonly action: AccessAction;
      readonly name: string | undefined;
      readonly json: boolean;
      readonly flags: Flags;
    }
  | {
      readonly kind: 'certificates';
      /** `undefined`: the usual one. */
      readonly folder: string | undefined;
      readonly replaces: boolean;
      readonly flags: Flags;
    }
  | {
      readonly kind: 'portal';
      readonly service: 'admin' | 'matricula';
      readonly json: boolean;
      readonly flags: Flags;
    };

/**
 * What the words after `kvs` ask for. Checks the form only: option names, and which of them take a value.
 * @param script that `kvs` was called by, if it was
 * @param columns of the terminal; absent: help is not wrapped
 * @throws KvsError CONFIGURACAO for an unknown command or option or a missing value
 */
export function parseCommandLine(words: readonly string[], script?: string, columns?: number): Command {
  let command: Command | undefined;
  let text = '';
  let help = '';
  try {
    const { rest, actions } = takeActions(words);
    const parser = newParser(
      (found) => {
        command = found.kind === 'leaderClient' ? { ...found, actions } : found;
      },
      (shown) => {
        help = shown;
      },
    );
    void parser.parse(spreadLists(markStreams(rest)).map(keepWhole), {}, (error, _parsed, output) => {
      if (error) throw error;
      text = columns === undefined ? output : wrapWords(output, columns);
    });
  } catch (error) {
    throw new KvsError('CONFIGURACAO', misuseText(oneLine(error), words, help, script), { cause: error });
  }
  return text === '' && command !== undefined ? command : { kind: 'text', text };
}

/**
 * @param found hears what is asked for
 * @param helped hears the help of a command whose words were not understood
 */
function newParser(found: (command: Command) => void, helped: (help: string) => void): Argv {
  return yargs()
    .scriptName('kvs')
    .locale('pt_BR')
    .updateStrings(MISUSE_STRINGS)
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
        const operation = TIMED_OPERATIONS.find((name) => name === OPERACAO);
        if (operation !== undefined && flags['operacao'] !== undefined) {
          throw new Error(`a operação foi dada duas vezes: -o ${String(flags['operacao'])} e ${operation}`);
        }
        found({ kind: 'client', operation, switches: switchesOf(argv), flags });
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
    .command(
      'credencial [ACAO] [NOME]',
      'Diz quem pode o quê num servidor: cria, lista e revoga credenciais',
      (command) => accessOptions(command),
      (argv) => {
        const { ACAO, NOME, ...flags } = flagsOf(argv);
        const action = ACTIONS.find((known) => known === ACAO);
        if (action === undefined) throw new Error('diga o que fazer: credencial cria, lista ou revoga');
        const name = typeof NOME === 'string' ? NOME : undefined;
        found({ kind: 'access', action, name, json: argv['json'] === true, flags });
      },
    )
    .command(
      'admin',
      'Cadastra alunos, professores e disciplinas no portal de matrículas',
      (command) => adminOptions(command),
      (argv) => {
        found({ kind: 'portal', service: 'admin', json: argv['json'] === true, flags: flagsOf(argv) });
      },
    )
    .command(
      'matricula',
      'Matricula alunos e professores em disciplinas, e mostra relatórios',
      (command) => enrolmentOptions(command),
      (argv) => {
        found({ kind: 'portal', service: 'matricula', json: argv['json'] === true, flags: flagsOf(argv) });
      },
    )
    .command(
      'certificados [PASTA]',
      'Faz uma autoridade e certificados TLS para testes',
      (command) => certificatesOptions(command),
      (argv) => {
        const { PASTA, ...flags } = flagsOf(argv);
        const folder = typeof PASTA === 'string' ? PASTA : undefined;
        found({ kind: 'certificates', folder, replaces: argv['substitui'] === true, flags });
      },
    )
    .command(
      'chave [PASSO] [ARQUIVO]',
      'Sorteia uma chave para a frota, ou troca a que ela tem, passo a passo',
      (command) => keyOptions(command),
      (argv) => {
        found(keyRequest(argv['PASSO'], argv['ARQUIVO'], argv['saida']));
      },
    )
    .completion('completion', 'Escreve o script que completa comandos no shell (bash, zsh)')
    .demandCommand(1, 1, COMMANDS_TEXT, 'um comando só')
    .strict()
    .help('help', 'Exibe esta ajuda')
    .alias('help', ['h', 'ajuda'])
    .version(false)
    .wrap(null)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined, command) => {
      helped(String(command.help()));
      throw error ?? new Error(message ?? 'não entendi o comando');
    });
}

function switchesOf(argv: Readonly<Record<string, unknown>>): Switches {
  return {
    json: argv['json'] === true,
    discovers: argv['descobre'] === true,
    sure: argv['sim'] === true,
    simulates: argv['simula'] === true,
  };
}

function copyOf(direction: 'exporta' | 'importa', argv: Readonly<Record<string, unknown>>): Command {
  const { ARQUIVO, ...flags } = flagsOf(argv);
  if (ARQUIVO === '') throw new Error(`${direction}: o nome do arquivo está vazio`);
  const file = typeof ARQUIVO !== 'string' || ARQUIVO === STANDARD_STREAM ? undefined : ARQUIVO;
  return { kind: 'copy', direction, file, flags };
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ').trim();
}
