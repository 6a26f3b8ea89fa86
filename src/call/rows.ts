import { KvsError } from '../core/errors.js';
import type { Awaitable, Stream } from '../ports/engine.js';
import type { Call, Trailers } from './call.js';
import type { CallDemands } from './demands.js';
import { andThen } from './operation.js';
import type { Decoded, RowsOperation } from './operation.js';
import { reason } from './reason.js';
import { ended, enter, trailersOf } from './seam.js';
import type { CallSeam } from './seam.js';

/** The transport side of a call that is answered in rows. */
interface RowSink<Res> {
  /** Whether the caller left or its deadline has passed. */
  isOver(): boolean;
  /**
   * Sends the answer for each row at the reader's pace, until there are no more rows or the call is over.
   * @param answer the answer for a row; `undefined` if it has none
   * @returns how many answers were sent
   * @throws whatever the rows or `answer` throw
   */
  sendAll<T>(rows: Stream<T>, answer: (row: T) => Awaitable<Res | undefined>): Promise<number>;
  send(answer: Res): void;
  end(trailers: Trailers | undefined): void;
  /** Ends the call with an error, after the answers already sent. */
  fail(error: KvsError, trailers: Trailers | undefined): void;
}

/** Serves a call of one request that is answered in rows. Never rejects. */
export async function serveRows<Req, T, Res>(
  seam: CallSeam,
  call: Call,
  request: Decoded<Req>,
  { rows, answer, whenEmpty, written, tokenOf, isEndless }: RowsOperation<Req, T, Res>,
  sink: RowSink<Res>,
): Promise<void> {
  let startedMs: number | undefined;
  let demands: CallDemands | undefined;
  let token: string | undefined;
  /** How long a call without end took to begin: how long it lasts is up to its caller. */
  let beganMs: number | undefined;
  const due = (error?: string): Trailers | undefined => {
    const trailers = trailersOf(demands, error);
    return token === undefined ? trailers : { ...trailers, token };
  };
  try {
    startedMs = call.takeUp();
    const entered = await enter(seam, call);
    const { caller } = entered;
    demands = entered.demands;
    if (request instanceof KvsError) throw request;
    const found = rows(request, caller);
    if (isEndless === true) beganMs = seam.time.monotonicMs() - startedMs;
    const answered = (row: T): Awaitable<Res | undefined> => {
      const ready = answer(row, caller);
      if (tokenOf === undefined) return ready;
      return andThen(ready, (told) => {
        if (told !== undefined) token = tokenOf(told) ?? token;
        return told;
      });
    };
    const sent =
      demands?.confirms === true && written !== undefined
        ? await sink.sendAll(confirmedInBlocks(found, answered, demands), (ready: Res) => ready)
        : await sink.sendAll(found, answered);
    const isOver = sink.isOver();
    if (!isOver) {
      if (sent === 0 && whenEmpty !== undefined) sink.send(whenEmpty);
      sink.end(due());
    }
    // Observed last, since an error thrown up to here decides the outcome.
    ended(seam, call, startedMs, undefined, isOver ? 'ABANDONADO' : 'OK', beganMs);
  } catch (thrown) {
    const error = KvsError.from(thrown);
    ended(seam, call, startedMs, error, error.code, beganMs);
    if (!sink.isOver()) sink.fail(error, due(reason(error)));
  }
}

/** Rows written before waiting for their confirmation, all together. */
const ROWS_PER_CONFIRMATION = 256;

/** Answers that write, each yielded once confirmed; many share one round trip to the other servers. */
async function* confirmedInBlocks<T, Res>(
  rows: Stream<T>,
  answer: (row: T) => Awaitable<Res | undefined>,
  demands: CallDemands,
): AsyncGenerator<Res | undefined> {
  demands.assertConfirmable();
  let block: Res[] = [];
  for await (const row of rows) {
    const ready = row === undefined ? undefined : await answer(row);
    if (ready !== undefined) block.push(ready);
    if (block.length < ROWS_PER_CONFIRMATION) continue;
    await demands.confirm(() => undefined);
    yield* block;
    block = [];
  }
  if (block.length > 0) await demands.confirm(() => undefined);
  yield* block;
}
