import { signal } from '@preact/signals';
import type { LineJson } from '../../../src/doors/http/schemas.js';
import { pageLimits } from '../limits.js';
import { fitsAddress, readHistory, askForKey } from './calls.js';
import type { HistoryRead } from './calls.js';
import { follow } from './watch.js';

/** A key as it is now: its versions, and which of them a reader is answered. */
interface KeyState extends HistoryRead {
  readonly answer: LineJson | undefined;
}

/** The history of one key, read again whenever it changes. */
export class HistoryOfKey {
  readonly state = signal<KeyState | undefined>(undefined);
  readonly error = signal<unknown>(undefined);
  private readonly own = new AbortController();
  private timer = 0;
  private isReading = false;
  private isStale = false;
  private isFollowing = false;

  constructor(readonly key: string) {
    void this.read();
  }

  /** Hears of changes by itself. */
  follow(): void {
    if (this.isFollowing || !fitsAddress(this.key)) return;
    this.isFollowing = true;
    const onChange = (): void => this.changed();
    const watcher = { onChanges: onChange, onReady: onChange, onState: () => undefined };
    void follow({ by: 'chave', text: this.key }, watcher, this.own.signal);
  }

  end(): void {
    clearTimeout(this.timer);
    this.own.abort();
  }

  /** The key changed: reads it soon, and once for many changes. */
  changed(): void {
    // A write may end after its key was closed.
    if (this.own.signal.aborted) return;
    if (this.isReading) {
      this.isStale = true;
      return;
    }
    clearTimeout(this.timer);
    const isLong = (this.state.peek()?.lines.length ?? 0) > LONG;
    const waitMs = isLong ? pageLimits.longHistoryPauseMs : pageLimits.historyPauseMs;
    this.timer = setTimeout(() => void this.read(), waitMs);
  }

  private readAgain(): void {
    if (this.isStale) this.changed();
  }

  private async read(): Promise<void> {
    if (!fitsAddress(this.key)) return;
    this.isReading = true;
    this.isStale = false;
    const { signal: ended } = this.own;
    try {
      const history = await readHistory(this.key, ended);
      const answer = history.lines.length > 0 ? await askForKey(this.key, {}, ended) : undefined;
      this.state.value = { ...history, answer };
      this.error.value = undefined;
    } catch (error) {
      if (!ended.aborted) this.error.value = error;
    } finally {
      this.isReading = false;
      this.readAgain();
    }
  }
}

/** A history of more versions than this is read less often. */
const LONG = 200;
