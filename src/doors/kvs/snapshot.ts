import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { KvsError } from '../../core/errors.js';
import type { Engine } from '../../ports/engine.js';
import type { Logger } from '../../ports/logger.js';
import { grpcStatus, logUnexpected } from '../errors.js';
import { namedVersion } from './checks.js';
import { BLANK_TUPLE } from './operations.js';
import type { Decoded, Tuple, VersionRequest } from './wire.js';

/** Rows written before other calls get their turn, however fast the reader is. */
const ROWS_PER_TURN = 256;

/**
 * Streams a snapshot, reading a row from the engine only when the client has room for it, and ends the call.
 * Never rejects: an error ends the call with its status.
 */
export async function sendSnapshot(
  call: ServerWritableStream<Decoded<VersionRequest>, Tuple>,
  engine: Engine,
  logger: Logger,
): Promise<void> {
  try {
    if (call.request instanceof KvsError) throw call.request;
    const sent = await sendRows(call, engine.snapshot(namedVersion(call.request.version)));
    if (isOver(call)) return;
    if (sent === 0) call.write(BLANK_TUPLE);
    call.end();
  } catch (thrown) {
    const error = KvsError.from(thrown);
    logUnexpected(logger, error);
    if (!isOver(call)) call.emit('error', grpcStatus(error));
  }
}

/** Writes rows until there are no more or the call is over; returns how many. */
async function sendRows(
  call: ServerWritableStream<Decoded<VersionRequest>, Tuple>,
  rows: ReturnType<Engine['snapshot']>,
): Promise<number> {
  const room = new Room(call);
  const iterator = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
  let sent = 0;
  try {
    while (!isOver(call)) {
      // No promise for a row that is already here.
      const next = iterator.next();
      const step = next instanceof Promise ? await next : next;
      if (step.done === true) break;
      if (isOver(call)) break;
      if (step.value === undefined) {
        await nextTurn();
        continue;
      }
      sent++;
      if (!call.write(step.value)) await room.wait();
      if (sent % ROWS_PER_TURN === 0) await nextTurn();
    }
  } finally {
    await iterator.return?.();
  }
  return sent;
}

/** Cancelled, past its deadline, or disconnected. */
function isOver(call: ServerWritableStream<Decoded<VersionRequest>, Tuple>): boolean {
  return call.cancelled || call.destroyed;
}

/** Waits for a call to take more, or to be over, with one set of listeners for its whole life. */
class Room {
  #wake: (() => void) | undefined;

  constructor(private readonly call: ServerWritableStream<Decoded<VersionRequest>, Tuple>) {
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
