import type { Logger } from '../../../ports/logger.js';
import type { Time } from '../../../ports/time.js';
import type { DropReason } from '../../../wire/checks.js';
import { busLimits } from './limits.js';

/** Advice for each reason to drop a message because of a fleet key. */
const ADVICE: Readonly<Partial<Record<DropReason, string>>> = {
  SELADA:
    'outros servidores desta frota usam uma chave e este não: não se ouvem; use --chave-frota com a mesma chave',
  SEM_SELO: 'há servidores desta frota sem chave, e este não os ouve: use --chave-frota em todos',
  CHAVE_FROTA:
    'há servidores desta frota com outra chave, e este não os ouve: confira --chave-frota em todos',
};

/** Notices servers of the same fleet that cannot be heard because their key differs, or only one side has a key. */
export class KeyMismatch {
  private readonly saidAtMs = new Map<DropReason, number>();
  private seenAtMs = -Infinity;
  private telling = false;

  constructor(
    private readonly time: Time,
    private readonly logger: Logger,
    private readonly onChange: (() => void) | undefined,
  ) {}

  /** Whether such servers were heard recently. */
  get stands(): boolean {
    return this.time.monotonicMs() - this.seenAtMs < busLimits.otherKeysOverMs;
  }

  /** To be called when a message was dropped. */
  note(reason: DropReason, origin: string): void {
    const advice = ADVICE[reason];
    if (advice === undefined) return;
    const nowMs = (this.seenAtMs = this.time.monotonicMs());
    if (nowMs - (this.saidAtMs.get(reason) ?? -Infinity) >= busLimits.otherKeysRepeatMs) {
      this.saidAtMs.set(reason, nowMs);
      this.logger.warn({ motivo: reason, par: origin.slice(0, 64) }, advice);
    }
    if (!this.telling) this.tell();
  }

  private tell(): void {
    this.telling = this.stands;
    this.onChange?.();
    if (this.telling) {
      this.time.after(busLimits.otherKeysLookMs, () => {
        this.tell();
      });
    }
  }
}
