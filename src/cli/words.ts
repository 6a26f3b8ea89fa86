import { ADMIN_OPTIONS, CLIENT_OPTIONS } from '../config/client-options.js';
import { COMMANDS } from '../config/commands.js';
import type { CommandName, Positional } from '../config/commands.js';
import { TIMED_OPERATIONS } from '../config/operation-names.js';
import { flagOptions, typedNames } from '../config/option.js';
import type { Option, Options } from '../config/option.js';
import { parseFlag } from '../config/parse.js';

/** Names, as typed, of the matching options of a table. */
function namesOf(table: Options, fits: (option: Option) => boolean): readonly string[] {
  return flagOptions(table).flatMap(([name, option]) => (fits(option) ? typedNames(name, option) : []));
}

const takesSeveral = ({ data }: Option): boolean => data === 'several';

/** Options of the client that may take several values. */
const LISTS = namesOf(CLIENT_OPTIONS, takesSeveral);

/** Options of the portal's commands that may take several values. */
const PORTAL_LISTS = namesOf(ADMIN_OPTIONS, takesSeveral);

/** Options of the client with one value, which is never an operation. */
const SINGLES = namesOf(CLIENT_OPTIONS, (option) => option.takes !== 'switch' && !takesSeveral(option));

/** Options whose values are data, without their dashes. */
const DATA_NAMES = [
  ...new Set(
    Object.values(COMMANDS)
      .flatMap(({ options }) => namesOf(options, ({ data }) => data !== undefined))
      .map((name) => name.replace(/^-+/, '')),
  ),
];
const DATA_WORD = new RegExp(`^--?(${DATA_NAMES.join('|')})=([\\s\\S]*)$`);

/** Options without a value, of any command. */
const SWITCHES: ReadonlySet<string> = new Set(
  Object.values(COMMANDS).flatMap(({ options }) => namesOf(options, ({ takes }) => takes === 'switch')),
);

const VALUE_NAMES = typedNames('valor', CLIENT_OPTIONS.valor);

/**
 * Replaces the word `-` where it means a standard stream. No word can hold a zero character, so the value `-` stays
 * distinct (`-v=-`).
 */
export const STANDARD_STREAM = '\0-';

/**
 * Marks `-` where it means a standard stream: the file of `exporta` and `importa`, and a value of the command line of
 * `-o`. Not for values of positional operations or of the portal: there `-` has always been an ordinary value.
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

/** Marks a word that is data whatever it looks like. */
const VERBATIM = '\0=';

/** Commands with positional words that are data. */
const DATA_COMMANDS: ReadonlySet<string> = new Set(
  Object.entries(COMMANDS).flatMap(([name, { positionals }]) =>
    Object.values<Positional>(positionals).some(({ data }) => data === true) ? [name] : [],
  ),
);

/** Commands of which a positional word names a file, which may have any name. */
const FILE_COMMANDS: ReadonlySet<string> = new Set<CommandName>(['exporta', 'importa', 'corrige']);

/** Words that the argument library takes for `--help` where they come last, a value `ajuda` too. */
export const HELP_WORDS: readonly string[] = ['help', 'ajuda'];

/** Whether the next word is the value of this one. */
function wantsValue(word: string): boolean {
  return word.startsWith('-') && !word.includes('=') && !SWITCHES.has(word);
}

/**
 * For commands whose positional words are data: `-` becomes the standard stream, and everything after `--` is taken
 * verbatim, also another `-` or what begins with one. So is a word that the library would take for `--help`.
 */
export function guardData(words: readonly string[]): readonly string[] {
  if (FILE_COMMANDS.has(words[0] ?? '')) return words.map((word, at) => guardedHelp(words, word, at));
  if (!DATA_COMMANDS.has(words[0] ?? '')) return words;
  const end = words.indexOf('--');
  const [before, after] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end + 1)];
  const marked = before.map((word, at) => {
    if (word === '-') return STANDARD_STREAM;
    return guardedHelp(before, word, at);
  });
  return [...marked, ...after.map((word) => VERBATIM + word)];
}

/** A positional word that the library would take for `--help`, marked. */
function guardedHelp(words: readonly string[], word: string, at: number): string {
  return at > 0 && HELP_WORDS.includes(word) && !wantsValue(words[at - 1] ?? '') ? VERBATIM + word : word;
}

/** A positional word as it was typed, after {@link guardData}; the standard stream stays marked. */
export function unguarded(word: string): string {
  return word.startsWith(VERBATIM) ? word.slice(VERBATIM.length) : word;
}

/**
 * Rewrites `get --chave a b` as `get --chave=a --chave=b`, for positional operations and the portal's commands: several
 * values after one option are part of their syntax, but not of that of `-o`. Other words stay as they are.
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

/** Whether the first word besides options and their values is an operation, and precedes any list. */
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
 * Rewrites `--cifra=sim` as `--cifra`, and `--cifra=nao` as `--no-cifra`: yargs takes every text but `true` for a no,
 * so a server told to encrypt would not.
 * @throws KvsError CONFIGURACAO for any other text
 */
export function spellSwitches(words: readonly string[]): readonly string[] {
  // The word being completed is incomplete.
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
 * A repeatable option with its value in the same word, so that yargs keeps it whole: it cannot read `-v=…` with a line
 * break, nor an empty last value, and strips one pair of quotes after `=`, as the shell already has.
 */
export function keepWhole(word: string): string {
  const [, name, value] = DATA_WORD.exec(word) ?? [];
  if (name === undefined || value === undefined) return word;
  const quote = value === '' ? '"' : (/^(["'])[\s\S]*\1$/.exec(value)?.[1] ?? '');
  return `--${name}=${quote}${value}${quote}`;
}
