import { KvsError } from '../../core/errors.js';
import type { Awaitable, Engine, KeyWrite, OfKind } from '../../ports/engine.js';
import type { Call } from '../call.js';
import type { Decoded } from '../operation.js';

/** An insert that is answered with its place alone. */
export type PlainInsert = OfKind<KeyWrite, 'insert'>;

/** Writes of a batch that wait for the engine at once, where it takes them in order, and where it does not. */
const PIPELINED_AT_ONCE = 1024;
const UNORDERED_AT_ONCE = 128;

/** Of pairs that nobody waits for: nobody is told. */
const ABANDONED = new KvsError('RESULTADO_DESCONHECIDO', 'quem mandou o lote não espera mais por ele');

/** For each pair of a batch its new version, or why it was refused. */
export type BatchOutcome = readonly (number | KvsError)[];

/**
 * Writes the pairs of a batch, those of one key in order. An engine that answers at once does all of them in this turn
 * of the event loop, so their number bounds the pause of other callers. Others get many at once.
 * @param inserts a pair may be the reason why it is none
 * @param call if nobody waits for its answer any more, further pairs are not written
 * @returns fewer outcomes if the call is over
 * @throws KvsError (as a rejection too) if nothing was written, and every pair was refused for one condition that has
 *   nothing to do with pairs
 */
export function writeBatch(
  engine: Engine,
  inserts: readonly Decoded<PlainInsert>[],
  call: Pick<Call, 'isOver'> = {},
): Awaitable<BatchOutcome> {
  const outcomes: (number | KvsError)[] = [];
  for (const insert of inserts) {
    const made = attempted(engine, insert);
    if (made instanceof Promise) return writeRest(engine, inserts, call, outcomes, made);
    outcomes.push(made);
  }
  return assertDone(outcomes);
}

/** @returns the version, or why the pair was refused */
function attempted(engine: Engine, insert: Decoded<PlainInsert>): Awaitable<number | KvsError> {
  if (insert instanceof KvsError) return insert;
  try {
    const made = engine.write<'insert'>(insert);
    return made instanceof Promise
      ? made.then(
          ({ version }) => version,
          (thrown: unknown) => KvsError.from(thrown),
        )
      : made.version;
  } catch (thrown) {
    return KvsError.from(thrown);
  }
}

/** Goes on from the first pair whose answer takes time. */
async function writeRest(
  engine: Engine,
  inserts: readonly Decoded<PlainInsert>[],
  call: Pick<Call, 'isOver'>,
  outcomes: (number | KvsError)[],
  first: Promise<number | KvsError>,
): Promise<BatchOutcome> {
  const isPipelined = engine.capabilities.pipelined === true;
  const atOnce = isPipelined ? PIPELINED_AT_ONCE : UNORDERED_AT_ONCE;
  /** The last write of each key that is under way: the next one of that key waits for it. */
  const lastOf = new Map<string, Promise<number | KvsError>>();
  let underWay = 0;
  let wake: (() => void) | undefined;
  const follow = (index: number, made: Promise<number | KvsError>, key: string | undefined): void => {
    underWay++;
    if (key !== undefined) lastOf.set(key, made);
    void made.then((outcome) => {
      outcomes[index] = outcome;
      underWay--;
      if (key !== undefined && lastOf.get(key) === made) lastOf.delete(key);
      wake?.();
    });
  };
  const isOver = (): boolean => call.isOver?.() === true;
  const start = outcomes.length;
  for (const [offset, insert] of inserts.slice(start).entries()) {
    if (offset > 0 && isOver()) break;
    const key = isPipelined || insert instanceof KvsError ? undefined : insert.key;
    const before = key === undefined ? undefined : lastOf.get(key);
    const next = (): Awaitable<number | KvsError> => attempted(engine, insert);
    const made =
      offset === 0
        ? first
        : before === undefined
          ? next()
          : before.then(() => (isOver() ? ABANDONED : next()));
    if (made instanceof Promise) follow(start + offset, made, key);
    else outcomes[start + offset] = made;
    while (underWay >= atOnce) await new Promise<void>((resolve) => (wake = resolve));
  }
  while (underWay > 0) await new Promise<void>((resolve) => (wake = resolve));
  return assertDone(outcomes);
}

/** @throws KvsError if all pairs were refused for one condition of the server or of the caller */
function assertDone(outcomes: BatchOutcome): BatchOutcome {
  const [first] = outcomes;
  if (!(first instanceof KvsError) || OF_PAIRS.has(first.code)) return outcomes;
  if (outcomes.every((outcome) => outcome instanceof KvsError && outcome.code === first.code)) throw first;
  return outcomes;
}

/** What is wrong with a pair itself. */
const OF_PAIRS: ReadonlySet<KvsError['code']> = new Set<KvsError['code']>([
  ...(['PEDIDO_INVALIDO', 'CHAVE_LONGA', 'CHAVE_INVALIDA', 'VALOR_LONGO', 'VALOR_INVALIDO'] as const),
  'VERSAO_ESGOTADA',
]);
