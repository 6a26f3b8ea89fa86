import type { Awaitable, Engine, Row } from '../../ports/engine.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import type { IncomingMessage, OutgoingMessage } from '../../ports/topics.js';
import type { CoveredKeys } from './covered-keys.js';
import { DirtyTopics } from './dirty-topics.js';
import { ExpectedEchoes } from './expected-echoes.js';
import type { MirrorTuning } from './tuning.js';
import type { MirrorFigures } from './mirror-figures.js';
import { fingerprintOf, NO_PAYLOAD, RetainedTopics } from './retained-topics.js';
import { StateFollower } from './state-follower.js';
import { TopicPublisher } from './topic-publisher.js';
import type { UnbearableTopics } from './unbearable-topics.js';

export interface SessionDeps {
  readonly engine: Pick<Engine, 'read' | 'scan'>;
  readonly covered: CoveredKeys;
  readonly mostTopics: number;
  readonly unbearable: UnbearableTopics;
  readonly figures: MirrorFigures;
  /** The rest of a key's topic; `undefined`: it has none on this broker. */
  readonly nameOf: (key: string) => string | undefined;
  /** The key of a topic by its rest; `undefined`: it is no key's. */
  readonly keyOf: (name: string) => string | undefined;
  readonly topicOf: (name: string) => string;
  readonly send: (message: OutgoingMessage, settled: (taken: boolean) => void) => void;
  /** Whether this server hears what it publishes itself. */
  readonly hearsItself: boolean;
  readonly mayPublish: () => boolean;
  /** Whether what the broker did not tell may be asked for again; it may be that it retains nothing more. */
  readonly mayAskAgain: () => boolean;
  /** The broker may retain more below `valor/` than it told, or than can be remembered: it is worth asking once more. */
  readonly onMore: () => void;
  readonly tuning: MirrorTuning;
  readonly time: Time;
  readonly logger: Logger;
}

/**
 * The mirror over one connection, from the moment that it is connected. It learns first what the broker retains; then follows the state, and looks at all of
 * it once: whatever the broker retains that differs is published or cleared. It knows nothing of connections before.
 */
export class MirrorSession {
  private readonly retained: RetainedTopics;
  private readonly dirty: DirtyTopics;
  private readonly echoes: ExpectedEchoes;
  private readonly publisher: TopicPublisher;
  private readonly follower: StateFollower;
  /** Topics at which somebody else published. */
  private readonly suspects = new Set<string>();
  private isLearning = true;
  private isOver = false;
  private readonly connectedMs: number;
  private heardMs: number;
  private cancelTick: () => void = () => undefined;
  private walks = 0;
  private isWalking = false;
  /** Changes were missed, or there may be room again: all of the state must be looked at. */
  private owesWalk = false;
  private walkedMs = -Infinity;
  private beyond = false;
  private beyondInWalk = false;
  private missedTopics = false;
  /** Messages that came while the broker told what it retains. */
  private told = 0;
  /** Topics that should have been among them. */
  private untold = 0;
  /** Topics of those that should show nothing. */
  private strays = 0;
  private whole = false;
  private uncarriedInWalk = 0;
  private uncarriedKeys = 0;

  constructor(private readonly deps: SessionDeps) {
    const { engine, covered, tuning, time, logger, figures, unbearable } = deps;
    this.retained = new RetainedTopics(deps.mostTopics, tuning);
    this.dirty = new DirtyTopics(tuning.dirty);
    this.echoes = new ExpectedEchoes(tuning.dirty, tuning.echoMs);
    const onChanged = (key: string): void => {
      const name = covered.covers(key) ? deps.nameOf(key) : undefined;
      if (name !== undefined) this.publisher.changed(name);
    };
    const onGap = (): void => {
      this.owesWalk = true;
      void this.walk();
    };
    this.follower = new StateFollower({
      engine,
      prefix: covered.watched,
      tuning,
      time,
      logger,
      onChanged,
      onGap,
    });
    this.publisher = new TopicPublisher({
      ...{ dirty: this.dirty, retained: this.retained, unbearable, figures, tuning, time },
      ...{ mayPublish: deps.mayPublish, topicOf: deps.topicOf, send: deps.send },
      latest: (name) => this.latest(name),
      walk: () => this.walks,
      onMissed: () => {
        this.owesWalk = true;
      },
      onBeyond: () => {
        this.beyond = this.beyondInWalk = true;
      },
      onSent: (name, print) => {
        if (deps.hearsItself) this.echoes.expect(name, print, time.monotonicMs());
      },
      onDisturbed: (name) => {
        this.suspect(name);
      },
    });
    this.connectedMs = this.heardMs = time.monotonicMs();
    this.tickLater();
  }

  /** Topics that show a value. */
  get topics(): number {
    return this.retained.size;
  }

  get bytes(): number {
    return this.retained.bytes;
  }

  /** Topics that wait to be looked at. */
  get waiting(): number {
    return this.dirty.size + this.publisher.busy + this.suspects.size;
  }

  /** Whether there are keys that are not shown because there is no room for them. */
  get isBeyond(): boolean {
    return this.beyond;
  }

  /** Keys that have no topic: too deep, too long, or of characters that brokers do not carry. As of the last walk. */
  get uncarried(): number {
    return this.uncarriedKeys;
  }

  /** Whether all of the state has been looked at, and what differed has been published. */
  get isUpToDate(): boolean {
    return (
      this.whole && !this.owesWalk && !this.isWalking && this.publisher.isIdle && this.suspects.size === 0
    );
  }

  /** Whether all of the state has been looked at once. */
  get hasWalked(): boolean {
    return this.whole;
  }

  /** @param broke nobody here wanted the connection to end */
  close(broke: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    this.cancelTick();
    this.follower.stop();
    this.publisher.close(broke);
  }

  /** A message below `valor/`. @param name the rest of its topic */
  onMessage(name: string, { payload, retained: wasRetained }: IncomingMessage): void {
    const print = fingerprintOf(payload);
    if (this.isLearning) {
      this.told++;
      this.heardMs = this.deps.time.monotonicMs();
      // What is published while the broker sends what it retains may overtake that: nobody knows which came first.
      const known = wasRetained && this.retained.printOf(name) !== undefined ? print : undefined;
      this.learn(name, known, payload.length);
      return;
    }
    const { retained, publisher, echoes, deps } = this;
    const isEcho = deps.hearsItself && echoes.consume(name, print, deps.time.monotonicMs());
    if (isEcho || publisher.printUnderWay(name) === print || retained.printOf(name) === print) return;
    this.deps.figures.corrected++;
    if (!publisher.disturbed(name)) this.suspect(name, payload.length);
  }

  private learn(name: string, print: string | undefined, bytes: number): void {
    if (print === NO_PAYLOAD) this.retained.delete(name);
    else if (!this.retained.put(name, print, bytes, this.walks)) this.missedTopics = true;
  }

  /** It is not known what the broker retains there: it is published once more, soon. */
  private suspect(name: string, bytes?: number): void {
    if (bytes !== undefined) this.learn(name, undefined, bytes);
    if (this.suspects.size < this.deps.tuning.suspects) this.suspects.add(name);
    else this.missedTopics = true;
  }

  private latest(name: string): Awaitable<Row | undefined> {
    const key = this.deps.keyOf(name);
    if (key === undefined || !this.deps.covered.covers(key) || this.deps.nameOf(key) === undefined)
      return undefined;
    return this.deps.engine.read({ kind: 'version', key });
  }

  // ── now and then ───────────────────────────────────────────────────────────────────────────────────────────────

  private tickLater(): void {
    this.cancelTick = this.deps.time.after(this.deps.tuning.tickMs, () => {
      this.tick();
      if (!this.isOver) this.tickLater();
    });
  }

  private tick(): void {
    const nowMs = this.deps.time.monotonicMs();
    if (this.isLearning) {
      const { learnQuietMs, learnMs } = this.deps.tuning;
      if (nowMs - this.heardMs < learnQuietMs && nowMs - this.connectedMs < learnMs) return;
      this.isLearning = false;
      this.follower.start();
      return;
    }
    for (const name of this.suspects) {
      if (!this.publisher.look(name)) break;
      this.suspects.delete(name);
    }
    void this.walk();
    if (this.isUpToDate && (this.missedTopics || this.mayHideMore())) this.deps.onMore();
  }

  /**
   * Brokers drop what does not fit the queue of a subscriber (Mosquitto: 1,000 messages, unless told otherwise), without
   * a word: behind the many that came there may be more. Where some of them were cleared, asking again tells of others;
   * where some that should have come did not, another time it may.
   */
  private mayHideMore(): boolean {
    const { strays, untold } = this;
    if (this.told < this.deps.tuning.toldMany) return false;
    this.untold = 0;
    if (untold > 0 && this.deps.mayAskAgain()) return true;
    if (strays === 0) return false;
    // Looked at once: those that are left are given up.
    this.strays = 0;
    return [...this.retained.passedOverBy(this.walks)].length < strays;
  }

  // ── all of the state ───────────────────────────────────────────────────────────────────────────────────────────

  private async walk(): Promise<void> {
    const sinceMs = this.deps.time.monotonicMs() - this.walkedMs;
    const isDue = this.owesWalk
      ? sinceMs >= this.deps.tuning.walkPauseMs
      : this.beyond && this.retained.hasRoom && sinceMs >= this.deps.tuning.refillMs;
    if (this.isWalking || this.isOver || !isDue) return;
    this.isWalking = true;
    this.owesWalk = false;
    this.beyondInWalk = false;
    this.uncarriedInWalk = 0;
    this.walks++;
    this.deps.figures.walks++;
    try {
      await this.compare();
    } catch {
      this.owesWalk = true;
    }
    this.isWalking = false;
    this.walkedMs = this.deps.time.monotonicMs();
  }

  private async compare(): Promise<void> {
    const walk = this.walks;
    for (const prefix of this.deps.covered.prefixes) await this.compareBelow(prefix, walk);
    for (const name of this.retained.passedOverBy(walk)) {
      await this.publisher.calm();
      if (this.isOver) return;
      if (walk === 1) this.strays++;
      this.publisher.changed(name);
    }
    this.beyond = this.beyondInWalk;
    this.uncarriedKeys = this.uncarriedInWalk;
    this.whole = true;
  }

  private async compareBelow(prefix: string, walk: number): Promise<void> {
    let looked = 0;
    for await (const line of this.deps.engine.scan({ kind: 'list', prefix })) {
      if (line === undefined || ++looked % this.deps.tuning.looksPerTurn === 0) await this.turn();
      if (line !== undefined && this.differs(line, walk)) await this.name(line.key);
      if (this.isOver) return;
    }
  }

  private async name(key: string): Promise<void> {
    await this.publisher.calm();
    const name = this.deps.nameOf(key);
    if (name !== undefined && !this.isOver) this.publisher.changed(name);
  }

  private differs({ key, value }: Row, walk: number): boolean {
    const { retained, deps } = this;
    const name = deps.nameOf(key);
    if (name === undefined) {
      this.uncarriedInWalk++;
      return false;
    }
    retained.mark(name, walk);
    const print = retained.printOf(name);
    if (print === NO_PAYLOAD && value !== '' && !retained.fits(name, Buffer.byteLength(value))) {
      this.beyond = this.beyondInWalk = true;
      return false;
    }
    if (print === NO_PAYLOAD && value !== '' && walk === 1) this.untold++;
    return print === undefined || print !== fingerprintOf(value);
  }

  private turn(): Promise<void> {
    return new Promise((resolve) => {
      this.deps.time.atEndOfTurn(resolve);
    });
  }
}
