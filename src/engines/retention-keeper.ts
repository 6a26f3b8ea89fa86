import { KvsError } from '../core/errors.js';
import { RETENTION_KEY, RetentionRules, retentionOf } from '../core/retention.js';
import type { RetentionRule } from '../core/retention.js';
import type { Engine } from '../ports/engine.js';
import type { Logger } from '../ports/logger.js';
import type { Retains, WalkPlace } from '../ports/retention.js';
import type { Time } from '../ports/time.js';
import type { RetentionPace } from './retention-pace.js';

interface KeeperDeps {
  readonly engine: Engine & Retains;
  /** Of this server's options. */
  readonly own: readonly RetentionRule[];
  readonly time: Time;
  readonly logger: Logger;
  readonly pace: RetentionPace;
  /** Called with whether the stored setting serves, at the start and at every change. */
  readonly onSetting: (valid: boolean) => void;
}

/** Until the first look, which fails while a server catches up: nobody shall wait for it to know a server as healthy. */
const FIRST_LOOK_MS = 250;

/**
 * Keeps the retention: walks over the keys, a short stretch a turn, and has the engine remove what is beyond the rules,
 * a few versions a turn. Every server follows the stored setting, so that each says whether it serves; only the one
 * whose turn it is ({@link Retains.keepsRetention}) removes.
 *
 * While the stored setting cannot be read nothing is removed at all, also not by the rules of options: what was meant
 * may have been to keep more, and what is removed does not come back. That is the same on every server.
 */
export class RetentionKeeper {
  private rules: RetentionRules;
  private isValid: boolean | undefined;
  /** The text of the stored setting that was read last; `undefined`: there is none. */
  private setting: string | undefined;
  private place: WalkPlace | undefined;
  /** Keys that still have versions beyond their bound. */
  private pending: string[] = [];
  private keeps = false;
  private removed = 0;
  private cancel: (() => void) | undefined;
  private stopped = false;

  constructor(private readonly deps: KeeperDeps) {
    this.rules = new RetentionRules(deps.own);
  }

  start(): void {
    this.after(0, () => this.begin());
  }

  stop(): void {
    this.stopped = true;
    this.cancel?.();
  }

  /** The beginning of a walk: what are the rules, and whose turn is it? */
  private async begin(): Promise<void> {
    const { engine, pace } = this.deps;
    await this.readSetting();
    const keeps = this.isValid === true && !this.rules.isEmpty && (await engine.keepsRetention());
    if (keeps !== this.keeps) this.say(keeps);
    [this.place, this.pending, this.removed] = [undefined, [], 0];
    if (keeps) this.after(pace.turnMs, () => this.turn());
    else this.after(pace.restMs, () => this.begin());
  }

  private async turn(): Promise<void> {
    const { engine, pace, logger } = this.deps;
    const boundOf = (key: string) => this.rules.boundOf(key);
    if (this.pending.length === 0) {
      const { keys, next } = await engine.beyondFrom(this.place, boundOf);
      this.pending = [...keys];
      this.place = next;
    }
    await this.removeSome();
    if (this.pending.length > 0 || this.place !== undefined) {
      this.after(pace.turnMs, () => this.turn());
      return;
    }
    if (this.removed > 0) logger.info({ versoes: this.removed }, 'retenção: versões removidas nesta volta');
    this.after(pace.restMs, () => this.begin());
  }

  /** Removes as much as one turn may: of several keys at once, since each may wait for a disk or for other servers. */
  private async removeSome(): Promise<void> {
    const { engine, time, pace } = this.deps;
    const untilMs = time.monotonicMs() + pace.busyMs;
    const keys = this.pending.slice(0, pace.keysPerTurn);
    const most = Math.ceil(pace.versionsPerTurn / keys.length);
    const asked: Promise<string | undefined>[] = [];
    for (const key of keys) {
      if (time.monotonicMs() >= untilMs) break;
      asked.push(this.removeOf(engine, key, most));
    }
    const more = await Promise.all(asked);
    this.pending = [...this.pending.slice(asked.length), ...more.filter((key) => key !== undefined)];
  }

  /** @returns the key if it may have more beyond its bound */
  private async removeOf(engine: Retains, key: string, most: number): Promise<string | undefined> {
    const bound = this.rules.boundOf(key);
    if (bound === undefined) return undefined;
    const removed = await engine.retain(key, bound, most);
    this.removed += removed;
    return removed < most ? undefined : key;
  }

  private async readSetting(): Promise<void> {
    const { engine, own, logger, onSetting } = this.deps;
    const text = (await engine.read({ kind: 'instant', key: RETENTION_KEY }))?.value;
    if (text === this.setting && this.isValid !== undefined) return;
    this.setting = text;
    const before = this.isValid;
    try {
      const shared = text === undefined ? [] : retentionOf(text);
      this.rules = new RetentionRules(own, shared);
      this.isValid = true;
      if (text !== undefined || before !== undefined)
        logger.info({ regras: shared.length }, 'retenção: vale a configuração gravada');
    } catch (error) {
      this.isValid = false;
      logger.error(
        { chave: RETENTION_KEY, motivo: KvsError.from(error).message },
        `retenção: a configuração gravada não serve, e nada é removido enquanto for assim; remova-a (kvs cliente -o remove -k '${RETENTION_KEY}' --sim) e defina de novo`,
      );
    }
    if (this.isValid !== before) onSetting(this.isValid);
  }

  private say(keeps: boolean): void {
    this.keeps = keeps;
    this.deps.logger.info(
      {},
      keeps ? 'retenção: este servidor remove' : 'retenção: este servidor não remove mais',
    );
  }

  /** A step that fails, since the engine refuses reads or writes now, is followed by a new walk. */
  private after(delayMs: number, step: () => Promise<void>): void {
    if (this.stopped) return;
    const { time, logger, pace } = this.deps;
    this.cancel = time.after(delayMs, () => {
      step().catch((error: unknown) => {
        const { code, message } = KvsError.from(error);
        logger.debug({ codigo: code, motivo: message }, 'retenção: interrompida por ora');
        const waitMs = this.isValid === undefined ? Math.min(FIRST_LOOK_MS, pace.restMs) : pace.restMs;
        this.after(waitMs, () => this.begin());
      });
    });
  }
}
