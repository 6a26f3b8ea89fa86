import type { Time } from '../../src/ports/time.js';

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly call: () => void;
  cancelled: boolean;
}

/** Virtual time for a whole fleet: events in a heap, run one by one. */
export class World {
  nowMs = 0;
  /** What went wrong in a promise; the next step throws it. */
  failure: Error | undefined;
  private readonly heap: Event[] = [];
  private scheduled = 0;

  /** Schedules a call. Returns the cancel function. */
  at(atMs: number, call: () => void): () => void {
    const event = { atMs: Math.max(atMs, this.nowMs), order: this.scheduled++, call, cancelled: false };
    this.heap.push(event);
    this.up(this.heap.length - 1);
    return () => (event.cancelled = true);
  }

  /** Runs the next event if it is due by `untilMs`. Returns whether there was one; otherwise the time is `untilMs`. */
  step(untilMs: number): boolean {
    if (this.failure) throw this.failure;
    for (;;) {
      const next = this.heap[0];
      if (!next || next.atMs > untilMs) {
        this.nowMs = untilMs;
        return false;
      }
      this.pop();
      if (next.cancelled) continue;
      this.nowMs = next.atMs;
      next.call();
      return true;
    }
  }

  private before(i: number, j: number): boolean {
    const a = this.heap[i] as Event;
    const b = this.heap[j] as Event;
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  }

  private swap(i: number, j: number): void {
    [this.heap[i], this.heap[j]] = [this.heap[j] as Event, this.heap[i] as Event];
  }

  private up(from: number): void {
    for (let i = from; i > 0 && this.before(i, (i - 1) >> 1); i = (i - 1) >> 1) this.swap(i, (i - 1) >> 1);
  }

  private pop(): void {
    const last = this.heap.pop();
    if (!last || this.heap.length === 0) return;
    this.heap[0] = last;
    for (let i = 0; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.heap.length && this.before(child, least)) least = child;
      }
      if (least === i) return;
      this.swap(i, least);
      i = least;
    }
  }
}

/** The clocks and timers of one server: they drift, the wall clock jumps, and they end with the server. */
export class ServerTime implements Time {
  private alive = true;
  private readonly turnEnd: (() => void)[] = [];

  /**
   * @param rate how fast this server's clocks run, near 1
   * @param offsetMs what its wall clock is ahead of the world's
   * @param afterTurn called at the end of every turn of this server's event loop
   */
  constructor(
    private readonly world: World,
    private readonly rate: number,
    private offsetMs: number,
    private readonly afterTurn: () => void,
  ) {}

  wallMs(): number {
    return Math.floor(1_700_000_000_000 + this.world.nowMs * this.rate + this.offsetMs);
  }

  monotonicMs(): number {
    return this.world.nowMs * this.rate;
  }

  after(delayMs: number, call: () => void): () => void {
    return this.world.at(this.world.nowMs + delayMs / this.rate, () => this.turn(call));
  }

  atEndOfTurn(call: () => void): void {
    this.turnEnd.push(call);
  }

  /** One turn of the event loop: the call, then what waits for the turn's end. Nothing on a dead server. */
  turn(call: () => void): void {
    if (!this.alive) return;
    call();
    for (let next = this.turnEnd.shift(); next; next = this.turnEnd.shift()) next();
    this.afterTurn();
  }

  jumpWall(byMs: number): void {
    this.offsetMs += byMs;
  }

  /** Ends the run: for what goes wrong where nobody could catch it. */
  fail(error: Error): void {
    this.world.failure ??= error;
  }

  end(): void {
    this.alive = false;
  }

  get isAlive(): boolean {
    return this.alive;
  }
}

/** Lets every promise that can go on, go on. */
export function promisesSettled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
