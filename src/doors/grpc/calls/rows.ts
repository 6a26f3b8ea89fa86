import { setImmediate as nextTurn } from 'node:timers/promises';
import { KvsError } from '../../../core/errors.js';
import type { Awaitable, Stream } from '../../../ports/engine.js';
import type { ServerCall } from '../protocol/server-call.js';

/** Rows handled before other calls get their turn, however fast the reader is. */
const ROWS_PER_TURN = 256;

/**
 * Writes the answer for each row until there are no more or the call is over. Reads a row only when the client has room
 * for its answer. Whatever it waits for, it goes on at once when the call is over.
 * @param answer the answer for a row; `undefined` if it has none
 * @param isEndless whether the server must not wait for the last row when it leaves
 * @returns how many answers were written
 * @throws KvsError SERVIDOR_SAINDO; whatever the rows or `answer` throw
 */
export async function sendRows<T, Res>(
  call: ServerCall,
  rows: Stream<T>,
  answer: (row: T) => Awaitable<Res | undefined>,
  encode: (answer: Res) => Uint8Array,
  isEndless = false,
): Promise<number> {
  const pace = new Pace(call, isEndless);
  const iterator = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
  let seen = 0;
  let sent = 0;
  let isWaiting = false;
  try {
    while (!pace.isOver()) {
      // Avoids a promise for a row that is already available.
      const next = iterator.next();
      const isAwaited = next instanceof Promise;
      isWaiting = isAwaited;
      const step = isAwaited ? await pace.orOver(next) : next;
      isWaiting = isAwaited && step === undefined;
      if (step === undefined || step.done === true || (isAwaited && pace.isOver())) break;
      if (step.value === undefined) {
        await nextTurn();
        continue;
      }
      const answered = answer(step.value);
      const message = answered instanceof Promise ? await answered : answered;
      if (pace.isOver()) break;
      if (message !== undefined) {
        sent++;
        if (!call.write(encode(message))) await pace.room();
      }
      if (++seen % ROWS_PER_TURN === 0) await nextTurn();
    }
  } finally {
    const returned = iterator.return?.();
    // A generator that waits for its next row returns only after it.
    if (!isWaiting) await returned;
    else if (returned instanceof Promise) returned.catch(() => undefined);
  }
  if (pace.hasLeft) throw new KvsError('SERVIDOR_SAINDO', 'o servidor está saindo; continue em outro');
  return sent;
}

/** Waits for rows and for room, until a call is over or the server leaves. */
class Pace {
  hasLeft = false;
  #wake: (() => void) | undefined;

  constructor(
    private readonly call: ServerCall,
    isEndless: boolean,
  ) {
    const wake = (): void => {
      this.#wake?.();
    };
    call.onRoom = call.onOver = wake;
    if (!isEndless) return;
    call.onLeave = () => {
      this.hasLeft = !call.isOver();
      wake();
    };
  }

  isOver(): boolean {
    return this.hasLeft || this.call.isOver();
  }

  /** Waits until the client can take more. */
  async room(): Promise<void> {
    while (this.call.needsRoom && !this.isOver()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next step; `undefined` if all is over before it comes. */
  orOver<T>(next: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#wake = () => {
        if (this.isOver()) resolve(undefined);
      };
      next.then(resolve, reject);
    });
  }
}
