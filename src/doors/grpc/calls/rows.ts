import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Awaitable, Stream } from '../../../ports/engine.js';

/** Rows handled before other calls get their turn, however fast the reader is. */
const ROWS_PER_TURN = 256;

/**
 * Writes the answer for each row until there are no more or the call is over. Reads a row only when the client has room
 * for its answer.
 * @param answer the answer for a row; `undefined` if it has none
 * @returns how many answers were written
 * @throws whatever the rows or `answer` throw
 */
export async function sendRows<Req, T, Res>(
  call: ServerWritableStream<Req, Res>,
  rows: Stream<T>,
  answer: (row: T) => Awaitable<Res | undefined>,
): Promise<number> {
  const room = new Room(call);
  const iterator = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
  let seen = 0;
  let sent = 0;
  try {
    while (!isOver(call)) {
      // Avoids a promise for a row that is already available.
      const next = iterator.next();
      const step = next instanceof Promise ? await next : next;
      if (step.done === true || isOver(call)) break;
      if (step.value === undefined) {
        await nextTurn();
        continue;
      }
      const answered = answer(step.value);
      const message = answered instanceof Promise ? await answered : answered;
      if (isOver(call)) break;
      if (message !== undefined) {
        sent++;
        if (!call.write(message)) await room.wait();
      }
      if (++seen % ROWS_PER_TURN === 0) await nextTurn();
    }
  } finally {
    await iterator.return?.();
  }
  return sent;
}

/** Cancelled, past its deadline, or disconnected. */
export function isOver(call: { readonly cancelled: boolean; readonly destroyed: boolean }): boolean {
  return call.cancelled || call.destroyed;
}

/** Waits until a call can take more or is over, with one set of listeners for the whole call. */
class Room<Req, Res> {
  #wake: (() => void) | undefined;

  constructor(private readonly call: ServerWritableStream<Req, Res>) {
    call.on('drain', this.#onChange);
    call.once('close', this.#onChange);
  }

  async wait(): Promise<void> {
    while (this.call.writableNeedDrain && !isOver(this.call)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  readonly #onChange = (): void => {
    this.#wake?.();
    this.#wake = undefined;
  };
}
