import { KvsError } from '../../core/errors.js';
import type { Awaitable, Engine } from '../../ports/engine.js';
import type { Line, LineQuery } from '../../ports/lines.js';
import { andThen } from '../operation.js';

/**
 * The line that is asked for.
 * @throws KvsError (as a rejection too) CHAVE_INEXISTENTE, VERSAO_INEXISTENTE if there is none
 */
export function existingLine(engine: Engine, query: LineQuery): Awaitable<Line> {
  return andThen(engine.read(query), (line) => line ?? missing(engine, query));
}

/** Nothing was found: tells an unknown key from an unknown version. */
function missing(engine: Engine, { key, ...place }: LineQuery): Awaitable<never> {
  const { version, timestamp, back } = place;
  const namesNone = version === undefined && timestamp === undefined && back === undefined;
  return andThen(namesNone ? undefined : engine.read({ kind: 'version', key }), (latest) => {
    if (latest === undefined) throw unknownKey();
    const which =
      version !== undefined
        ? `versão até ${String(version)}`
        : timestamp !== undefined
          ? `versão de até ${String(timestamp)} ms`
          : `${String(back)} versões antes da última`;
    throw new KvsError('VERSAO_INEXISTENTE', `a chave não tem ${which}`);
  });
}

/** The error for a key that has no version. */
export function unknownKey(): KvsError {
  return new KvsError('CHAVE_INEXISTENTE', 'a chave não existe');
}
