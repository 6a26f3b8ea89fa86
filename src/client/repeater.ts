import { setTimeout as pause } from 'node:timers/promises';
import type { Metadata } from '@grpc/grpc-js';
import type { Balancer } from './balancer.js';
import { ATTEMPT_MS, attemptAt, isAborted } from './attempt.js';
import type { Failed, Settled, UnaryCall } from './attempt.js';
import { reasonCode } from './fate.js';
import type { Link } from './link.js';

/** Metadata with the request id and the number of the attempt: see docs/PROTOCOL.md. */
const REQUEST_ID_METADATA = 'kvs-pedido';
const ATTEMPT_METADATA = 'kvs-tentativa';
/** An attempt gets half of the remaining time, but at least this. */
const ATTEMPT_MIN_MS = 200;
/** Pause between two rounds over the servers. */
const ROUND_PAUSE_MS = 200;

/**
 * One write with a request id, tried at one server after the other, in several rounds if need be, until one of them
 * knows its outcome or the time is up.
 *
 * The attempt number rises after each attempt whose fate is unknown, and only then. By it servers decide which attempt
 * stands if more than one was done.
 */
export class Repeater<Req, Res> {
  private number = 1;
  /** Servers that did not answer or did not know. */
  private readonly passed = new Set<Link>();
  /** The first attempt whose fate is unknown. */
  private doubt: (Failed & { readonly link: Link }) | undefined;
  private readonly endMs: number;

  constructor(
    private readonly balancer: Balancer,
    private readonly call: UnaryCall<Req, Res>,
    private readonly id: string,
  ) {
    this.endMs = performance.now() + call.timeoutMs;
  }

  /** Never rejects. */
  async run(): Promise<Settled<Res>> {
    let last: Settled<Res> | undefined;
    do {
      if (last) await pause(Math.min(ROUND_PAUSE_MS, this.leftMs));
      for (const link of this.balancer.order()) {
        if (last && this.leftMs <= 0) break;
        const answer = await this.ask(link);
        last = { ...answer, link, passed: this.others(link) };
        if (answer.ok) return this.doubt && !isHonoured(answer.trailer) ? this.unknown(link) : last;
        if (isAborted(this.call.signal)) return last;
        // The write stands, though fewer servers hold it than demanded.
        if (reasonCode(answer.error) === 'CONFIRMACAO_PARCIAL') return last;
        if (!this.doubt && answer.fate === 'refused') return isUnsupported(answer) ? this.plainly() : last;
        if (answer.fate === 'unknown') this.noteDoubt(answer, link);
        else if (mayHaveLeftTraces(answer)) this.number++;
        link.condition = 'away';
        this.passed.add(link);
      }
      // Without a doubtful attempt nothing was done anywhere, and no server can do it now.
    } while (this.doubt && this.leftMs > 0);
    if (!last) throw new Error('a balancer without servers');
    return this.doubt ? this.unknown(this.doubt.link) : last;
  }

  private get leftMs(): number {
    return Math.max(0, this.endMs - performance.now());
  }

  private ask(link: Link): ReturnType<typeof attemptAt<Req, Res>> {
    const metadata = this.call.metadata.clone();
    metadata.set(REQUEST_ID_METADATA, this.id);
    metadata.set(ATTEMPT_METADATA, String(this.number));
    const { leftMs } = this;
    const timeoutMs = Math.min(ATTEMPT_MS, Math.max(leftMs / 2, Math.min(leftMs, ATTEMPT_MIN_MS)));
    return attemptAt(link, { ...this.call, metadata }, timeoutMs, true);
  }

  /** For servers without request ids: nothing was done yet, and nothing is guaranteed. */
  private plainly(): Promise<Settled<Res>> {
    return this.balancer.callPlainly({ ...this.call, timeoutMs: this.leftMs });
  }

  private unknown(link: Link): Settled<Res> {
    if (!this.doubt) throw new Error('no attempt is in doubt');
    return { ...this.doubt, link, passed: this.others(link) };
  }

  private noteDoubt(answer: Failed, link: Link): void {
    // A server that itself cannot tell has done nothing in an attempt that repeats another.
    if (this.number === 1 || reasonCode(answer.error) === undefined) this.number++;
    this.doubt ??= { ...answer, link };
  }

  private others(link: Link): Link[] {
    return [...this.passed].filter((other) => other !== link);
  }
}

/** A record that a disk refused may still be on it, and take effect at the next start: see docs/STORAGE.md. */
function mayHaveLeftTraces(answer: Failed): boolean {
  const code = reasonCode(answer.error);
  return code === 'DISCO_CHEIO' || code === 'DISCO_FALHOU';
}

function isUnsupported(answer: Failed): boolean {
  return reasonCode(answer.error) === 'NAO_SUPORTADO';
}

/** Whether the server knows request ids; one that does not has done the write again, even if another had done it. */
function isHonoured(trailer: Metadata): boolean {
  return trailer.get(REQUEST_ID_METADATA).length > 0;
}
