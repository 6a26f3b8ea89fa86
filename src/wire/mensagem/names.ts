import type { Fields } from '../checks.js';
import type { Mensagem } from './messages.js';

/**
 * The field names that a request used, so that its answer uses the same: a map from our own names to the foreign ones.
 * `undefined` if the request used only our own.
 */
export type Names = Readonly<Record<string, readonly string[]>> | undefined;

/** English aliases that a request may use for our own names. */
const ALIASES = { tipo: 'type', chave: 'key', valor: 'value', timestamp: 'ts' } as const;
type Own = keyof typeof ALIASES;

/** The value of a field of a request under either name. */
export function fieldOf(fields: Fields, own: Own): unknown {
  return fields[own] ?? fields[ALIASES[own]];
}

/** The field names that a request used. Fields that it lacks follow the style of the others. */
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
  // Clients that use `type` and `key` expect either, and a write request has neither, so the answer carries both.
  else if (!isOwn('timestamp')) names['timestamp'] = ['timestamp', 'ts'];
  return names;
}

/** A message with its fields renamed to the names of the request. */
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
