import { ADMIN_OPTIONS, CLIENT_OPTIONS } from '../config/client-options.js';
import { COMMANDS } from '../config/commands.js';
import { TIMED_OPERATIONS } from '../config/operation-names.js';
import { flagOptions, typedNames } from '../config/option.js';
import type { Option, Options } from '../config/option.js';
import { parseFlag } from '../config/parse.js';

/** Names of the options of a table that fit, as they are typed. */
function namesOf(table: Options, fits: (option: Option) => boolean): readonly string[] {
  return flagOptions(table).flatMap(([name, option]) => (fits(option) ? typedNames(name, option) : []));
}

const takesSeveral = ({ data }: Option): boolean => data === 'several';

/** Options of the client that may take several values. */
const LISTS = namesOf(CLIENT_OPTIONS, takesSeveral);

/** Options of the portal's commands that may take several values. */
const PORTAL_LISTS = namesOf(ADMIN_OPTIONS, takesSeveral);

/** Options of the client that take one value, which is no operation whatever it says. */
const SINGLES = namesOf(CLIENT_OPTIONS, (option) => option.takes !== 'switch' && !takesSeveral(option));

/** Options whose values are data, without their dashes. */
const DATA_NAMES = [CLIENT_OPTIONS, ADMIN_OPTIONS]
  .flatMap((table) => namesOf(table, ({ data }) => data !== undefined))
  .map((name) => name.replace(/^-+/, ''));
const DATA_WORD = new RegExp(`^--?(${DATA_NAMES.join('|')})=([\\s\\S]*)$`);

/** Options without a value, of any command. */
const SWITCHES: ReadonlySet<string> = new Set(
  Object.values(COMMANDS).flatMap(({ options }) => namesOf(options, ({ takes }) => takes === 'switch')),
);

const VALUE_NAMES = typedNames('valor', CLIENT_OPTIONS.valor);

/**
 * What stands for the word `-` where it means a standard stream: no word holds a zero, so that the value `-` is another
 * (`-v=-`).
 */
export const STANDARD_STREAM = '\0-';

/**
 * Marks `-` where it means a standard stream: the file of `exporta` and `importa`, and a value of the command line of `-o`.
 * Not a value after an operation that is named by position, or of the portal: there it always was a value like any other.
 */
export function markStreams(words: readonly string[]): readonly string[] {
  const [command] = words;
  const isCopy = command === 'exporta' || command === 'importa';
  if (!isCopy && (command !== 'cliente' || namesOperation(words))) return words;
  return words.map((word, at) => {
    const isStream = word === '-' && (isCopy || VALUE_NAMES.includes(words[at - 1] ?? ''));
    return isStream ? STANDARD_STREAM : word;
  });
}

/**
 * `get --chave a b` as `get --chave=a --chave=b`, for the operations that are named by position and for the portal's commands: several
 * values after one option belong to their command lines and not to that of `-o`. Other words stay as they are.
 */
export function spreadLists(words: readonly string[]): readonly string[] {
  const portal = words[0] === 'admin' || words[0] === 'matricula';
  if (!portal && !namesOperation(words)) return words;
  const lists = portal ? PORTAL_LISTS : LISTS;
  const spread: string[] = [];
  for (let at = 0; at < words.length;) {
    const word = words[at++] ?? '';
    const [, name = '', given] = splitWord(word);
    if (!lists.includes(name)) {
      spread.push(word);
      continue;
    }
    const begin = at;
    while (at < words.length && isValue(words[at] ?? '')) at++;
    if (given !== undefined || at === begin) spread.push(word);
    for (const value of words.slice(begin, at)) spread.push(`${name}=${value}`);
  }
  return spread;
}

/** Whether the first word that is neither an option nor its value is an operation, and comes before any list. */
function namesOperation([command, ...words]: readonly string[]): boolean {
  if (command !== 'cliente') return false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (LISTS.includes(splitWord(word)[1] ?? '')) return false;
    if (SINGLES.includes(word)) at++;
    else if (!word.startsWith('-')) return TIMED_OPERATIONS.some((operation) => operation === word);
  }
  return false;
}

/**
 * `--cifra=sim` as `--cifra`, and `--cifra=nao` as `--no-cifra`: yargs takes every text but `true` for a no, so that a server
 * that was told to encrypt would not.
 * @throws KvsError CONFIGURACAO for a text that is neither
 */
export function spellSwitches(words: readonly string[]): readonly string[] {
  // What is being completed is half a word.
  if (words[0] === '--get-yargs-completions') return words;
  return words.map((word) => {
    const [, name = '', given] = splitWord(word);
    if (given === undefined || !SWITCHES.has(name)) return word;
    return parseFlag(given.slice(1).toLowerCase(), name) ? name : name.replace('--', '--no-');
  });
}

/** The name of an option and, if its value is in the same word, `=` and the value. */
function splitWord(word: string): readonly (string | undefined)[] {
  return /^([^=]*)(=[\s\S]*)?$/.exec(word) ?? [];
}

/** A word that is not another option. */
function isValue(word: string): boolean {
  return !word.startsWith('-') || /^-(\d+)?$/.test(word);
}

/**
 * A repeatable option with its value in the same word, as yargs takes it whole: it does not read `-v=…` with a line break, nor an
 * empty value in the last word, and strips one pair of quotes after `=`, although the shell has done that already.
 */
export function keepWhole(word: string): string {
  const [, name, value] = DATA_WORD.exec(word) ?? [];
  if (name === undefined || value === undefined) return word;
  const quote = value === '' ? '"' : (/^(["'])[\s\S]*\1$/.exec(value)?.[1] ?? '');
  return `--${name}=${quote}${value}${quote}`;
}
