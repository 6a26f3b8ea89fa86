import { KvsError } from '../../core/errors.js';
import type { CallTerms, Outcome, Rpc } from '../call.js';
import { KvsClient } from '../client.js';
import type { ClientOptions } from '../client.js';
import { confirmationsOf } from '../confirmations.js';
import type { Course } from '../follow.js';
import type { ClientSession } from '../session.js';
import { callError } from './failure.js';
import { assertCallOptions } from './given.js';
import type { KvsCallOptions, KvsWriteOptions } from './public.js';
import { confirmationCount, timeoutOf } from './settings.js';

/** The connections of a program, opened with its first call, and whatever calls are made over them. */
export class KvsConnections {
  private opening: Promise<KvsClient> | undefined;
  isClosed = false;
  /** What ends calls in progress. */
  private readonly calls = new Set<AbortController>();

  constructor(readonly options: ClientOptions) {}

  /** @throws KvsError (as a rejection) CONFIGURACAO for an unusable TLS file, SEM_SERVIDOR once closed */
  client(): Promise<KvsClient> {
    if (this.isClosed) return Promise.reject(closed());
    this.opening ??= KvsClient.open(this.options).catch((error: unknown) => {
      // The file may be mended before the next call.
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  /** A controller that is aborted with the outer signal, and when the connections are closed. Must be given back. */
  begin(outer: AbortSignal | undefined): { readonly signal: AbortSignal; readonly end: () => void } {
    outer?.throwIfAborted();
    const controller = new AbortController();
    const forward = (): void => {
      controller.abort(outer?.reason);
    };
    outer?.addEventListener('abort', forward);
    this.calls.add(controller);
    const end = (): void => {
      outer?.removeEventListener('abort', forward);
      this.calls.delete(controller);
    };
    return { signal: controller.signal, end };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const controller of [...this.calls]) controller.abort(closed());
    const client = await this.opening?.catch(() => undefined);
    client?.close();
  }
}

/** Calls with the answers or errors that a program gets, in a session or in none. */
export class Calls {
  /** The last call of the session. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly connections: KvsConnections,
    readonly session: ClientSession | undefined,
  ) {}

  /** Makes a call that has one answer. @throws KvsError, or the reason of the signal (as a rejection) */
  async one<Reply>(rpc: Rpc<Reply>, item: object, options: KvsWriteOptions = {}): Promise<Reply> {
    const terms = this.termsOf(options);
    const { signal, end } = this.connections.begin(options.signal);
    const { promise: aborted, stop } = rejectedBy(signal);
    try {
      return await Promise.race([aborted, this.inTurn(() => this.make(rpc, item, { ...terms, signal }))]);
    } catch (error) {
      throw this.connections.isClosed && rpc.writes && error === signal.reason ? closedAmidWrite() : error;
    } finally {
      stop();
      end();
    }
  }

  /**
   * Reads a stream that goes on at another server where one breaks off.
   * @throws KvsError, or the reason of the signal (as a rejection)
   */
  async *many<Reply>(rpc: Rpc<Reply>, course: Course, options: KvsCallOptions): AsyncGenerator<Reply, void> {
    const terms = this.termsOf(options);
    const { signal, end } = this.connections.begin(options.signal);
    try {
      const client = await this.connections.client();
      const outcome = yield* client.follow(rpc, course, { ...terms, signal });
      signal.throwIfAborted();
      this.assertOk(outcome, terms);
    } finally {
      end();
    }
  }

  private async make<Reply>(rpc: Rpc<Reply>, item: object, terms: CallTerms): Promise<Reply> {
    const client = await this.connections.client();
    const replies: Reply[] = [];
    const take = (reply: Reply): undefined => void replies.push(reply);
    this.assertOk(await client.call(rpc, { item }, take, terms), terms);
    const [reply] = replies;
    if (reply === undefined) throw new KvsError('INTERNO', 'o servidor terminou sem responder');
    return reply;
  }

  /** One call of a session after the other: each says what the one before has seen. */
  private inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.session === undefined) return run();
    const turn = this.last.then(run, run);
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private termsOf(options: KvsWriteOptions): CallTerms {
    assertCallOptions(options);
    const { timeoutMs, confirmations } = options;
    const ms = timeoutOf(timeoutMs) ?? this.connections.options.timeoutMs;
    const servers = confirmationCount(confirmations) ?? this.connections.options.confirmations?.servers;
    return {
      ...{ timeoutMs: ms, session: this.session },
      confirmations: confirmationsOf(confirmations === 0 ? undefined : servers, ms),
    };
  }

  private assertOk(outcome: Outcome, { timeoutMs }: CallTerms): void {
    const { failed } = outcome;
    const within = timeoutMs ?? this.connections.options.timeoutMs;
    if (failed !== undefined) throw callError(outcome, failed, within);
  }
}

/** A promise that rejects with the reason of a signal. */
function rejectedBy(signal: AbortSignal): { readonly promise: Promise<never>; readonly stop: () => void } {
  let stop = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    const fire = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', fire);
    stop = () => {
      signal.removeEventListener('abort', fire);
    };
  });
  return { promise, stop };
}

function closedAmidWrite(): KvsError {
  return new KvsError(
    'RESULTADO_DESCONHECIDO',
    'este cliente foi fechado; não se sabe se a escrita foi feita',
  );
}

function closed(): KvsError {
  return new KvsError('SEM_SERVIDOR', 'este cliente foi fechado');
}
