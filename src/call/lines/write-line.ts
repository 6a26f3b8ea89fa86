import { KvsError } from '../../core/errors.js';
import type { Answers, Awaitable, Engine, KeyWrite, OfKind, Row } from '../../ports/engine.js';
import type { Line } from '../../ports/lines.js';
import { andThen } from '../operation.js';

/** A write of one key that adds a version, and answers with its line. */
type AddingWrite = OfKind<KeyWrite, 'insert' | 'renew'>;

/**
 * Does a write, and answers with the line that it added.
 * @throws KvsError (as a rejection too) of the write
 */
export function writeLine(engine: Engine, write: AddingWrite): Awaitable<Line> {
  if (write.kind === 'renew') return andThen(engine.write(write), (row) => lineOfRow(engine, row));
  const { key, value } = write;
  return andThen(engine.write(write), ({ version, timestamp }) =>
    lineOfRow(engine, { key, value, version, timestamp }, write.ttlMs),
  );
}

/**
 * The line of a row that was just written. A write that was done is answered as done, whatever becomes of the question
 * for the rest of its line: others may have removed it meanwhile.
 * @param ttlMs where the row does not tell when it expires
 */
export function lineOfRow(engine: Engine, row: Row, ttlMs?: number): Awaitable<Line> {
  const bare = (): Line => ({
    ...(ttlMs === undefined ? row : { ...row, expiresAt: row.timestamp + ttlMs }),
    ...{ origin: '', isHead: true, isSibling: false, isStable: false },
  });
  // An answer to an insert does not say when the row expires.
  if (ttlMs === undefined && engine.lineOf !== undefined) return engine.lineOf(row);
  const { key, version, timestamp } = row;
  return settled(
    () => engine.read({ kind: 'line', key, version }),
    (found) => {
      if (isOf(found, row)) return found;
      // A sibling, written elsewhere at the same moment, answers for the version.
      return settled(
        () => engine.read({ kind: 'line', key, timestamp }),
        (other) => (isOf(other, row) ? other : bare()),
      );
    },
  );
}

function isOf(line: Line | undefined, { version, timestamp }: Row): line is Line {
  return line?.version === version && line.timestamp === timestamp;
}

/** Asks, and goes on with `undefined` where the question fails. */
function settled<T, U>(ask: () => Awaitable<T>, next: (answer: T | undefined) => Awaitable<U>): Awaitable<U> {
  let asked: Awaitable<T>;
  try {
    asked = ask();
  } catch {
    return next(undefined);
  }
  return asked instanceof Promise ? asked.then(next, () => next(undefined)) : next(asked);
}

/**
 * Writes, or removes, if the latest version of a key is the one that the caller has seen: see `CompareWrite`.
 * @returns the new line, or the newest of those removed
 * @throws KvsError (as a rejection too)
 */
export function compareLine(engine: Engine, write: OfKind<KeyWrite, 'compare'>): Awaitable<Line> {
  if (write.value !== undefined) return andThen(engine.write(write), (row) => lineOfRow(engine, row));
  if (write.expected === 0) {
    throw new KvsError('PEDIDO_INVALIDO', 'versão 0 quer dizer que a chave não existe: não há o que remover');
  }
  // Its origin is known only as long as it is there.
  const { key, expected } = write;
  return settled(
    () =>
      engine.capabilities.compares === true
        ? engine.read({ kind: 'line', key, version: expected })
        : undefined,
    (line) =>
      andThen(engine.write(write), (row: Answers['compare']) => ({
        ...(isOf(line, row) ? line : { ...row, origin: '', isSibling: false, isStable: false }),
        isHead: false,
      })),
  );
}
