import { ADMIN_OPTIONS, CLIENT_OPTIONS } from '../config/client-options.js';
import { COMMANDS } from '../config/commands.js';
import type { CommandName } from '../config/commands.js';
import { COUNTED_OPERATIONS, TIMED_OPERATIONS } from '../config/operation-names.js';
import { flagOptions, typedNames } from '../config/option.js';
import { nearest } from './suggest.js';

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
export const COMMANDS_TEXT = `diga um comando: ${COMMAND_NAMES.join(', ')} ou completion`;

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
  else if (unknown !== undefined) text = unknownText(unknown.split(', ')[0] ?? '', words);
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
  const meant = nearest(name, WORDS) ?? operationText(name, 'cliente ');
  return `não conheço o comando "${name}"${meant === undefined ? `; ${COMMANDS_TEXT}` : question(meant)}`;
}

function unknownText(name: string, words: readonly string[]): string {
  const option = words.find((word) => new RegExp(`^--?${escape(name)}(=|$)`, 's').test(word));
  if (option !== undefined || !words.includes(name)) {
    const dashed = option?.replace(/=[\s\S]*/, '') ?? `-${name}`;
    const meant = name.length > 1 ? nearest(name, optionNames(words[0] ?? '')) : undefined;
    return `não conheço a opção ${dashed}${question(meant && `--${meant}`)}`;
  }
  return unquotedText(name, words) ?? `"${name}" sobrou: não é opção nem valor de uma`;
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
