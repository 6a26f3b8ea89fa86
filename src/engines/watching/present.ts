import { linesOf, type StoredLine } from '../../core/lines.js';
import { PointView } from '../../core/point-view.js';
import type { KeySpace } from '../../core/space.js';
import type { Store } from '../../core/store.js';
import type { Interest } from './interests.js';
import { PAUSE } from './stream.js';
import type { WalkTurns } from './walks.js';

interface PresentDeps {
  readonly store: Store;
  readonly interest: Interest;
  readonly turns: WalkTurns;
  readonly tuning: {
    readonly watchPresentLines: number;
    readonly watchPresentBytes: number;
    readonly watchWalkBytes: number;
  };
  /** Called when it is worth reading on. */
  readonly wake: () => void;
  /** Called at the moment of which the state is, before its first line. */
  readonly onMoment: () => void;
}

// New keys put in order between pauses: a few milliseconds.
const KEYS_ORDERED_BEFORE_PAUSE = 1024;

/**
 * The versions of all keys of an interest as they are at one moment. A small state is read at once. A larger one is
 * walked through at the reader's pace, while what changes is remembered for it, and waits for its turn.
 */
export class PresentLines {
  private lines: Iterator<StoredLine | undefined> | undefined;
  private view: { readonly space: KeySpace; readonly view: PointView } | undefined;
  /** Whether it turned out to be too large to be read at once. */
  private isLarge = false;

  constructor(private readonly deps: PresentDeps) {}

  /** Whether the state is being walked through. */
  get isWalking(): boolean {
    return this.view !== undefined;
  }

  /**
   * @returns a line; `undefined`: not yet, `wake` will be called; `done`: that was all
   * @throws KvsError LEITURA_VENCIDA if too much was removed meanwhile, or everything was replaced
   */
  next(): StoredLine | typeof PAUSE | 'done' | undefined {
    this.lines ??= this.begin();
    if (this.lines === undefined) return this.isLarge ? undefined : PAUSE;
    const step = this.lines.next();
    if (step.done !== true) return step.value ?? PAUSE;
    this.close();
    return 'done';
  }

  /** Nobody reads on. */
  close(): void {
    const { view, deps } = this;
    deps.turns.leave(deps.wake);
    this.view = undefined;
    if (view === undefined) return;
    view.space.views.delete(view.view);
    deps.turns.release();
  }

  private begin(): Iterator<StoredLine | undefined> | undefined {
    const { store, interest, turns, tuning, wake, onMoment } = this.deps;
    const space = store.keySpace;
    if (!this.isLarge) {
      if (interest.key === undefined && !space.order.catchUp(KEYS_ORDERED_BEFORE_PAUSE)) return undefined;
      const lines = this.readAtOnce();
      if (lines) {
        onMoment();
        return lines[Symbol.iterator]();
      }
      this.isLarge = true;
    }
    if (!turns.take(wake)) return undefined;
    const view = new PointView(space, store, interest, tuning.watchWalkBytes);
    space.views.add(view);
    this.view = { space, view };
    onMoment();
    return view.lines();
  }

  /** @returns `undefined` if there is too much */
  private readAtOnce(): readonly StoredLine[] | undefined {
    const { store, interest, tuning } = this.deps;
    const most = tuning.watchPresentLines;
    const keys = interest.key === undefined ? this.keys(interest.prefix ?? '', most) : [interest.key];
    const lines: StoredLine[] = [];
    let bytes = 0;
    for (const key of keys) {
      for (const line of linesOf(store, key)) {
        if (line === undefined) return undefined;
        bytes += key.length + line.value.length;
        if (lines.push(line) > most || bytes > tuning.watchPresentBytes) return undefined;
      }
    }
    return keys.length > most ? undefined : lines;
  }

  /** At most one key more than `most`. */
  private keys(prefix: string, most: number): readonly string[] {
    const { order, keys } = this.deps.store.keySpace;
    const found: string[] = [];
    for (const slot of order.page(prefix, true, undefined, most + 1)) {
      const key = keys.name(slot);
      if (!key.startsWith(prefix)) break;
      found.push(key);
    }
    return found;
  }
}
