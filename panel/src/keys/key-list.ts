import { signal } from '@preact/signals';
import type { Refusal } from '../api/request.js';
import { pause } from '../api/retry.js';
import { pageLimits } from '../limits.js';
import { firstPage, fitsAddress, askForKey, readPage } from './calls.js';
import { KeyRows, keyRowOf } from './key-rows.js';
import { follow } from './watch.js';
import type { KeyChange } from './watch.js';

/** How the list stands. */
type ListState = 'reading' | 'idle' | 'failed';

/** The keys that begin with a prefix, as they are now: read page by page, and followed. */
export class KeyList {
  private readonly rows = new KeyRows();
  /** The rows as they are now: another object at each change, so that who reads it is drawn again. */
  readonly shown = signal({ rows: this.rows });
  readonly state = signal<ListState>('reading');
  readonly error = signal<unknown>(undefined);
  /** Whether changes come; a text: why not. */
  readonly live = signal<boolean | Refusal>(false);
  private readonly own = new AbortController();
  /** The page that is read next; `undefined`: there is none. */
  private next: string | undefined;
  private isReading = false;
  private wanted = 0;
  /** Counts how often the list was begun anew: what was asked before is void. */
  private era = 0;
  private readonly doubtful = new Set<string>();
  private isAsking = false;

  /** Is told the keys of every change; `undefined`: all may be other. */
  onChange: (keys: ReadonlySet<string> | undefined) => void = () => undefined;

  constructor(readonly prefix: string) {
    const watcher = {
      onChanges: (changes: readonly KeyChange[]) => this.take(changes),
      onReady: () => this.begin(),
      onState: (isLive: boolean, refusal?: Refusal) => {
        this.live.value = refusal ?? isLive;
        if (isLive) this.tryAgain();
      },
    };
    void follow({ by: 'prefixo', text: prefix }, watcher, this.own.signal);
  }

  end(): void {
    this.own.abort();
  }

  /** Reads the list again from its beginning. */
  begin(): void {
    this.era++;
    this.rows.clear();
    this.doubtful.clear();
    this.next = firstPage(this.prefix);
    this.isReading = false;
    this.changed();
    void this.read();
  }

  /** Asks again for what could not be read. */
  tryAgain(): void {
    void this.read();
    void this.askAgain();
  }

  /** Rows up to this one will be seen: reads on if they are not there. */
  reach(index: number): void {
    this.wanted = index;
    void this.read();
  }

  private async read(): Promise<void> {
    const { era } = this;
    while (!this.isReading && this.next !== undefined && this.rows.length <= this.wanted + AHEAD) {
      if (this.rows.length >= pageLimits.keys) return;
      this.isReading = true;
      this.state.value = 'reading';
      try {
        const { lines, next } = await readPage(this.next, this.own.signal);
        if (era !== this.era) return;
        this.rows.append(lines.map((line) => keyRowOf(line, pageLimits.previewChars)));
        this.next = next;
        this.rows.isWhole = next === undefined;
        this.state.value = 'idle';
        this.error.value = undefined;
      } catch (error) {
        if (this.own.signal.aborted || era !== this.era) return;
        this.error.value = error;
        this.state.value = 'failed';
        return;
      } finally {
        if (era === this.era) this.isReading = false;
      }
      this.changed();
      void this.askAgain();
    }
  }

  private changed(): void {
    this.shown.value = { rows: this.rows };
  }

  private take(changes: readonly KeyChange[]): void {
    const keys = new Set<string>();
    let hasChanged = false;
    for (const change of changes) {
      if (change.kind === 'recomeca') {
        this.begin();
        this.onChange(undefined);
        continue;
      }
      const { line } = change;
      keys.add(line.chave);
      if (change.kind === 'insere') {
        if (this.rows.put(keyRowOf(line, pageLimits.previewChars))) hasChanged = true;
        // An insert that expired meanwhile, or was removed: the answer to the question already asked says so.
      } else this.doubtful.add(line.chave);
    }
    if (hasChanged) this.changed();
    if (keys.size > 0) this.onChange(keys);
    void this.askAgain();
  }

  private canAsk(era: number): boolean {
    return this.doubtful.size > 0 && era === this.era && !this.isReading;
  }

  /** What remains of keys that lost versions only the server can say. */
  private async askAgain(): Promise<void> {
    // A page under way may show what is gone since: keys are asked for once it is there.
    if (this.isAsking || this.isReading || this.doubtful.size === 0) return;
    this.isAsking = true;
    const { era } = this;
    let keys: readonly string[] = [];
    let hasFailed = false;
    try {
      while (this.canAsk(era)) {
        if (this.doubtful.size > pageLimits.rereadKeys) {
          // Where many keys expire all the time, the list is not read all the time.
          await pause(pageLimits.rereadPauseMs, this.own.signal);
          if (era === this.era && !this.own.signal.aborted) this.begin();
          return;
        }
        keys = [...this.doubtful];
        this.doubtful.clear();
        for (const key of keys) {
          const line = fitsAddress(key) ? await askForKey(key, {}, this.own.signal) : undefined;
          if (era !== this.era) return;
          // It may have changed again while one asked.
          if (!this.doubtful.has(key)) this.rows.set(key, line && keyRowOf(line, pageLimits.previewChars));
        }
        this.changed();
      }
    } catch {
      // The watch tells when the server is back; the rows stay as they were until then.
      hasFailed = true;
      if (era === this.era) for (const key of keys) this.doubtful.add(key);
    } finally {
      this.isAsking = false;
      // What came for a list that was begun anew meanwhile.
      if (!hasFailed && !this.own.signal.aborted) void this.askAgain();
    }
  }
}

/** Rows read before they are seen. */
const AHEAD = 200;
