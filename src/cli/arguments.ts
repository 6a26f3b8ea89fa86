import yargs from 'yargs';
import type { Argv } from 'yargs';
import type { Flags } from '../config/settings.js';
import { KvsError } from '../core/errors.js';
import { ACCESS_ACTIONS, COMMANDS, RETENTION_ACTIONS } from '../config/commands.js';
import type { AccessAction, CommandName, RetentionAction } from '../config/commands.js';
import { TIMED_OPERATIONS } from '../config/operation-names.js';
import type { TimedName } from '../config/operation-names.js';
import { completionText } from './completion.js';
import { commandWords, declareCommand } from './declare.js';
import { flagsOf } from './flags.js';
import { keyRequest } from './key-command.js';
import type { FleetKeyRequest } from './key-command.js';
import { takeActions } from './leader/arguments.js';
import type { Action } from './leader/arguments.js';
import { COMMAND_NAMES, COMMANDS_TEXT, HELP_ALIASES, MISUSE_STRINGS, misuseText } from './misuse.js';
import { keepWhole, markStreams, spellSwitches, spreadLists, STANDARD_STREAM } from './words.js';
import { wrapWords } from './wrap.js';

/** A parsed command line. `text` is printed as it is: help, or the completion script. */
export type Command =
  | { readonly kind: 'text'; readonly text: string }
  /** Keys for a fleet. */
  | FleetKeyRequest
  | { readonly kind: 'server'; readonly positionalPort: string | undefined; readonly flags: Flags }
  | { readonly kind: 'leaderServer'; readonly flags: Flags }
  | {
      readonly kind: 'leaderClient';
      readonly flags: Flags;
      /** What to do, in order; empty: read from standard input. */
      readonly actions: readonly Action[];
    }
  | {
      readonly kind: 'client';
      /** An operation of the time-versioned door; `undefined`: `-o` names one of the other. */
      readonly operation: TimedName | undefined;
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
      readonly flags: Flags;
    }
  | {
      readonly kind: 'retention';
      readonly action: RetentionAction;
      readonly prefix: string | undefined;
      readonly flags: Flags;
    }
  | {
      readonly kind: 'certificates';
      /** `undefined`: the default. */
      readonly folder: string | undefined;
      readonly flags: Flags;
    }
  | {
      readonly kind: 'portal';
      readonly service: 'admin' | 'matricula';
      readonly flags: Flags;
    };

/**
 * Parses the words after `kvs`. Checks the form only: option names, and which of them take a value.
 * @param script by which `kvs` was called, if any
 * @param columns of the terminal; absent: help is not wrapped
 * @throws KvsError CONFIGURACAO for an unknown command or option or a missing value
 */
export function parseCommandLine(words: readonly string[], script?: string, columns?: number): Command {
  let command: Command | undefined;
  let text = '';
  try {
    const { rest, actions } = takeActions(words);
    const parser = newParser((found) => {
      command = found.kind === 'leaderClient' ? { ...found, actions } : found;
    });
    const whole = spreadLists(markStreams(spellSwitches(rest))).map(keepWhole);
    void parser.parse(whole, {}, (error, _parsed, output) => {
      if (error) throw error;
      const shown = completionText(output);
      text = columns === undefined ? shown : wrapWords(shown, columns);
    });
  } catch (error) {
    throw new KvsError('CONFIGURACAO', misuseText(oneLine(error), words, script), { cause: error });
  }
  return text === '' && command !== undefined ? command : { kind: 'text', text };
}

/** Receives the parsed command. */
type Found = (command: Command) => void;
type Given = Readonly<Record<string, unknown>>;

function newParser(found: Found): Argv {
  const parser = yargs()
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
    .usage('$0 <comando> [opções]');
  for (const name of COMMAND_NAMES) {
    parser.command(
      commandWords(name),
      COMMANDS[name].about,
      (command) => declareCommand(command, name),
      (argv) => {
        found(READ[name](argv, flagsOf(argv, COMMANDS[name].options)));
      },
    );
  }
  return parser
    .completion('completion', 'Escreve o script que completa comandos no shell (bash, zsh)')
    .demandCommand(1, 1, COMMANDS_TEXT, 'um comando só')
    .strict()
    .help('help', 'Exibe esta ajuda')
    .alias('help', [...HELP_ALIASES])
    .version(false)
    .wrap(null)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      throw error ?? new Error(message ?? 'não entendi o comando');
    });
}

/** Makes the command from the words of each command name. */
const READ: Readonly<Record<CommandName, (argv: Given, flags: Flags) => Command>> = {
  servidor: ({ PORTA }, flags) => ({ kind: 'server', positionalPort: word(PORTA), flags }),
  cliente: (argv, flags) => {
    const operation = TIMED_OPERATIONS.find((name) => name === argv['OPERACAO']);
    if (operation !== undefined && flags['operacao'] !== undefined) {
      throw new Error(`a operação foi dada duas vezes: -o ${String(flags['operacao'])} e ${operation}`);
    }
    return { kind: 'client', operation, flags };
  },
  'lider-servidor': (_, flags) => ({ kind: 'leaderServer', flags }),
  'lider-cliente': (_, flags) => ({ kind: 'leaderClient', flags, actions: [] }),
  exporta: ({ ARQUIVO }, flags) => copyOf('exporta', ARQUIVO, flags),
  importa: ({ ARQUIVO }, flags) => copyOf('importa', ARQUIVO, flags),
  credencial: ({ ACAO, NOME }, flags) => {
    const action = ACCESS_ACTIONS.find((known) => known === ACAO);
    if (action === undefined) throw new Error('diga o que fazer: credencial cria, lista ou revoga');
    return { kind: 'access', action, name: word(NOME), flags };
  },
  retencao: ({ ACAO, PREFIXO }, flags) => {
    const action = RETENTION_ACTIONS.find((known) => known === (ACAO ?? 'lista'));
    if (action === undefined) throw new Error('diga o que fazer: retencao lista, define ou retira');
    return { kind: 'retention', action, prefix: word(PREFIXO), flags };
  },
  admin: (_, flags) => ({ kind: 'portal', service: 'admin', flags }),
  matricula: (_, flags) => ({ kind: 'portal', service: 'matricula', flags }),
  certificados: ({ PASTA }, flags) => ({ kind: 'certificates', folder: word(PASTA), flags }),
  chave: ({ PASSO, ARQUIVO }, flags) => keyRequest(PASSO, ARQUIVO, flags),
};

function word(given: unknown): string | undefined {
  return typeof given === 'string' ? given : undefined;
}

function copyOf(direction: 'exporta' | 'importa', given: unknown, flags: Flags): Command {
  const file = word(given);
  if (file === '') throw new Error(`${direction}: o nome do arquivo está vazio`);
  return { kind: 'copy', direction, file: file === STANDARD_STREAM ? undefined : file, flags };
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ').trim();
}
