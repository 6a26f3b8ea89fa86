import { Kvs, KvsError } from '../../src/client/library/index.js';
import type { KvsOptions, KvsWatch, KvsWatchOptions } from '../../src/client/library/index.js';
import { redLimits } from './limits.js';

/** Calls that are under way, bounded in number and in time. */
export class StoreAccess {
  private kvs: Kvs | undefined;
  private pending = 0;
  private isClosed = false;

  /** Contacts nobody before the first call; what is wrong with the options is said by each call. */
  constructor(
    private readonly options: KvsOptions,
    private readonly timeoutMs: number,
  ) {}

  /**
   * Makes calls that end within the timeout, whatever happens to them.
   * @param writes whether they change something
   * @throws KvsError (as a rejection)
   */
  async call<T>(writes: boolean, work: (kvs: Kvs, signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.pending >= redLimits.pendingCalls) {
      throw new KvsError('LIMITE_PEDIDOS', `já há ${redLimits.pendingCalls} pedidos à espera de resposta`);
    }
    const kvs = this.open();
    const controller = new AbortController();
    let stop = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      const deadlineMs = this.timeoutMs + redLimits.graceMs;
      const timer = setTimeout(() => {
        const error = lateError(writes, deadlineMs);
        controller.abort(error);
        reject(error);
      }, deadlineMs);
      stop = () => clearTimeout(timer);
    });
    this.pending++;
    // It counts until it has really ended, even if nobody waits for it any more.
    const ended = work(kvs, controller.signal).finally(() => {
      stop();
      this.pending--;
    });
    return Promise.race([ended, late]);
  }

  /** @throws KvsError CONFIGURACAO if the options are wrong */
  check(): void {
    this.open();
  }

  /** @throws KvsError CONFIGURACAO */
  watch(options: KvsWatchOptions): KvsWatch {
    return this.open().watch(options);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.kvs?.close();
  }

  private open(): Kvs {
    if (this.isClosed) throw new KvsError('SEM_SERVIDOR', 'este cliente foi fechado');
    return (this.kvs ??= new Kvs(this.options));
  }
}

function lateError(writes: boolean, ms: number): KvsError {
  return writes
    ? new KvsError('RESULTADO_DESCONHECIDO', `sem resposta em ${ms} ms; não se sabe se a escrita foi feita`)
    : new KvsError('SEM_SERVIDOR', `sem resposta em ${ms} ms`);
}

/** An error as flows get it: a stable code and a text for people, and no more of what the library knows. */
export class StoreFailure extends Error {
  override readonly name = 'KvsError';
  readonly code: string;

  constructor(error: unknown) {
    const { code, message } = KvsError.from(error);
    super(`${code}: ${message}`);
    this.code = code;
  }
}
