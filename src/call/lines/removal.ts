import type { Awaitable, Engine } from '../../ports/engine.js';
import { KvsError } from '../../core/errors.js';
import type { Counted } from '../../ports/lines.js';

const NOTHING: Counted = Object.freeze({ keys: 0, versions: 0 });

/**
 * Removes a version of a key, or all of them, and tells what it removed. Nothing happens if there is none.
 * @param version `undefined`: all
 * @throws KvsError (as a rejection too)
 */
export function removeCounted(engine: Engine, key: string, version: number | undefined): Awaitable<Counted> {
  try {
    const removed = engine.write<'remove'>({ kind: 'remove', key, version });
    return removed instanceof Promise ? removed.catch(orNothing) : removed;
  } catch (thrown) {
    return orNothing(thrown);
  }
}

/** @throws whatever else was thrown */
function orNothing(thrown: unknown): Counted {
  const error = KvsError.from(thrown);
  if (error.code === 'CHAVE_INEXISTENTE' || error.code === 'VERSAO_INEXISTENTE') return NOTHING;
  throw error;
}
