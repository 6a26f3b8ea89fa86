import type { Fields } from '../checks.js';
import type { Mensagem } from './messages.js';

/**
 * Names by which a request was asked, for the answer to have the same: of its fields, on the wire, those that are not our
 * own. `undefined`: all are.
 */
export type Names = Readonly<Record<string, readonly string[]>> | undefined;

/** What a request may say for our own names. */
const ALIASES = { tipo: 'type', chave: 'key', valor: 'value', timestamp: 'ts' } as const;
type Own = keyof typeof ALIASES;

/** A field of a request under either of its names. */
export function fieldOf(fields: Fields, own: Own): unknown {
  return fields[own] ?? fields[ALIASES[own]];
}

/** The names by which a request was asked. What it says nothing of is called as the rest of it is. */
export function namesOf(fields: Fields): Names {
  const isForeign = (own: Own): boolean => isGiven(fields[ALIASES[own]]) && !isGiven(fields[own]);
  const isOwn = (own: Own): boolean => isGiven(fields[own]);
  if (!isForeign('tipo') && !isForeign('chave') && !isForeign('valor') && !isForeign('timestamp')) {
    return undefined;
  }
  const names: Record<string, readonly string[]> = {};
  if (isForeign('tipo')) {
    Object.assign(names, { tipo: ['type'], codigo: ['code'], mensagem: ['message'] });
  }
  if (isForeign('chave')) names['chave'] = ['key'];
  if (isForeign('valor') || (!isOwn('valor') && isForeign('chave'))) names['valor'] = ['value'];
  if (isForeign('timestamp')) names['timestamp'] = ['ts'];
  // Both are used beside `type` and `key`, and a request that writes has neither.
  else if (!isOwn('timestamp')) names['timestamp'] = ['timestamp', 'ts'];
  return names;
}

/** A message with its fields called as they were asked for. */
export function renamed(message: Mensagem, names: NonNullable<Names>): object {
  return Object.fromEntries(
    Object.entries(message).flatMap(([own, value]) =>
      (names[own] ?? [own]).map((name) => [name, value as unknown] as const),
    ),
  );
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
