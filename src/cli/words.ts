import { TIMED_OPERATIONS } from './operations/names.js';

/** Options of the client that may take several values. */
const LIST_OPTION = /^(-k|-v|-e|--chave|--valor|--ver|--versao)(=[\s\S]*)?$/;

/** Options of the portal's commands that may take several values. */
const PORTAL_LIST_OPTION = /^(-v|--val|--valor)(=[\s\S]*)?$/;

/** Options of the client that take one value, which is no operation whatever it says. */
const SINGLE_OPTION =
  /^(-o|-p|-a|--operacao|--porta|--port|--endereco|--address|--servidores|--prazo|--credencial|--tls-ca|--tls-certificado|--tls-chave|--tls-nome|--confirmacao|--sessao)$/;

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
    const isStream = word === '-' && (isCopy || /^(-v|--valor)$/.test(words[at - 1] ?? ''));
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
  const option = portal ? PORTAL_LIST_OPTION : LIST_OPTION;
  const spread: string[] = [];
  for (let at = 0; at < words.length;) {
    const word = words[at++] ?? '';
    const [, name, given] = option.exec(word) ?? [];
    if (name === undefined) {
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
    if (LIST_OPTION.test(word)) return false;
    if (SINGLE_OPTION.test(word)) at++;
    else if (!word.startsWith('-')) return TIMED_OPERATIONS.some((operation) => operation === word);
  }
  return false;
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
  const [, name, value] = /^--?(k|key|chave|v|val|valor|e|ver|versao)=([\s\S]*)$/.exec(word) ?? [];
  if (name === undefined || value === undefined) return word;
  const quote = value === '' ? '"' : (/^(["'])[\s\S]*\1$/.exec(value)?.[1] ?? '');
  return `--${name}=${quote}${value}${quote}`;
}
