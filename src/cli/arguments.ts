import yargs from 'yargs';
import type { Argv } from 'yargs';
import type { Flags } from '../config/settings.js';
import { KvsError } from '../core/errors.js';
import { ACCESS_ACTIONS, COMMANDS, RETENTION_ACTIONS, SHELLS } from '../config/commands.js';
import type { AccessAction, CommandName, RetentionAction, ShellName, StoreName } from '../config/commands.js';
import { TIMED_OPERATIONS } from '../config/operation-names.js';
import type { TimedName } from '../config/operation-names.js';
import { commandWords, declareCommand } from './declare.js';
import { flagsOf } from './flags.js';
import { keyRequest } from './key-command.js';
import type { FleetKeyRequest } from './key-command.js';
import type { FaultOrder } from './laboratory/faults.js';
import { takeActions } from './leader/arguments.js';
import type { Action } from './leader/arguments.js';
import { COMMAND_NAMES, COMMANDS_TEXT, HELP_ALIASES, MISUSE_STRINGS, misuseText } from './misuse.js';
import { storeRequest } from './store/request.js';
import type { StoreRequest } from './store/request.js';
import {
  guardData,
  HELP_WORDS,
  keepWhole,
  markStreams,
  spellSwitches,
  spreadLists,
  STANDARD_STREAM,
  unguarded,
} from './words.js';
import { wrapWords } from './wrap.js';

/** A parsed command line. `text` is printed as it is: help. */
export type Command =
  | { readonly kind: 'text'; readonly text: string }
  /** Keys for a fleet. */
  | FleetKeyRequest
  | StoreRequest
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
  /** The script that completes words; `shell` absent: that of the environment. */
  | { readonly kind: 'completion'; readonly shell: ShellName | undefined }
  /** `count` as typed. */
  | { readonly kind: 'demo'; readonly count: string | undefined; readonly flags: Flags }
  | { readonly kind: 'laboratoryPage'; readonly flags: Flags }
  /** `file`: the recording. */
  | { readonly kind: 'laboratoryExport'; readonly file: string; readonly flags: Flags }
  | { readonly kind: 'laboratory'; readonly action: 'isola' | 'liga'; readonly flags: Flags }
  | { readonly kind: 'conformance'; readonly flags: Flags }
  | { readonly kind: 'faults'; readonly order: FaultOrder; readonly flags: Flags }
  | { readonly kind: 'trace'; readonly flags: Flags }
  /** `first` may be the file, with `second` absent. */
  | {
      readonly kind: 'correction';
      readonly first: string | undefined;
      readonly second: string | undefined;
      readonly flags: Flags;
    }
  | { readonly kind: 'man' }
  | { readonly kind: 'shell'; readonly flags: Flags }
  | { readonly kind: 'version' }
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
  if (words.length === 1 && VERSION_WORDS.includes(words[0] ?? '')) return { kind: 'version' };
  const [first = '', asked] = words;
  if (HELP_WORDS.includes(first) && asked !== undefined && !asked.startsWith('-')) {
    return parseCommandLine([asked, '--help'], script, columns);
  }
  let command: Command | undefined;
  let text = '';
  try {
    const { rest, actions } = takeActions(words);
    const parser = newParser((found) => {
      command = found.kind === 'leaderClient' ? { ...found, actions } : found;
    });
    const whole = spreadLists(markStreams(spellSwitches(guardData(rest)))).map(keepWhole);
    void parser.parse(whole, {}, (error, _parsed, output) => {
      if (error) throw error;
      text = columns === undefined ? output : wrapWords(output, columns);
    });
  } catch (error) {
    throw new KvsError('CONFIGURACAO', misuseText(oneLine(error), words, script), { cause: error });
  }
  return text === '' && command !== undefined ? command : { kind: 'text', text };
}

/** Words that ask for the version of the program. */
const VERSION_WORDS = ['--version', '-V', '--versao'];

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
      // The name that it had before it spoke Portuguese.
      name === 'completa' ? [commandWords(name), 'completion'] : commandWords(name),
      COMMANDS[name].about,
      (command) => declareCommand(command, name),
      (argv) => {
        found(READ[name](argv, flagsOf(argv, COMMANDS[name].options)));
      },
    );
  }
  return parser
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
  insere: store('insere'),
  consulta: store('consulta'),
  remove: store('remove'),
  compara: store('compara'),
  expira: store('expira'),
  apara: store('apara'),
  historico: store('historico'),
  lista: store('lista'),
  conta: store('conta'),
  observa: store('observa'),
  estado: store('estado'),
  shell: (_, flags) => ({ kind: 'shell', flags }),
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
  confere: (_, flags) => ({ kind: 'conformance', flags }),
  certificados: ({ PASTA }, flags) => ({ kind: 'certificates', folder: word(PASTA), flags }),
  chave: ({ PASSO, ARQUIVO }, flags) => keyRequest(PASSO, ARQUIVO, flags),
  demo: ({ N }, flags) => ({ kind: 'demo', count: word(N), flags }),
  laboratorio: ({ ACAO, ARQUIVO }, flags) => {
    const file = word(ARQUIVO);
    if (ACAO === undefined) return { kind: 'laboratoryPage', flags };
    if (file === undefined)
      throw new Error('exporta: falta a gravação, como em: laboratorio exporta ARQUIVO --svg');
    return { kind: 'laboratoryExport', file, flags };
  },
  isola: (_, flags) => ({ kind: 'laboratory', action: 'isola', flags }),
  liga: (_, flags) => ({ kind: 'laboratory', action: 'liga', flags }),
  perde: ({ CHEGAM, SAEM }, flags) => {
    const coming = word(CHEGAM);
    if (coming === undefined) throw new Error('diga quantas em mil: perde 300');
    return { kind: 'faults', order: { command: 'perde', coming, going: word(SAEM) }, flags };
  },
  adianta: ({ TEMPO, SENTIDO }, flags) => {
    const by = word(TEMPO);
    if (by === undefined) throw new Error('diga quanto: adianta 90s, adianta 90s atras ou adianta 0');
    return { kind: 'faults', order: { command: 'adianta', by, isBehind: SENTIDO === 'atras' }, flags };
  },
  rastreia: (_, flags) => ({ kind: 'trace', flags }),
  corrige: ({ EXERCICIO, GRAVACAO }, flags) => ({
    kind: 'correction',
    first: word(EXERCICIO),
    second: word(GRAVACAO),
    flags,
  }),
  completa: ({ SHELL }) => ({ kind: 'completion', shell: SHELLS.find((known) => known === SHELL) }),
  man: () => ({ kind: 'man' }),
};

function store(name: StoreName): (argv: Given, flags: Flags) => Command {
  return (argv, flags) => storeRequest(name, argv, flags);
}

function word(given: unknown): string | undefined {
  return typeof given === 'string' ? unguarded(given) : undefined;
}

function copyOf(direction: 'exporta' | 'importa', given: unknown, flags: Flags): Command {
  const file = word(given);
  if (file === '') throw new Error(`${direction}: o nome do arquivo está vazio`);
  return { kind: 'copy', direction, file: file === STANDARD_STREAM ? undefined : file, flags };
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ').trim();
}
