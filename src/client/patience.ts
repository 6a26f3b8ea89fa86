import { setTimeout as pause } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import type { Balancer } from './balancer.js';
import { NO_CONNECTION } from './attempt.js';
import { reasonCode } from './fate.js';
import type { Link } from './link.js';

/** A server that starts opens its port within this; longer, and somebody with a wrong port would wait in vain. */
const REFUSED_MS = 3_000;
/** Between two attempts. */
const PAUSE_MS = 200;
/** Who waits no longer than this is not told. */
const QUIET_MS = 1_000;
/** For an answer about a server's health. */
const HEALTH_MS = 1_000;

/**
 * Waits for servers that have only just been started: nobody listens on their port yet, or they say that they are still
 * joining. The time of a call goes on meanwhile.
 */
export class Patience {
  private readonly beganMs = performance.now();
  private isSaid = false;

  /**
   * @param timeoutMs for everything, from now
   * @param say hears once that and for what the client waits
   */
  constructor(
    private readonly timeoutMs: number,
    private readonly say: (message: string) => void,
  ) {}

  /** Of the time for everything, ms; at least 1. */
  get leftMs(): number {
    return Math.max(1, this.beganMs + this.timeoutMs - performance.now());
  }

  /** Whether a call that did nothing is to be made again: after a pause, if time is left and the server may come. */
  async waitsFor(link: Link, error: ServiceError): Promise<boolean> {
    if (reasonCode(error) === 'SERVIDOR_ENTRANDO') {
      return this.pauses(link, 'ainda está entrando na frota', this.timeoutMs);
    }
    return isRefused(link, error) && this.pauses(link, 'conexão recusada', REFUSED_MS);
  }

  /** Before a call that cannot be repeated: returns when one of the servers serves, or none does in the time of a start. */
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
  return details.includes('ECONNREFUSED') || details === NO_CONNECTION;
}
