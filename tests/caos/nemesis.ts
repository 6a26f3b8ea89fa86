import { SeededRandom } from '../support/sim-random.js';
import type { HistoryFile } from './history.js';

/** One kind of fault, and what it can be done to. */
export interface CaosFault {
  /** For people. */
  readonly name: string;
  readonly targets: readonly string[];
  /** How often it is drawn beside the others; 1 if absent. */
  readonly weight?: number;
  /** What no other fault may have hold of meanwhile; the target by default. */
  readonly holds?: (target: string) => readonly string[];
  /** Whether it may begin now: what the engine promises rests on it. */
  readonly mayBegin?: (target: string) => boolean | Promise<boolean>;
  /** Does it. @returns what undoes it */
  begin(target: string, random: SeededRandom): Promise<() => Promise<void> | void>;
}

export interface NemesisOptions {
  readonly faults: readonly CaosFault[];
  readonly seed: number;
  readonly history: HistoryFile;
  /** Shortest and longest time that a fault lasts, in ms. */
  readonly lastsMs: readonly [number, number];
  /** Between the beginnings of two faults. */
  readonly gapMs: readonly [number, number];
}

const AT_ONCE_MAX = 3;

/** Draws faults from a seed, does them, and undoes each in bounded time. */
export class Nemesis {
  readonly counts = new Map<string, number>();
  private readonly random: SeededRandom;
  private readonly held = new Set<string>();
  private readonly active = new Set<Promise<void>>();
  private readonly drawn: readonly CaosFault[];
  private broken: Error | undefined;
  private stop = new AbortController();

  constructor(private readonly options: NemesisOptions) {
    this.random = new SeededRandom(options.seed);
    this.drawn = options.faults
      .filter(({ targets }) => targets.length > 0)
      .flatMap((fault) => Array.from({ length: fault.weight ?? 1 }, () => fault));
  }

  /** Faults that are there now. */
  get present(): number {
    return this.active.size;
  }

  /**
   * Goes on until that moment of `performance.now()`, and ends once everything is undone.
   * @throws what kept a fault from being done or undone
   */
  async run(untilMs: number): Promise<void> {
    while (performance.now() < untilMs && this.broken === undefined) {
      // All drawn before anything is looked at: the same seed draws the same, however fast the machine is.
      const fault = this.random.pick(this.drawn);
      const target = this.random.pick(fault.targets);
      const lastsMs = this.random.between(...this.options.lastsMs);
      const gapMs = this.random.between(...this.options.gapMs);
      const own = new SeededRandom(this.random.int(0, 2 ** 31));
      await this.consider(fault, target, Math.min(lastsMs, untilMs - performance.now()), own);
      await pause(Math.min(gapMs, untilMs - performance.now()), this.stop.signal);
    }
    await Promise.all(this.active);
    if (this.broken !== undefined) throw this.broken;
  }

  private async consider(
    fault: CaosFault,
    target: string,
    lastsMs: number,
    random: SeededRandom,
  ): Promise<void> {
    const holds = fault.holds?.(target) ?? [target];
    if (this.active.size >= AT_ONCE_MAX || holds.some((name) => this.held.has(name))) return;
    if (fault.mayBegin !== undefined && !(await fault.mayBegin(target))) return;
    for (const name of holds) this.held.add(name);
    const done = this.inflict(fault, target, lastsMs, random)
      .catch((error: unknown) => {
        this.broken ??= new Error(`${fault.name} em ${target}: ${String(error)}`, { cause: error });
        this.stop.abort();
      })
      .finally(() => {
        for (const name of holds) this.held.delete(name);
        this.active.delete(done);
      });
    this.active.add(done);
  }

  private async inflict(
    fault: CaosFault,
    target: string,
    lastsMs: number,
    random: SeededRandom,
  ): Promise<void> {
    const from = performance.now();
    const undo = await fault.begin(target, random);
    this.counts.set(fault.name, (this.counts.get(fault.name) ?? 0) + 1);
    await pause(lastsMs, this.stop.signal);
    await undo();
    const until = performance.now();
    this.options.history.add({ kind: 'fault', fault: fault.name, target, from, until });
  }
}

/** Ends early once something is broken: whatever is undone after that is undone at once. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
