import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { KvsError } from '../core/errors.js';
import type { ErrorCode } from '../core/errors.js';

/** Node's replacement for bytes that are not UTF-8; it may also be a real character. */
const REPLACEMENT = '\ufffd';

const CODES: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ...(['-k', '--key', '--chave', '--get'] as const).map((name) => [name, 'CHAVE_INVALIDA'] as const),
  ...(['-v', '--val', '--valor', '--put'] as const).map((name) => [name, 'VALOR_INVALIDO'] as const),
]);

/**
 * Refuses words and variables that are not UTF-8: Node has already altered them, so another key would be written. Only
 * the system still has the bytes (`/proc`); where it does not show them, any U+FFFD is refused.
 * @param words after the name of the program, as Node has them
 * @throws KvsError CHAVE_INVALIDA, VALOR_INVALIDO, or CONFIGURACAO for anything else
 */
export function assertReadable(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): void {
  const bad = words.findIndex((word) => word.includes(REPLACEMENT));
  if (bad >= 0) assertWords(words, bad);
  for (const [name, text] of Object.entries(env)) {
    if (name.startsWith('KVS_') && text?.includes(REPLACEMENT) === true) assertVariable(name);
  }
}

function assertWords(words: readonly string[], suspect: number): void {
  // Node's own words and the name of the program come before them.
  const raw = rawTexts('/proc/self/cmdline')?.slice(-words.length);
  const wrong = raw?.length === words.length ? raw.findIndex((bytes) => !isUtf8(bytes)) : suspect;
  if (wrong < 0) return;
  const option = words
    .slice(0, wrong + 1)
    .reverse()
    .find((word) => word.startsWith('-'));
  const name = option?.split('=', 1)[0];
  const code = CODES.get(name ?? '') ?? 'CONFIGURACAO';
  const which = name === undefined ? `a palavra ${wrong + 1}` : `o que vem com ${name}`;
  throw new KvsError(code, `${which} não é UTF-8 válido`);
}

function assertVariable(name: string): void {
  const raw = rawTexts('/proc/self/environ')?.find((bytes) =>
    bytes.toString('latin1').startsWith(`${name}=`),
  );
  if (raw !== undefined && isUtf8(raw)) return;
  throw new KvsError('CONFIGURACAO', `${name} não é UTF-8 válido`);
}

/** Zero-terminated texts as the system has them; `undefined` where it does not show them. */
function rawTexts(path: string): Buffer[] | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined;
  }
  const texts: Buffer[] = [];
  for (let from = 0; from < bytes.length;) {
    const zero = bytes.indexOf(0, from);
    const end = zero < 0 ? bytes.length : zero;
    texts.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return texts;
}
