import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import type { Isolation, IsolationControl } from './laboratory.js';
import type { Logger } from './logger.js';
import type { Time } from './time.js';

/**
 * Cuts all links of this process to what it works with, and ends that by itself. A broker that this process runs stays
 * open for other servers: only this one leaves it.
 */
export class LinkCut implements IsolationControl {
  private endsMs = 0;
  private cancelEnd: () => void = () => undefined;
  private readonly listeners = new Set<() => void>();

  /** @param said what the log says of it */
  constructor(
    private readonly time: Time,
    private readonly logger: Logger,
    private readonly said: { readonly cut: string; readonly back: string },
  ) {}

  get isCut(): boolean {
    return this.endsMs > 0;
  }

  /** Calls back when links must be dropped, and when they may be made again. */
  onChange(call: () => void): void {
    this.listeners.add(call);
  }

  isolate(forMs: number = limits.cutMs): Isolation {
    if (forMs > limits.cutMsMax) {
      const hours = limits.cutMsMax / 3_600_000;
      throw new KvsError('PEDIDO_INVALIDO', `um servidor fica isolado por no máximo ${hours} h`);
    }
    const wasCut = this.isCut;
    this.cancelEnd();
    this.endsMs = Math.round(this.time.wallMs() + forMs);
    this.cancelEnd = this.time.after(forMs, () => {
      this.end('o prazo acabou');
    });
    this.logger.warn({ segundos: forMs / 1_000 }, `laboratório: ${this.said.cut}`);
    if (!wasCut) this.tell();
    return this.isolation;
  }

  reconnect(): Isolation {
    if (this.isCut) this.end('a pedido');
    return this.isolation;
  }

  get isolation(): Isolation {
    return { isIsolated: this.isCut, endsMs: this.endsMs };
  }

  private end(motivo: string): void {
    this.cancelEnd();
    this.endsMs = 0;
    this.logger.warn({ motivo }, `laboratório: ${this.said.back}`);
    this.tell();
  }

  private tell(): void {
    for (const call of this.listeners) call();
  }
}
