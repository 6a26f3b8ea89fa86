import { setTimeout as pause } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import type { Balancer } from './balancer.js';
import { reasonCode } from './fate.js';
import { NO_CONNECTION } from './link.js';
import type { Link } from './link.js';

/** A starting server opens its port within this; with a longer wait, a wrong port would be noticed late. */
const REFUSED_MS = 3_000;
/** Between two attempts. */
const PAUSE_MS = 200;
/** Shorter waits are not reported. */
const QUIET_MS = 1_000;
/** Timeout of a health check. */
const HEALTH_MS = 1_000;

/**
 * Waits for servers that are just starting: nobody listens on their port yet, or they report that they are still
 * joining. The timeout of the call includes this wait.
 */
export class Patience {
  private readonly beganMs = performance.now();
  private isSaid = false;

  /**
   * @param timeoutMs of the whole call, from now
   * @param say called once with what the client is waiting for
   */
  constructor(
    private readonly timeoutMs: number,
    private readonly say: (message: string) => void,
  ) {}

  /** Time left of the whole call, ms; at least 1. */
  get leftMs(): number {
    return Math.max(1, this.beganMs + this.timeoutMs - performance.now());
  }

  /** Whether to repeat a call that did nothing: waits first, if time is left and the server may still start. */
  async waitsFor(link: Link, error: ServiceError): Promise<boolean> {
    if (reasonCode(error) === 'SERVIDOR_ENTRANDO') {
      return this.pauses(link, 'ainda está entrando na frota', this.timeoutMs);
    }
    return isRefused(link, error) && this.pauses(link, 'conexão recusada', REFUSED_MS);
  }

  /** For a call that cannot be repeated: returns when one server serves, or none has within the time of a start. */
  async untilOneServes(balancer: Balancer): Promise<void> {
    for (;;) {
      for (const link of balancer.links) {
        await link.probe(Math.min(HEALTH_MS, this.leftMs));
        if (link.condition === 'serving') return;
      }
      const [first] = balancer.links;
      if (first === undefined || !(await this.pauses(first, 'não atende ainda', REFUSED_MS))) return;
    }
  }

  private async pauses({ name }: Link, why: string, limitMs: number): Promise<boolean> {
    const atMostMs = Math.min(limitMs, this.timeoutMs);
    const waitedMs = performance.now() - this.beganMs;
    if (waitedMs + PAUSE_MS >= atMostMs) return false;
    if (!this.isSaid && atMostMs > QUIET_MS) {
      this.isSaid = true;
      this.say(`esperando o servidor em ${name} (${why}), por até ${Math.round(atMostMs / 1_000)} s…`);
    }
    await pause(PAUSE_MS);
    return true;
  }
}

function isRefused(link: Link, { code, details }: ServiceError): boolean {
  if (code !== status.UNAVAILABLE || link.connected) return false;
  return details.includes('ECONNREFUSED') || details.startsWith(NO_CONNECTION);
}
