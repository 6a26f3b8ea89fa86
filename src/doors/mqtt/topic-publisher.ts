import { doubledMs } from '../../core/backoff.js';
import { TokenBucket } from '../../core/token-bucket.js';
import type { Awaitable, Row } from '../../ports/engine.js';
import type { Time } from '../../ports/time.js';
import type { OutgoingMessage } from '../../ports/topics.js';
import type { DirtyTopics } from './dirty-topics.js';
import type { MirrorTuning } from './tuning.js';
import type { MirrorFigures } from './mirror-figures.js';
import { fingerprintOf, NO_PAYLOAD } from './retained-topics.js';
import type { Fingerprint, RetainedTopics } from './retained-topics.js';
import type { UnbearableTopics } from './unbearable-topics.js';

interface PublisherDeps {
  readonly dirty: DirtyTopics;
  readonly retained: RetainedTopics;
  readonly unbearable: UnbearableTopics;
  readonly figures: MirrorFigures;
  readonly tuning: MirrorTuning;
  readonly time: Time;
  /** Whether this server may publish, at this moment. */
  readonly mayPublish: () => boolean;
  /** What a topic should show now; `undefined`: nothing. */
  readonly latest: (name: string) => Awaitable<Row | undefined>;
  readonly topicOf: (name: string) => string;
  readonly send: (message: OutgoingMessage, settled: (taken: boolean) => void) => void;
  /** The number of the walk that a topic counts for that was published now. */
  readonly walk: () => number;
  /** A topic could not be named as dirty: there was no room. */
  readonly onMissed: () => void;
  /** There is no room for a topic. */
  readonly onBeyond: () => void;
  /** Something was published. */
  readonly onSent: (name: string, print: Fingerprint) => void;
  /** A stranger published there meanwhile: it is not known whose message was the last. */
  readonly onDisturbed: (name: string) => void;
}

interface UnderWay {
  /** What is being published; `undefined` while the value is being read. */
  print: Fingerprint | undefined;
  /** The key changed meanwhile. */
  changed: boolean;
  /** A stranger published there meanwhile. */
  disturbed: boolean;
  /** When the broker failed to take it, monotonic ms. */
  failedMs: number | undefined;
}

/** The publishes that a breaking connection takes with it fail just before it is said to be gone. */
const WITH_CONNECTION_MS = 50;

/**
 * Brings topics up to date: takes one that is dirty, reads the latest value of its key, and publishes it if the broker
 * retains something else. A topic has at most one read or publish under way, and what changes meanwhile is read
 * afterwards, so that nothing older follows something newer, and a key that changes all the time costs one publish at
 * a time. The pace is that of the broker's acknowledgements, and never more than a rate.
 */
export class TopicPublisher {
  private readonly underWay = new Map<string, UnderWay>();
  private publishing = 0;
  /** A topic that waits to go alone. */
  private alone: string | undefined;
  private isAlone = false;
  private readonly pace: TokenBucket;
  private failures = 0;
  private notBeforeMs = 0;
  private isScheduled = false;
  private pumpedMs = -Infinity;
  private cancelWake: () => void = () => undefined;
  private cancelLater: (() => void) | undefined;
  private waiting: (() => void)[] = [];
  private closed = false;

  constructor(private readonly deps: PublisherDeps) {
    const { perSecond, burst } = deps.tuning;
    this.pace = new TokenBucket(burst, 1_000 / perSecond, deps.time.monotonicMs());
  }

  /** Topics that are being read or published. */
  get busy(): number {
    return this.underWay.size;
  }

  get isIdle(): boolean {
    return this.busy === 0 && this.deps.dirty.size === 0 && this.alone === undefined;
  }

  /** A key changed, or may have. */
  changed(name: string): void {
    if (!this.look(name)) this.deps.onMissed();
  }

  /** A topic is to be looked at. @returns `false` if there is no room for that now */
  look(name: string): boolean {
    const one = this.underWay.get(name);
    if (one === undefined && !this.deps.dirty.add(name)) return false;
    if (one !== undefined) one.changed = true;
    this.wake();
    return true;
  }

  /** A stranger published at a topic. @returns whether that is dealt with: the topic is under way */
  disturbed(name: string): boolean {
    const one = this.underWay.get(name);
    if (one === undefined) return false;
    one.disturbed = true;
    return true;
  }

  /** What is being published at a topic now. */
  printUnderWay(name: string): Fingerprint | undefined {
    return this.underWay.get(name)?.print;
  }

  /**
   * Publishes what is due: at the end of this turn, or a little later together with what comes until then. A message
   * alone costs several times as much as one of many, which go out and are acknowledged together.
   */
  wake(): void {
    if (this.isScheduled || this.closed) return;
    this.isScheduled = true;
    const { time, tuning } = this.deps;
    const pump = (): void => {
      this.isScheduled = false;
      this.pumpedMs = time.monotonicMs();
      this.pump();
    };
    const pauseMs = this.pumpedMs + tuning.batchMs - time.monotonicMs();
    if (pauseMs > 0) this.cancelWake = time.after(pauseMs, pump);
    else time.atEndOfTurn(pump);
  }

  /** Resolves once few topics are dirty, or it is over. */
  async calm(): Promise<void> {
    while (!this.closed && this.deps.dirty.size >= this.deps.tuning.walkAhead) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** The connection is gone. @param broke nobody here wanted that */
  close(broke: boolean): void {
    if (this.closed) return;
    this.closed = true;
    this.cancelLater?.();
    this.cancelWake();
    this.letGo();
    if (!broke) return;
    const nowMs = this.deps.time.monotonicMs();
    const names = [...this.underWay]
      .filter(
        ([, { print, failedMs = nowMs }]) => print !== undefined && nowMs - failedMs < WITH_CONNECTION_MS,
      )
      .map(([name]) => name);
    this.deps.unbearable.broke(names, nowMs);
  }

  private pump(): void {
    const { dirty, unbearable, time } = this.deps;
    for (let looked = 0; this.mayGoOn(); looked++) {
      if (looked >= this.deps.tuning.looksPerTurn) {
        this.wake();
        break;
      }
      const name = this.alone ?? dirty.take();
      if (name === undefined) break;
      this.alone = undefined;
      if (unbearable.isGivenUp(name, time.monotonicMs())) continue;
      if (unbearable.isSuspect(name)) {
        if (this.busy > 0) {
          this.alone = name;
          break;
        }
        this.isAlone = true;
      }
      this.bring(name);
    }
    if (dirty.size < this.deps.tuning.walkAhead) this.letGo();
  }

  private mayGoOn(): boolean {
    if (this.closed || this.isAlone || this.busy >= this.deps.tuning.window) return false;
    if (this.deps.dirty.size === 0 && this.alone === undefined) return false;
    const nowMs = this.deps.time.monotonicMs();
    if (!this.deps.mayPublish()) this.wakeAfter(this.deps.tuning.tickMs);
    else if (nowMs < this.notBeforeMs) this.wakeAfter(this.notBeforeMs - nowMs);
    else if (this.pace.isEmpty(nowMs)) this.wakeAfter(this.deps.tuning.paceMs);
    else return true;
    return false;
  }

  private wakeAfter(delayMs: number): void {
    if (this.cancelLater !== undefined) return;
    this.cancelLater = this.deps.time.after(delayMs, () => {
      this.cancelLater = undefined;
      this.pump();
    });
  }

  private bring(name: string): void {
    const one: UnderWay = { print: undefined, changed: false, disturbed: false, failedMs: undefined };
    this.underWay.set(name, one);
    try {
      const row = this.deps.latest(name);
      if (!(row instanceof Promise)) {
        this.show(name, one, row);
        return;
      }
      row.then(
        (found) => {
          this.show(name, one, found);
        },
        () => {
          this.failed(name, one);
        },
      );
    } catch {
      this.failed(name, one);
    }
  }

  private show(name: string, one: UnderWay, row: Row | undefined): void {
    const { retained, mayPublish } = this.deps;
    if (this.closed) return;
    if (!mayPublish()) {
      one.changed = true;
      this.done(name, one);
      return;
    }
    let payload = row?.value ?? '';
    let bytes = Buffer.byteLength(payload);
    if (bytes > 0 && !retained.fits(name, bytes)) {
      this.deps.onBeyond();
      payload = '';
      bytes = 0;
    }
    const print = fingerprintOf(payload);
    if (retained.printOf(name) === print) this.done(name, one);
    else this.publish(name, one, { payload, bytes, print, row });
  }

  private publish(
    name: string,
    one: UnderWay,
    {
      payload,
      bytes,
      print,
      row,
    }: { payload: string; bytes: number; print: Fingerprint; row: Row | undefined },
  ): void {
    const { retained, figures, time, topicOf, send, walk, onSent } = this.deps;
    one.print = print;
    retained.put(name, undefined, bytes, walk());
    this.publishing++;
    this.pace.take();
    figures.published++;
    const user = row === undefined ? undefined : { versao: String(row.version), ts: String(row.timestamp) };
    const properties = user === undefined || bytes === 0 ? undefined : { user };
    const message = { topic: topicOf(name), payload, retain: true };
    onSent(name, print);
    send(properties === undefined ? message : { ...message, properties }, (taken) => {
      this.publishing--;
      if (this.closed) return;
      if (!taken) {
        this.refused(name, one, time.monotonicMs());
        return;
      }
      this.failures = 0;
      this.deps.unbearable.passed(name);
      if (print === NO_PAYLOAD && !one.disturbed) retained.delete(name);
      else retained.settle(name, one.disturbed ? undefined : print);
      this.done(name, one);
    });
  }

  /** The broker did not take it, or that is not known. */
  private refused(name: string, one: UnderWay, nowMs: number): void {
    this.deps.figures.failed++;
    // One that fails among others that pass holds nobody up; where all fail, the broker is left alone for a while.
    if (++this.failures >= this.deps.tuning.window) {
      const times = Math.floor(this.failures / this.deps.tuning.window) - 1;
      this.notBeforeMs = nowMs + doubledMs(times, this.deps.tuning.againMs, this.deps.tuning.againCapMs);
    }
    one.failedMs = nowMs;
    this.failed(name, one);
  }

  /** It is tried again, later. */
  private failed(name: string, one: UnderWay): void {
    if (this.closed) return;
    // Until then it is under way: nothing else reads or publishes it.
    this.deps.time.after(this.deps.tuning.againMs, () => {
      if (this.closed) return;
      one.changed = true;
      this.done(name, one);
    });
    this.isAlone = false;
  }

  private done(name: string, one: UnderWay): void {
    this.underWay.delete(name);
    this.isAlone = false;
    if (one.disturbed) this.deps.onDisturbed(name);
    if (one.changed && !this.deps.dirty.add(name)) this.deps.onMissed();
    this.wake();
  }

  private letGo(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
