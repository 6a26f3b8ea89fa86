import type { KvsClient } from '../../client/client.js';
import { COMMANDS } from '../../config/commands.js';
import type { StoreName } from '../../config/commands.js';
import { flagOptions, typedNames } from '../../config/option.js';
import { STORE_OPTIONS } from '../../config/store-options.js';
import { cliLimits } from '../limits.js';
import { STORE_CALLS } from '../store/calls.js';
import { splitLine, typedWord } from './line-words.js';
import { isLent } from './lent-options.js';

/** Words of the shell itself. */
export const SHELL_WORDS = ['ajuda', 'sai'] as const;

const STORE_NAMES = Object.keys(STORE_OPTIONS) as StoreName[];

/** What may come in place of the last word of a line. */
type Completions = [words: string[], replaced: string];

/** Completes commands, their options, and keys that the servers have. Never rejects. */
export async function completions(line: string, client: KvsClient): Promise<Completions> {
  const { words, lastAt } = splitLine(line);
  const typed = line.slice(lastAt);
  const before = typed === '' ? words : words.slice(0, -1);
  const last = typed === '' ? '' : (words.at(-1) ?? '');
  const name = STORE_NAMES.find((known) => known === before[0]);
  if (before.length === 0) return [beginning([...STORE_NAMES, ...SHELL_WORDS], last), typed];
  if (name === undefined) return before[0] === 'ajuda' ? [beginning(STORE_NAMES, last), typed] : [[], typed];
  if (last.startsWith('-')) return [beginning(optionNames(name), last), typed];
  const choices = valuesOf(name, before.at(-1) ?? '');
  if (choices !== undefined) return [beginning(choices, last), typed];
  return isKeyNext(name, before) ? [await keysFrom(client, last), typed] : [[], typed];
}

function beginning(words: readonly string[], begin: string): string[] {
  return words.filter((word) => word.startsWith(begin)).map((word) => `${word} `);
}

function optionNames(name: StoreName): string[] {
  return flagOptions(COMMANDS[name].options)
    .filter(([option]) => !isLent(option))
    .map(([option]) => `--${option}`);
}

/** Words for the value of the option before it; `undefined` if that takes none. */
function valuesOf(name: StoreName, before: string): readonly string[] | undefined {
  const found = flagOptions(COMMANDS[name].options).find(([option, row]) =>
    typedNames(option, row).includes(before),
  );
  if (found === undefined || found[1].takes === 'switch') return undefined;
  return found[1].choices ?? [];
}

/** Whether the word after these is a key or the beginning of one: the first that is no option, nor the value of one. */
function isKeyNext(name: StoreName, before: readonly string[]): boolean {
  const [first] = Object.keys(COMMANDS[name].positionals);
  if (first !== 'CHAVE' && first !== 'PREFIXO') return false;
  return before
    .slice(1)
    .every((word, at) => word.startsWith('-') || valuesOf(name, before[at] ?? '') !== undefined);
}

async function keysFrom(client: KvsClient, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  const item = { prefixo: prefix, so_chaves: true, limite: cliLimits.completionKeys };
  const late = new Promise<void>((resolve) => setTimeout(resolve, cliLimits.completionMs).unref());
  const asked = client.call(STORE_CALLS.list, { item }, ({ chave }) => {
    keys.push(chave);
    return undefined;
  });
  await Promise.race([asked.catch(() => undefined), late]);
  // What acts on a terminal cannot be typed there.
  return keys
    .filter((key) => !/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(key))
    .map((key) => `${typedWord(key)} `);
}
