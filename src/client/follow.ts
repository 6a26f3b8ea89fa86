import { setTimeout as pause } from 'node:timers/promises';
import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import { CONNECT_MS, isAborted } from './attempt.js';
import type { Balancer } from './balancer.js';
import { failureAt, outcomeAt } from './call.js';
import type { Outcome, Rpc } from './call.js';
import { fateOf, reasonCode } from './fate.js';
import type { Fate } from './fate.js';
import type { Link } from './link.js';
import { methodOf } from './method.js';
import { Patience } from './patience.js';
import type { ClientSession } from './session.js';
import { Watchdog } from './watchdog.js';

/** Pause before all servers are asked once more, at the second time; each further one is twice as long, up to the last. */
const PAUSE_FIRST_MS = 100;
const PAUSE_LAST_MS = 5_000;
/** A stream that lasted this long was no failure: the next one is opened without a pause. */
const LASTED_MS = 1_000;

/** How a stream goes on. */
export interface Course {
  /** The request for what has not come yet; called for each stream that is opened. */
  readonly next: () => object;
  /**
   * Whether it has no end: once it has begun, other servers are asked until one answers, and it may be silent for as long
   * as its server answers other calls. Until then, and if it has an end, it gives a sign of life within the timeout.
   */
  readonly isEndless: boolean;
  /** Called when an endless stream that had begun finds no server to go on at, with the last one asked, each time. */
  readonly lost?: (server: string) => void;
}

/** A stream to be followed. */
interface FollowedCall<Reply> extends Rpc<Reply>, Course {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly session: ClientSession | undefined;
  readonly credentials: () => Promise<Metadata>;
}

/** How one stream ended. */
interface Broken {
  /** Absent: the server had no more to say. */
  readonly error: ServiceError | undefined;
  readonly fate: Fate;
  readonly isBegun: boolean;
  readonly lastedMs: number;
}

/**
 * Reads a stream of one server, and where it breaks off goes on at another with the request for the rest. Replies are
 * taken from the connection at the pace at which they are asked for.
 */
export class CallFollower<Reply> {
  private readonly passed: Link[] = [];
  private isBegun = false;
  private pauseMs = 0;

  constructor(
    private readonly balancer: Balancer,
    private readonly call: FollowedCall<Reply>,
  ) {}

  /** The replies, then how it ended. Never throws for server errors, nor once the signal has fired. */
  async *replies(): AsyncGenerator<Reply, Outcome> {
    let patience = this.newPatience();
    for (;;) {
      let last: (Broken & { readonly link: Link }) | undefined;
      let isMoved = false;
      for (const link of this.balancer.order()) {
        const broken = yield* this.relay(link);
        last = { ...broken, link };
        if (broken.isBegun) {
          this.isBegun = true;
          isMoved = true;
          this.passed.length = 0;
          if (broken.lastedMs >= LASTED_MS) patience = this.newPatience();
        }
        if (this.isOver(broken)) return this.outcome(link, broken);
        this.note(link, broken);
        // From one that was read for long, the next is asked at once; from one that was not, in its turn.
        if (broken.lastedMs >= LASTED_MS) break;
      }
      if (last?.error === undefined) throw new Error('a balancer without servers');
      if (!(await this.goesOn(patience, last.link, last.error, isMoved))) {
        return this.outcome(last.link, last);
      }
    }
  }

  private newPatience(): Patience {
    return new Patience(this.call.timeoutMs, () => undefined);
  }

  /** Whether nothing more is to come from any server. */
  private isOver({ error, fate }: Broken): boolean {
    if (isAborted(this.call.signal)) return true;
    if (error === undefined) return true;
    if (fate !== 'refused') return false;
    return !(this.call.isEndless && this.isBegun && isPassing(error));
  }

  private note(link: Link, { error, lastedMs }: Broken): void {
    if (lastedMs >= LASTED_MS) this.pauseMs = 0;
    // A server that found this reader too slow serves all the same.
    if (error !== undefined && reasonCode(error) === 'LEITOR_LENTO') return;
    link.condition = 'away';
    if (!this.passed.includes(link)) this.passed.push(link);
    this.balancer.recover();
  }

  /**
   * Waits before all servers are asked again.
   * @param isMoved whether one of them answered in this round
   * @returns false if they are not to be asked
   */
  private async goesOn(
    patience: Patience,
    link: Link,
    error: ServiceError,
    isMoved: boolean,
  ): Promise<boolean> {
    const { isEndless, signal } = this.call;
    const { leftMs } = patience;
    const isAnyway = isEndless ? this.isBegun : isMoved && leftMs > 1;
    if (!isAnyway) return (await patience.waitsFor(link, error)) && !isAborted(signal);
    if (isEndless && !isMoved) this.call.lost?.(link.name);
    // Watchers of a server that died do not all come back at the same moment.
    const pauseMs = this.pauseMs * (0.5 + Math.random() / 2);
    this.pauseMs = Math.min(PAUSE_LAST_MS, Math.max(PAUSE_FIRST_MS, this.pauseMs * 2));
    await pause(isEndless ? pauseMs : Math.min(pauseMs, leftMs), undefined, {
      ...(signal && { signal }),
    }).catch(() => undefined);
    return !isAborted(signal);
  }

  private outcome(link: Link, { error, fate }: Broken): Outcome | Promise<Outcome> {
    const passed = this.passed.filter((other) => other !== link);
    if (error === undefined) return outcomeAt(link, passed, undefined);
    return failureAt({ link, passed, error, fate }, undefined);
  }

  /** Passes on the replies of one stream at one server. */
  private async *relay(link: Link): AsyncGenerator<Reply, Broken> {
    const { signal, isEndless, timeoutMs, session, read } = this.call;
    const beganMs = performance.now();
    const connectMs = Math.min(CONNECT_MS, timeoutMs);
    const metadata = await this.call.credentials();
    if (isAborted(signal) || !(await link.connect(connectMs))) {
      const error = withStatus(status.UNAVAILABLE, await link.connectionProblem());
      return { error, fate: 'elsewhere', isBegun: false, lastedMs: 0 };
    }
    const sessionToken = session?.token;
    session?.addTo(metadata);
    const { path, requestSerialize, responseDeserialize } = methodOf(this.call);
    const request = this.call.next();
    const stream = link.client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
    );
    stream.on('status', (last: StatusObject) => {
      // What other calls have seen meanwhile stays seen.
      if (session?.token === sessionToken) session?.note(last.metadata);
    });
    const cancel = (): void => {
      stream.cancel();
    };
    signal?.addEventListener('abort', cancel);
    let isBegun = false;
    // A server that stands still keeps its connections, and one behind a proxy has its PINGs answered by that.
    const watchdog = new Watchdog(timeoutMs, () => isEndless && isBegun && link.answers(connectMs), cancel);
    watchdog.arm();
    try {
      for await (const reply of stream as AsyncIterable<object>) {
        watchdog.disarm();
        isBegun = true;
        yield read(reply);
        // What was under way when the signal fired is not asked for any more.
        if (isAborted(signal)) break;
        watchdog.arm();
      }
      if (isEndless || isAborted(signal)) return this.broken(endedEarly(), isBegun, beganMs);
      return { error: undefined, fate: 'elsewhere', isBegun, lastedMs: 0 };
    } catch (error) {
      if (!isServiceError(error)) throw error;
      return this.broken(error, isBegun, beganMs);
    } finally {
      watchdog.disarm();
      signal?.removeEventListener('abort', cancel);
      stream.on('error', () => undefined).cancel();
    }
  }

  private broken(error: ServiceError, isBegun: boolean, beganMs: number): Broken {
    const lastedMs = isBegun ? performance.now() - beganMs : 0;
    return { error, fate: fateOf(error, false, true), isBegun, lastedMs };
  }
}

/** Errors of a stream that has begun after which another server, or the same one later, may go on with it. */
function isPassing(error: ServiceError): boolean {
  switch (reasonCode(error)) {
    case 'LEITOR_LENTO':
    case 'LIMITE_PEDIDOS':
    case 'LIMITE_FILA':
    case 'CONEXAO_OCIOSA':
      return true;
    case undefined:
      // What a connection that was cut in the middle of a frame looks like.
      return error.code === status.INTERNAL || error.code === status.UNKNOWN;
    default:
      return false;
  }
}

function endedEarly(): ServiceError {
  return withStatus(status.CANCELLED, 'the stream ended');
}

function withStatus(code: status, details: string): ServiceError {
  return Object.assign(new Error(details), { code, details, metadata: new Metadata() });
}

export function isServiceError(error: unknown): error is ServiceError {
  return (
    error instanceof Error && 'code' in error && 'metadata' in error && error.metadata instanceof Metadata
  );
}
