import { supervisorLimits } from './limits.js';

/** When the broker was listened to. */
export class Listenings {
  private readonly past: (readonly [fromMs: number, toMs: number])[] = [];
  private sinceMs: number | undefined;

  note(isListening: boolean, nowMs: number): void {
    if (this.sinceMs !== undefined) this.past.push([this.sinceMs, nowMs]);
    if (this.past.length > supervisorLimits.listenings) this.past.shift();
    this.sinceMs = isListening ? nowMs : undefined;
  }

  includes(ms: number): boolean {
    if (this.sinceMs !== undefined && ms >= this.sinceMs) return true;
    return this.past.some(([fromMs, toMs]) => ms >= fromMs && ms <= toMs);
  }
}
