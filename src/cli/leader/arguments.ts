import { KvsError } from '../../core/errors.js';
import { LEADER_SERVER_OPTIONS } from '../../config/leader-options.js';
import { flagOptions, typedNames } from '../../config/option.js';

/** One thing that the client of the leader system is to do. */
export type Action =
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  | { readonly kind: 'get'; readonly key: string };

/**
 * Takes `--put CHAVE VALOR` and `--get CHAVE` out of the words of `kvs lider-cliente`, in their order and exactly as they
 * are, also where a key or a value begins with `-`.
 * @throws KvsError CONFIGURACAO if one has too few words after it
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

/** How the options of `kvs lider-servidor` were called by whoever typed these words, where that is not their own name. */
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
