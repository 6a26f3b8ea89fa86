import { COUNTED_OPERATIONS, TIMED_OPERATIONS } from './operations/names.js';
import { nearest } from './suggest.js';

/** What the argument library is to say, so that {@link misuseText} recognizes it. */
export const MISUSE_STRINGS: Record<string, string> = {
  // Of a text that counts there are two; the library's types know only one.
  ...({ 'Unknown argument: %s': { one: 'desconhecido: %s', other: 'desconhecido: %s' } } as object),
  'Invalid values:': 'inválido:',
  'Argument: %s, Given: %s, Choices: %s': '%s, dado: %s, opções: %s',
  'Not enough arguments following: %s': 'falta o valor da opção %s',
};

const COMMANDS = [
  ...['servidor', 'cliente', 'exporta', 'importa', 'lider-servidor', 'lider-cliente', 'admin', 'matricula'],
  ...['chave', 'credencial', 'certificados', 'completion'],
] as const;

/** `diga um comando: …`, for whoever says none. */
export const COMMANDS_TEXT = `diga um comando: ${COMMANDS.slice(0, -1).join(', ')} ou completion`;

/** Options whose values people write without quotes. */
const VALUE_OPTION = /^(-v|--valor|--val)(?:=([\s\S]*))?$/;

/**
 * What is wrong with a command line, what was probably meant, and where to read more.
 * @param message of the argument library, in one line
 * @param words after `kvs`
 * @param help of the command, which lists its options
 * @param script that the command was called by, if it was
 */
export function misuseText(
  message: string,
  words: readonly string[],
  help: string,
  script: string | undefined,
): string {
  const [, unknown] = /^desconhecido: ([\s\S]*)$/.exec(message) ?? [];
  const [, option, given, choices] = /^inválido: (\S+), dado: "([\s\S]*)", opções: (.*)$/.exec(message) ?? [];
  let text = message;
  const [command = '-'] = words;
  if (!command.startsWith('-') && !isCommand(command)) text = commandText(command);
  else if (unknown !== undefined) text = unknownText(unknown.split(', ')[0] ?? '', words, help);
  else if (option !== undefined && given !== undefined && choices !== undefined) {
    text = choiceText(option, given, choices.match(/[^", ]+/g) ?? [], words);
  }
  return `${text} (veja: ${helpOf(words, script)})`;
}

/** What shows the help of the command of these words. */
export function helpOf([command = '']: readonly string[], script: string | undefined): string {
  if (script !== undefined && script !== '') return `${script} --help`;
  return isCommand(command) ? `kvs ${command} --help` : 'kvs --help';
}

function isCommand(word: string): boolean {
  return COMMANDS.some((name) => name === word);
}

function commandText(name: string): string {
  const meant = nearest(name, COMMANDS) ?? operationText(name, 'cliente ');
  return `não conheço o comando "${name}"${meant === undefined ? `; ${COMMANDS_TEXT}` : question(meant)}`;
}

function unknownText(name: string, words: readonly string[], help: string): string {
  const option = words.find((word) => new RegExp(`^--?${escape(name)}(=|$)`, 's').test(word));
  if (option !== undefined || !words.includes(name)) {
    const dashed = option?.replace(/=[\s\S]*/, '') ?? `-${name}`;
    const known = [...help.matchAll(/(?<![\w-])--?([a-z][a-z-]*)/g)].map(([, found = '']) => found);
    const meant = name.length > 1 ? nearest(name, known) : undefined;
    return `não conheço a opção ${dashed}${question(meant && `--${meant}`)}`;
  }
  return unquotedText(name, words) ?? `"${name}" sobrou: não é opção nem valor de uma`;
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
  // A word too many is taken for an operation.
  const unquoted = option === 'OPERACAO' ? unquotedText(given, words) : undefined;
  if (unquoted !== undefined) return unquoted;
  const place = option === 'operacao' ? '--operacao (-o)' : 'operação';
  const meant = operationText(given);
  const listed = `com -o há ${COUNTED_OPERATIONS.join(', ')}; sem -o há ${TIMED_OPERATIONS.join(', ')}`;
  return `${place}: não conheço "${given}"${meant === undefined ? `; ${listed}` : question(meant)}`;
}

/** How the operation that was probably meant is asked for. */
function operationText(given: string, before = ''): string | undefined {
  const meant = nearest(given, [...COUNTED_OPERATIONS, ...TIMED_OPERATIONS]);
  if (meant === undefined) return undefined;
  return COUNTED_OPERATIONS.some((name) => name === meant)
    ? `${before}-o ${meant}`
    : `${before}${meant}${before === '' ? ', sem -o' : ''}`;
}

/** For a word that follows the value of an option that takes one. */
function unquotedText(extra: string, words: readonly string[]): string | undefined {
  const at = words.indexOf(extra);
  let begin = at;
  while (begin > 0 && words[begin - 1]?.startsWith('-') === false) begin--;
  const [, option, first] = VALUE_OPTION.exec(words[begin - 1] ?? '') ?? [];
  if (option === undefined || (begin === at && first === undefined)) return undefined;
  let end = at + 1;
  while (end < words.length && words[end]?.startsWith('-') === false) end++;
  const values = [...(first === undefined ? [] : [first]), ...words.slice(begin, end)];
  return `"${extra}" sobrou: ${quotesText(option, values)}`;
}

/** That a value with spaces takes quotes, for the words that look like one. */
export function quotesText(option: string, values: readonly string[]): string {
  return `um valor com espaços vai entre aspas: ${option} "${values.join(' ')}"`;
}

function question(meant: string | undefined): string {
  return meant === undefined || meant === '' ? '' : `; quis dizer ${meant}?`;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
