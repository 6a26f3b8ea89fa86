import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Awaitable, Stream } from '../../../ports/engine.js';
import type { ServerCall } from '../protocol/server-call.js';

/** Rows handled before other calls get their turn, however fast the reader is. */
const ROWS_PER_TURN = 256;

/**
 * Writes the answer for each row until there are no more or the call is over. Reads a row only when the client has room
 * for its answer.
 * @param answer the answer for a row; `undefined` if it has none
 * @returns how many answers were written
 * @throws whatever the rows or `answer` throw
 */
export async function sendRows<T, Res>(
  call: ServerCall,
  rows: Stream<T>,
  answer: (row: T) => Awaitable<Res | undefined>,
  encode: (answer: Res) => Uint8Array,
): Promise<number> {
  const room = new Room(call);
  const iterator = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
  let seen = 0;
  let sent = 0;
  try {
    while (!call.isOver()) {
      // Avoids a promise for a row that is already available.
      const next = iterator.next();
      const isAwaited = next instanceof Promise;
      const step = isAwaited ? await next : next;
      if (step.done === true || (isAwaited && call.isOver())) break;
      if (step.value === undefined) {
        await nextTurn();
        continue;
      }
      const answered = answer(step.value);
      const message = answered instanceof Promise ? await answered : answered;
      if (call.isOver()) break;
      if (message !== undefined) {
        sent++;
        if (!call.write(encode(message))) await room.wait();
      }
      if (++seen % ROWS_PER_TURN === 0) await nextTurn();
    }
  } finally {
    await iterator.return?.();
  }
  return sent;
}

/** Waits until a call can take more or is over. */
class Room {
  #wake: (() => void) | undefined;

  constructor(private readonly call: ServerCall) {
    call.onRoom = call.onOver = () => {
      this.#wake?.();
      this.#wake = undefined;
    };
  }

  async wait(): Promise<void> {
    while (this.call.needsRoom && !this.call.isOver()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
