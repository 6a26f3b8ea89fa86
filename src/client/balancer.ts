import { status } from '@grpc/grpc-js';
import type { Metadata, MethodDefinition, ServiceError, StatusObject } from '@grpc/grpc-js';
import { fateOf } from './fate.js';
import type { Fate } from './fate.js';
import { Link } from './link.js';
import type { ServerAddress } from './link.js';
import type { ClientSecurity } from './security.js';

/** How often servers are asked for their health, and how long one may take: away from a dead one within a second. */
const PROBE_MS = 400;
/** One attempt at a read is given up after this while there are other servers to ask. */
const ATTEMPT_MS = 2_000;
/** So is a connection that does not come about. */
const CONNECT_MS = 1_000;

export interface UnaryCall<Req, Res> {
  readonly method: Pick<MethodDefinition<Req, Res>, 'path' | 'requestSerialize' | 'responseDeserialize'>;
  readonly request: Req;
  /** Whether it changes anything: such a call is repeated only if it is known not to have been applied. */
  readonly writes: boolean;
  readonly metadata: Metadata;
  /** For everything, ms. */
  readonly timeoutMs: number;
}

export interface Failed {
  readonly ok: false;
  readonly error: ServiceError;
  readonly fate: Fate;
}

/** How a call ended, at which server, and the servers that failed before it came there. */
export type Settled<Res> = { readonly link: Link; readonly passed: readonly Link[] } & (
  { readonly ok: true; readonly reply: Res; readonly trailer: Metadata } | Failed
);

/**
 * Several servers as one: calls go round over those that serve, and from one that does not answer to the next, if the
 * call bears it.
 */
export class Balancer {
  readonly links: readonly Link[];
  private turn: number;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param servers at least one
   * @param random uniform in [0, 1): clients that start together should not all begin with the same server
   * @param security how to connect; without TLS by default
   */
  constructor(servers: readonly ServerAddress[], random: () => number, security?: ClientSecurity) {
    this.links = servers.map((address) => new Link(address, security));
    this.turn = Math.floor(random() * servers.length);
  }

  /** Begins to ask the servers for their health, for clients that stay. */
  start(): void {
    const round = (): void => {
      for (const link of this.links) void link.probe(PROBE_MS);
    };
    round();
    this.timer = setInterval(round, PROBE_MS).unref();
  }

  close(): void {
    clearInterval(this.timer);
    for (const link of this.links) link.close();
  }

  /** Every server once: those that serve (or were not asked yet), each in turn the first, then the others. */
  order(): readonly Link[] {
    const here = this.links.filter(({ condition }) => condition !== 'away');
    const away = this.links.filter(({ condition }) => condition === 'away');
    const first = here.length === 0 ? 0 : this.turn % here.length;
    this.turn = (this.turn + 1) % Number.MAX_SAFE_INTEGER;
    return [...here.slice(first), ...here.slice(0, first), ...away];
  }

  /** Makes one call. Never rejects. */
  async call<Req, Res>(call: UnaryCall<Req, Res>): Promise<Settled<Res>> {
    const endMs = performance.now() + call.timeoutMs;
    const order = this.order();
    const passed: Link[] = [];
    for (const [index, link] of order.entries()) {
      const isLast = index === order.length - 1;
      const leftMs = Math.max(1, endMs - performance.now());
      const attempt = await attemptAt(link, call, leftMs, isLast);
      if (attempt.ok || attempt.fate !== 'elsewhere' || isLast || performance.now() >= endMs)
        return { ...attempt, link, passed };
      link.condition = 'away';
      passed.push(link);
    }
    throw new Error('a balancer without servers');
  }
}

async function attemptAt<Req, Res>(
  link: Link,
  call: UnaryCall<Req, Res>,
  leftMs: number,
  isLast: boolean,
): Promise<{ readonly ok: true; readonly reply: Res; readonly trailer: Metadata } | Failed> {
  const { writes } = call;
  // A write that was sent cannot go elsewhere, so it gets all the time there is, but a connection does not.
  if (writes && !isLast && !(await link.connect(Math.min(leftMs, CONNECT_MS)))) {
    return { ok: false, error: refusedConnection(call.metadata), fate: 'elsewhere' };
  }
  const timeoutMs = isLast || writes ? leftMs : Math.min(leftMs, ATTEMPT_MS);
  const answer = await send(link, call, timeoutMs);
  return answer.ok ? answer : { ...answer, fate: fateOf(answer.error, writes, link.connected) };
}

function refusedConnection(metadata: Metadata): ServiceError {
  const details = 'no connection';
  return Object.assign(new Error(details), { code: status.UNAVAILABLE, details, metadata });
}

type Answer<Res> =
  | { readonly ok: true; readonly reply: Res; readonly trailer: Metadata }
  | { readonly ok: false; readonly error: ServiceError };

function send<Req, Res>(
  link: Link,
  { method, request, metadata }: UnaryCall<Req, Res>,
  timeoutMs: number,
): Promise<Answer<Res>> {
  const { path, requestSerialize, responseDeserialize } = method;
  const options = { deadline: Date.now() + timeoutMs };
  return new Promise((resolve) => {
    let failed: ServiceError | null = null;
    let got: Res | undefined;
    link.client
      .makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        options,
        (error, reply) => {
          failed = error;
          got = reply;
        },
      )
      // Comes after the callback, and carries the trailing metadata.
      .on('status', (last: StatusObject) => {
        if (failed === null && got !== undefined) resolve({ ok: true, reply: got, trailer: last.metadata });
        else resolve({ ok: false, error: failed ?? Object.assign(new Error(last.details), last) });
      });
  });
}
