import type { IncomingMessage, OutgoingMessage, Topics, TopicsListener } from '../../src/ports/topics.js';
import type { StoppableTime } from './mirror-world.js';
import type { SeededRandom } from './sim-random.js';
import type { World } from './sim-time.js';

/** A message as the broker took it. */
export interface TakenMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  /** Who published it; `undefined`: a stranger. */
  readonly by: string | undefined;
  readonly user: Readonly<Record<string, string>> | undefined;
}

/** How much of what it retains the broker tells a new subscriber, more than there are keys: it drops the rest. */
export const TOLD = 100;

/** What brokers differ in. */
export interface BrokerKind {
  readonly protocol: 4 | 5;
  /** Whether PUBACK is sent before the message goes to subscribers. */
  readonly acknowledgesFirst: boolean;
  /** Whether the connection is cut for this topic. */
  readonly cutsFor: (topic: string) => boolean;
}

/** A broker within the simulation: retained messages, connections that break, latency, order within a connection. */
export class MirrorBroker {
  readonly retained = new Map<string, string>();
  /** Everything that it took, in order. */
  onTaken: (message: TakenMessage) => void = () => undefined;
  isUp = true;
  private readonly lines = new Set<Line>();

  constructor(
    readonly world: World,
    readonly random: SeededRandom,
    readonly kind: BrokerKind,
  ) {}

  /** Retains the values of a fleet that is gone: more than it tells. */
  retainOld(start: string): void {
    for (let i = 0; i < 2 * TOLD; i++) this.retained.set(`${start}velha${i}`, 'x');
  }

  /** Ends every connection. */
  stop(forgets: boolean): void {
    this.isUp = false;
    for (const line of this.lines) line.break();
    if (forgets) this.retained.clear();
  }

  start(): void {
    this.isUp = true;
  }

  join(line: Line): void {
    // A client of the same name takes the place of the one before.
    for (const other of this.lines) if (other.name === line.name) other.break();
    this.lines.add(line);
  }

  leave(line: Line): void {
    this.lines.delete(line);
  }

  take(message: TakenMessage, from?: Line): void {
    const { topic, payload, retain } = message;
    if (retain && payload === '') this.retained.delete(topic);
    else if (retain) this.retained.set(topic, payload);
    this.onTaken(message);
    for (const line of this.lines) {
      if (line !== from || this.kind.protocol === 4)
        line.down({ topic, payload: Buffer.from(payload), retained: false });
    }
  }
}

/** One connection, from the attempt to its end. */
class Line {
  isOpen = true;
  private upAtMs = 0;
  private downAtMs = 0;
  /** What was sent is held up on its way, as by a relay that has stopped. */
  private held: (() => void)[] | undefined;

  constructor(
    readonly name: string,
    readonly broker: MirrorBroker,
    private readonly time: StoppableTime,
    private readonly topics: SimTopics,
  ) {}

  /** What happens at the broker once it gets there. */
  up(call: () => void): void {
    const { world, random } = this.broker;
    this.upAtMs = Math.max(world.nowMs + random.between(0.2, 4), this.upAtMs);
    world.at(this.upAtMs, () => {
      if (this.held !== undefined) this.held.push(call);
      else if (this.isOpen) call();
    });
  }

  hold(): void {
    this.held ??= [];
  }

  release(): void {
    const { held } = this;
    this.held = undefined;
    for (const call of held ?? []) if (this.isOpen) call();
  }

  down(message: IncomingMessage): void {
    this.later(() => {
      this.topics.hears(this, message);
    });
  }

  later(call: () => void): void {
    const { world, random } = this.broker;
    this.downAtMs = Math.max(world.nowMs + random.between(0.2, 4), this.downAtMs);
    world.at(this.downAtMs, () => {
      if (this.isOpen) this.time.turn(call);
    });
  }

  break(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.broker.leave(this);
    this.time.turn(() => {
      this.topics.lost(this);
    });
  }
}

/** A server's connection of its own. */
export class SimTopics implements Topics {
  /** Of all connections of the simulation: publishes that were handed over and not settled, by topic. */
  readonly open = new Map<string, number>();
  mostOpen = 0;
  mostOpenOfOneTopic = 0;
  private listener: TopicsListener | undefined;
  private line: Line | undefined;
  private isUp = false;
  private settling = new Set<(taken: boolean) => void>();
  private isStopped = false;

  constructor(
    private readonly name: string,
    private readonly by: string,
    private readonly broker: MirrorBroker,
    private readonly time: StoppableTime,
    private readonly filters: (topic: string) => boolean,
    private readonly isReachable: () => boolean,
  ) {}

  get connected(): boolean {
    return this.isUp;
  }

  get protocol(): 4 | 5 | undefined {
    return this.isUp ? this.broker.kind.protocol : undefined;
  }

  start(listener: TopicsListener): void {
    this.listener = listener;
    this.connect();
  }

  stop(): Promise<void> {
    this.listener = undefined;
    this.isStopped = true;
    this.line?.break();
    this.loseAll();
    return Promise.resolve();
  }

  publish(message: OutgoingMessage, settled: (taken: boolean) => void): void {
    const { line, broker, time } = this;
    if (line === undefined || !this.isUp) {
      time.atEndOfTurn(() => {
        settled(false);
      });
      return;
    }
    const { topic, payload, retain = false, properties } = message;
    this.count(topic, 1);
    const settle = (taken: boolean): void => {
      if (!this.settling.delete(settle)) return;
      this.count(topic, -1);
      settled(taken);
    };
    this.settling.add(settle);
    const acknowledge = (): void => {
      line.later(() => {
        settle(true);
      });
    };
    line.up(() => {
      if (broker.kind.cutsFor(topic)) {
        line.break();
        return;
      }
      if (broker.kind.acknowledgesFirst) acknowledge();
      const taken = { topic, payload: payload.toString(), retain, by: this.by, user: properties?.user };
      broker.take(taken, line);
      if (!broker.kind.acknowledgesFirst) acknowledge();
    });
  }

  /** Pulls the cable. */
  cut(): void {
    this.line?.break();
  }

  hold(): void {
    this.line?.hold();
  }

  release(): void {
    this.line?.release();
  }

  hears(line: Line, message: IncomingMessage): void {
    if (line === this.line && this.filters(message.topic)) this.listener?.onMessage(message);
  }

  lost(line: Line): void {
    if (line !== this.line) return;
    const wasUp = this.isUp;
    this.line = undefined;
    this.isUp = false;
    this.loseAll();
    if (wasUp) this.listener?.onDisconnected();
    this.connectLater();
  }

  private loseAll(): void {
    for (const settle of [...this.settling]) settle(false);
  }

  private connectLater(): void {
    this.time.after(this.broker.random.between(50, 400), () => {
      this.connect();
    });
  }

  private connect(): void {
    const { broker } = this;
    if (this.isStopped || this.line !== undefined) return;
    if (!broker.isUp || !this.isReachable()) {
      this.connectLater();
      return;
    }
    const line = new Line(this.name, broker, this.time, this);
    this.line = line;
    broker.join(line);
    line.up(() => {
      line.later(() => {
        this.isUp = true;
        this.listener?.onConnected();
      });
      for (const [topic, payload] of [...broker.retained].slice(0, TOLD)) {
        line.down({ topic, payload: Buffer.from(payload), retained: true });
      }
    });
  }

  private count(topic: string, by: number): void {
    const now = (this.open.get(topic) ?? 0) + by;
    if (now === 0) this.open.delete(topic);
    else this.open.set(topic, now);
    this.mostOpen = Math.max(this.mostOpen, this.settling.size);
    this.mostOpenOfOneTopic = Math.max(this.mostOpenOfOneTopic, now);
  }
}
