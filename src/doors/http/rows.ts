import { setImmediate as nextTurn } from 'node:timers/promises';
import { KvsError } from '../../core/errors.js';
import type { Awaitable, Stream } from '../../ports/engine.js';
import type { Time } from '../../ports/time.js';
import type { Exchange, HttpFields } from './exchange.js';
import { httpLimits } from './limits.js';
import type { RowForm } from './route.js';

/** Rows handled before other calls get their turn, however fast the reader is. */
const ROWS_PER_TURN = 256;

/** Sends rows as the body of an answer, at the pace of its reader. */
export class RowWriter {
  private gathered = '';
  private sent = 0;
  private hasLeft = false;
  private isSlow = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly exchange: Exchange,
    private readonly form: RowForm,
    private readonly fields: HttpFields,
    private readonly time: Time,
  ) {
    exchange.onRoom = exchange.onOver = () => {
      this.wake();
    };
    // Rows without end would keep the server from stopping.
    if (form.streams === undefined) return;
    exchange.onLeave = () => {
      this.hasLeft = true;
      this.wake();
    };
  }

  /**
   * Writes the answer for each row until there are no more, or nobody wants them. Whatever it waits for, it goes on at
   * once then.
   * @returns how many answers were written
   * @throws KvsError SERVIDOR_SAINDO; whatever the rows or `answer` throw
   */
  async sendAll<T>(rows: Stream<T>, answer: (row: T) => Awaitable<string | undefined>): Promise<number> {
    const iterator = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
    const cancelHeartbeat = this.beat();
    let seen = 0;
    let isWaiting = false;
    try {
      while (!this.isOver()) {
        // Avoids a promise for a row that is already available.
        const next = iterator.next();
        const isAwaited = (isWaiting = next instanceof Promise);
        if (isAwaited) this.flush();
        const step = next instanceof Promise ? await this.orOver(next) : next;
        isWaiting = isAwaited && step === undefined;
        if (step === undefined || step.done === true || (isAwaited && this.isOver())) break;
        if (step.value === undefined) {
          this.flush();
          await nextTurn();
          continue;
        }
        const answered = answer(step.value);
        const text = answered instanceof Promise ? await answered : answered;
        if (text !== undefined) this.add(text);
        if (this.exchange.needsRoom) await this.room();
        if (++seen % ROWS_PER_TURN === 0) await nextTurn();
      }
    } finally {
      cancelHeartbeat();
      const returned = iterator.return?.();
      // A generator that waits for its next row returns only after it.
      if (!isWaiting) await returned;
      else if (returned instanceof Promise) returned.catch(() => undefined);
    }
    this.flush();
    if (this.isSlow)
      throw new KvsError('LEITOR_LENTO', 'o leitor não leu nada por tempo demais: comece de novo');
    if (this.hasLeft) throw new KvsError('SERVIDOR_SAINDO', 'o servidor está saindo; continue em outro');
    return this.sent;
  }

  /** Ends the body. */
  finish(trailers?: HttpFields): void {
    if (this.sent === 0) this.write(this.form.open);
    this.write(this.form.close);
    this.exchange.end(trailers);
  }

  /** Ends a body that has begun, so that its reader sees that it is not whole. */
  fail(error: { readonly code: string }): void {
    if (this.form.failed === undefined || this.isSlow) this.exchange.abort();
    else {
      this.write(this.form.failed(error));
      this.exchange.end();
    }
  }

  private add(text: string): void {
    this.gathered += (this.sent++ === 0 ? this.form.open : this.form.between) + text;
    if (this.gathered.length >= httpLimits.gatheredBytes) this.flush();
  }

  private flush(): void {
    const text = this.gathered;
    this.gathered = '';
    if (text !== '') this.write(text);
  }

  private write(text: string): void {
    if (!this.exchange.hasBegun) {
      this.exchange.admit();
      this.exchange.begin(200, this.fields);
    }
    if (text !== '') this.exchange.write(text);
  }

  private isOver(): boolean {
    return this.hasLeft || this.isSlow || this.exchange.isOver();
  }

  /** Waits until the client can take more. */
  private async room(): Promise<void> {
    const { patienceMs } = this.form;
    const giveUp = (): void => {
      this.isSlow = true;
      this.wake();
    };
    const cancel = patienceMs === undefined ? undefined : this.time.after(patienceMs, giveUp);
    while (this.exchange.needsRoom && !this.isOver()) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    cancel?.();
  }

  /** The next step; `undefined` if all is over before it comes. */
  private orOver<T>(next: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.wake = () => {
        if (this.isOver()) resolve(undefined);
      };
      next.then(resolve, reject);
    });
  }

  private beat(): () => void {
    const { heartbeat } = this.form;
    if (heartbeat === undefined) return () => undefined;
    let cancel = (): void => undefined;
    const wait = (): void => {
      cancel = this.time.after(httpLimits.heartbeatMs, () => {
        if (this.exchange.isOver()) return;
        if (!this.exchange.needsRoom) this.write(heartbeat);
        wait();
      });
    };
    wait();
    return () => {
      cancel();
    };
  }
}
