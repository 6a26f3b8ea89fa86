import { ADMIN_OPTIONS, CLIENT_OPTIONS } from '../config/client-options.js';
import { COMMANDS } from '../config/commands.js';
import type { CommandName, StoreName } from '../config/commands.js';
import { COUNTED_OPERATIONS, TIMED_OPERATIONS } from '../config/operation-names.js';
import { flagOptions, typedNames } from '../config/option.js';
import type { Option } from '../config/option.js';
import { STORE_OPTIONS } from '../config/store-options.js';
import { COMMAND_HELP } from './command-help.js';
import { nearest } from './suggest.js';
import { STANDARD_STREAM, unguarded } from './words.js';

/** Messages for the argument library, in a form that {@link misuseText} recognizes. */
export const MISUSE_STRINGS: Record<string, string> = {
  // Texts with a count have two forms; the library's types know only one.
  ...({ 'Unknown argument: %s': { one: 'desconhecido: %s', other: 'desconhecido: %s' } } as object),
  'Invalid values:': 'inválido:',
  'Argument: %s, Given: %s, Choices: %s': '%s, dado: %s, opções: %s',
  'Not enough arguments following: %s': 'falta o valor da opção %s',
};

/** Commands in the table. */
export const COMMAND_NAMES = Object.keys(COMMANDS).filter(isInTable);

/** All words that may follow `kvs`. */
const WORDS: readonly string[] = [...COMMAND_NAMES, 'completion'];

/** `diga um comando: …`, for a command line without a command. */
export const COMMANDS_TEXT = `diga um comando: ${COMMAND_NAMES.slice(0, -1).join(', ')} ou ${COMMAND_NAMES.slice(-1).join('')}`;

/** Other names of `--help`. */
export const HELP_ALIASES = ['h', 'ajuda'] as const;

/** Options whose values people often leave unquoted. */
const VALUE_OPTIONS = [...typedNames('valor', CLIENT_OPTIONS.valor), ...typedNames('val', ADMIN_OPTIONS.val)];

/**
 * Explains what is wrong with a command line, what was probably meant, and where to read more.
 * @param message of the argument library, as one line
 * @param words after `kvs`
 * @param script by which the command was called, if any
 */
export function misuseText(message: string, words: readonly string[], script: string | undefined): string {
  const [, unknown] = /^desconhecido: ([\s\S]*)$/.exec(message) ?? [];
  const [, option, given, choices] = /^inválido: (\S+), dado: "([\s\S]*)", opções: (.*)$/.exec(message) ?? [];
  let text = message;
  const [command = '-'] = words;
  if (!command.startsWith('-') && !isCommand(command)) text = commandText(command);
  else if (/^--?\w/.test(command)) text = lonelyText(command);
  else if (unknown !== undefined) text = extraText(unknown.split(', ')[0] ?? '', words);
  else if (option !== undefined && given !== undefined && choices !== undefined) {
    text = choiceText(option, given, choices.match(/[^", ]+/g) ?? [], words);
  }
  return `${text} (veja: ${helpCommandOf(words, script)})`;
}

/** The command that shows the help for these words. */
function helpCommandOf([command = '']: readonly string[], script: string | undefined): string {
  if (script !== undefined && script !== '') return `${script} --help`;
  return isCommand(command) ? `kvs ${command} --help` : 'kvs --help';
}

function isCommand(word: string): boolean {
  return WORDS.includes(word);
}

function isInTable(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}

function commandText(name: string): string {
  const isOperation = [...COUNTED_OPERATIONS, ...TIMED_OPERATIONS].some((known) => known === name);
  const meant = (isOperation ? undefined : nearest(name, WORDS)) ?? operationText(name, 'cliente ');
  return `não conheço o comando "${name}"${meant === undefined ? `; ${COMMANDS_TEXT}` : question(meant)}`;
}

/** For an option without a command. */
function lonelyText(option: string): string {
  const meant = nearest(option.replace(/^-+|=[\s\S]*$/g, ''), ['version', 'help']);
  return meant === undefined ? COMMANDS_TEXT : `não conheço a opção ${option}${question(`--${meant}`)}`;
}

/** For what is none of the words and options that the command has. */
function extraText(name: string, words: readonly string[]): string {
  if (name === STANDARD_STREAM) return '"-" sobrou: não é opção nem valor de uma';
  const extra = unguarded(name);
  if (extra === name) return unknownText(name, words);
  return `"${extra}" sobrou: depois de -- nada é opção; opções vão antes dele`;
}

function unknownText(name: string, words: readonly string[]): string {
  const option = words.find((word) => new RegExp(`^--?${escape(name)}(=|$)`, 's').test(word));
  if (option !== undefined || !words.includes(name)) {
    const dashed = option?.replace(/=[\s\S]*/, '') ?? `-${name}`;
    const byPlace = placedText(name, words);
    if (byPlace !== undefined) return `não conheço a opção ${dashed}${byPlace}`;
    const meant = name.length > 1 ? nearest(name, optionNames(words[0] ?? '')) : undefined;
    return `não conheço a opção ${dashed}${question(meant && `--${meant}`)}`;
  }
  return (
    unquotedText(name, words) ?? unquotedWord(name, words) ?? `"${name}" sobrou: não é opção nem valor de uma`
  );
}

/** The hint for an option of `kvs cliente` where the word stands by its place. */
function placedText(name: string, [command = '']: readonly string[]): string | undefined {
  if (!Object.hasOwn(STORE_OPTIONS, command)) return undefined;
  if (name === 'prefixo' && (command === 'lista' || command === 'conta')) {
    return `: o prefixo vem sem opção, como em kvs ${command} casa/`;
  }
  const row = Object.entries<Option>(CLIENT_OPTIONS).find(
    ([main, { aliases = [] }]) => main === name || aliases.includes(name),
  );
  if (row === undefined || (row[0] !== 'chave' && row[0] !== 'valor')) return undefined;
  const [usage = ''] = COMMAND_HELP[command as StoreName].usage.split('\n');
  return `: chave e valor vêm sem opção, como em ${usage.replace('$0', 'kvs').replace(/ \[opções\]$/, '')}`;
}

/** All option names of a command, as help shows them. */
function optionNames(command: string): readonly string[] {
  const table = isInTable(command) ? flagOptions(COMMANDS[command].options) : [];
  const shown = table.filter(([, { hidden }]) => hidden === undefined);
  return ['help', ...HELP_ALIASES, ...shown.flatMap(([name, { aliases = [] }]) => [name, ...aliases])];
}

function choiceText(
  option: string,
  given: string,
  choices: readonly string[],
  words: readonly string[],
): string {
  if (option !== 'OPERACAO' && option !== 'operacao') {
    const place = option === option.toUpperCase() ? option : `--${option}`;
    const listed = `esperado um destes: ${choices.join(', ')}`;
    return `${place}: não conheço "${given}"${question(nearest(given, choices))}; ${listed}`;
  }
  // An extra word is parsed as an operation.
  const unquoted = option === 'OPERACAO' ? unquotedText(given, words) : undefined;
  if (unquoted !== undefined) return unquoted;
  const place = option === 'operacao' ? '--operacao (-o)' : 'operação';
  const meant = operationText(given);
  const listed = `com -o há ${COUNTED_OPERATIONS.join(', ')}; sem -o há ${TIMED_OPERATIONS.join(', ')}`;
  return `${place}: não conheço "${given}"${meant === undefined ? `; ${listed}` : question(meant)}`;
}

/** How to call the operation that was probably meant. */
function operationText(given: string, before = ''): string | undefined {
  const meant = nearest(given, [...COUNTED_OPERATIONS, ...TIMED_OPERATIONS]);
  if (meant === undefined) return undefined;
  return COUNTED_OPERATIONS.some((name) => name === meant)
    ? `${before}-o ${meant}`
    : `${before}${meant}${before === '' ? ', sem -o' : ''}`;
}

/** The hint for a word after the value of an option. */
function unquotedText(extra: string, words: readonly string[]): string | undefined {
  const at = words.indexOf(extra);
  let begin = at;
  while (begin > 0 && words[begin - 1]?.startsWith('-') === false) begin--;
  const [, option = '', first] = /^([^=]*)(?:=([\s\S]*))?$/.exec(words[begin - 1] ?? '') ?? [];
  if (!VALUE_OPTIONS.includes(option) || (begin === at && first === undefined)) return undefined;
  let end = at + 1;
  while (end < words.length && words[end]?.startsWith('-') === false) end++;
  const values = [...(first === undefined ? [] : [first]), ...words.slice(begin, end)];
  return `"${extra}" sobrou: ${quotesText(option, values)}`;
}

/** The hint for a word after the value of a command on the store. */
function unquotedWord(
  extra: string,
  [command = '', key = '', ...rest]: readonly string[],
): string | undefined {
  if (command !== 'insere') return undefined;
  const end = rest.findIndex((word) => word.startsWith('-'));
  const values = end < 0 ? rest : rest.slice(0, end);
  if (!values.includes(extra)) return undefined;
  return `"${extra}" sobrou: um valor com espaços vai entre aspas: insere ${key} "${values.join(' ')}"`;
}

/** The hint that a value with spaces needs quotes, for words that look like one. */
export function quotesText(option: string, values: readonly string[]): string {
  return `um valor com espaços vai entre aspas: ${option} "${values.join(' ')}"`;
}

function question(meant: string | undefined): string {
  return meant === undefined || meant === '' ? '' : `; quis dizer ${meant}?`;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
