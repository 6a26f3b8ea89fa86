import { ATTEMPT_MS, attemptAt } from './attempt.js';
import type { Settled, UnaryCall } from './attempt.js';
import { Link } from './link.js';
import type { ServerAddress } from './link.js';
import { Repeater } from './repeater.js';
import type { ClientSecurity } from './security.js';

/** Interval and timeout of health checks: a dead server is avoided within a second. */
const PROBE_MS = 400;
/** Interval at which a server that was away is looked for again. */
const RECOVERY_MS = 1_000;

const isAway = ({ condition }: Link): boolean => condition === 'away';

/**
 * Several servers as one: calls rotate among serving servers, and move on from one that does not answer if they may be
 * repeated.
 */
export class Balancer {
  readonly links: readonly Link[];
  private turn: number;
  private timer: NodeJS.Timeout | undefined;
  private recovery: NodeJS.Timeout | undefined;

  /**
   * @param servers at least one
   * @param random uniform in [0, 1): spreads clients that start together over the servers
   * @param security how to connect; without TLS by default
   */
  constructor(servers: readonly ServerAddress[], random: () => number, security?: ClientSecurity) {
    this.links = servers.map((address) => new Link(address, security));
    this.turn = Math.floor(random() * servers.length);
  }

  /** Starts health checks of the servers, for long-lived clients. */
  start(): void {
    const round = (): void => {
      for (const link of this.links) void link.probe(PROBE_MS);
    };
    round();
    this.timer = setInterval(round, PROBE_MS).unref();
  }

  /** Looks now and then for servers that are away, until none is. */
  recover(): void {
    if (this.recovery !== undefined || !this.links.some(isAway)) return;
    this.recovery = setTimeout(() => {
      void Promise.all(this.links.filter(isAway).map((link) => link.probe(PROBE_MS))).then(() => {
        if (this.recovery === undefined) return;
        this.recovery = undefined;
        this.recover();
      });
    }, RECOVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.timer);
    clearTimeout(this.recovery);
    this.recovery = undefined;
    for (const link of this.links) link.close();
  }

  /** Every server once: those that serve or were not asked yet, in rotation, then the others. */
  order(): readonly Link[] {
    const here = this.links.filter(({ condition }) => condition !== 'away');
    const away = this.links.filter(({ condition }) => condition === 'away');
    const first = here.length === 0 ? 0 : this.turn % here.length;
    this.turn = (this.turn + 1) % Number.MAX_SAFE_INTEGER;
    return [...here.slice(first), ...here.slice(0, first), ...away];
  }

  /** Makes one call. Never rejects. */
  call<Req, Res>(call: UnaryCall<Req, Res>): Promise<Settled<Res>> {
    const { requestId } = call;
    return requestId === undefined ? this.callPlainly(call) : new Repeater(this, call, requestId).run();
  }

  /** Makes one call without an id. Never rejects. */
  async callPlainly<Req, Res>(call: UnaryCall<Req, Res>): Promise<Settled<Res>> {
    const endMs = performance.now() + call.timeoutMs;
    const order = this.order();
    const passed: Link[] = [];
    for (const [index, link] of order.entries()) {
      const isLast = index === order.length - 1;
      const leftMs = Math.max(1, endMs - performance.now());
      // A write that was sent cannot go elsewhere, so it gets all the remaining time; connecting does not.
      const timeoutMs = isLast || call.writes ? leftMs : Math.min(leftMs, ATTEMPT_MS);
      const attempt = await attemptAt(link, call, timeoutMs, call.writes && !isLast);
      if (attempt.ok || attempt.fate !== 'elsewhere' || isLast || performance.now() >= endMs)
        return { ...attempt, link, passed };
      link.condition = 'away';
      passed.push(link);
    }
    throw new Error('a balancer without servers');
  }
}
