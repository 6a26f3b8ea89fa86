import { KvsError } from '../../core/errors.js';
import { LEADER_SERVER_OPTIONS } from '../../config/leader-options.js';
import { flagOptions, typedNames } from '../../config/option.js';

/** One action of the client of the leader system. */
export type Action =
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  | { readonly kind: 'get'; readonly key: string };

/**
 * Removes `--put CHAVE VALOR` and `--get CHAVE` from the words of `kvs lider-cliente`, in order and verbatim, even if a
 * key or a value begins with `-`.
 * @throws KvsError CONFIGURACAO if one is followed by too few words
 */
export function takeActions(words: readonly string[]): {
  readonly rest: readonly string[];
  readonly actions: readonly Action[];
} {
  if (words[0] !== 'lider-cliente') return { rest: words, actions: [] };
  const rest: string[] = [];
  const actions: Action[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === '--put') {
      const [key, value] = [words[++at], words[++at]];
      if (key === undefined || value === undefined) throw tooFew('--put', 'CHAVE e VALOR');
      actions.push({ kind: 'put', key, value });
    } else if (word === '--get') {
      const key = words[++at];
      if (key === undefined) throw tooFew('--get', 'CHAVE');
      actions.push({ kind: 'get', key });
    } else rest.push(word);
  }
  return { rest, actions };
}

function tooFew(option: string, wanted: string): KvsError {
  return new KvsError('CONFIGURACAO', `${option}: esperado ${option} ${wanted}`);
}

/** The names by which options of `kvs lider-servidor` were typed, where they are not the main names. */
export function typedAliases(words: readonly string[]): Readonly<Record<string, string>> {
  const typed: Record<string, string> = {};
  for (const word of words) {
    const [dashed = ''] = /^--?[\w-]+/.exec(word) ?? [];
    for (const [name, option] of flagOptions(LEADER_SERVER_OPTIONS)) {
      if (typedNames(name, option).slice(1).includes(dashed)) typed[name] = dashed;
    }
  }
  return typed;
}
