import { limits } from '../core/limits.js';
import { portalLimits } from './limits.js';
import type { Logger } from '../ports/logger.js';
import type { Time } from '../ports/time.js';

/** Logs refused messages with the reason of each; beyond a limit, only how many more there were. */
export class RefusalLog {
  private logged = 0;
  private more = 0;
  private scheduled = false;

  constructor(
    private readonly time: Time,
    private readonly logger: Logger,
  ) {}

  report(topic: string, reason: string): void {
    this.schedule();
    if (this.logged >= portalLimits.refusalsLogged) {
      this.more++;
      return;
    }
    this.logged++;
    this.logger.warn({ topico: topic.slice(0, 200), motivo: reason }, 'mensagem do portal recusada');
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.time.after(limits.burstLogMs, () => {
      this.scheduled = false;
      if (this.more > 0) this.logger.warn({ mais: this.more }, 'mensagens do portal recusadas (resumo)');
      this.logged = 0;
      this.more = 0;
    });
  }
}
