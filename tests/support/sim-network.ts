import type { Origin } from '../../src/core/dot.js';
import type { Bus } from '../../src/ports/bus.js';
import type { SeededRandom } from './sim-random.js';
import type { ServerTime, World } from './sim-time.js';

/** How badly messages travel. */
export interface Weather {
  /** Greatest loss on a link; each link draws its own. */
  readonly lossMax: number;
  readonly duplication: number;
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  /** Whether messages of one link may overtake each other. */
  readonly reorders: boolean;
}

export const CALM: Weather = {
  lossMax: 0,
  duplication: 0,
  delayMinMs: 1,
  delayMaxMs: 5,
  reorders: false,
};

/** A server's bus, and the hand that cuts its connection. */
export interface SimConnected extends Bus {
  readonly origin: Origin;
  /** The broker is within reach again. */
  connectSoon(): void;
  /** The connection breaks. */
  disconnect(): void;
}

/** A broker and its links: they lose, repeat, reorder, split the fleet, and acknowledge what they lose. */
export abstract class SimNetwork<B extends SimConnected = SimConnected> {
  weather: Weather = CALM;
  protected readonly buses = new Map<Origin, B>();
  private readonly groups = new Map<Origin, number>();
  private losses = new Map<string, number>();
  private readonly lastAt = new Map<string, number>();
  /** The broker is down: nobody is connected. */
  down = false;
  /** How long the broker takes to acknowledge, at most. */
  acknowledgeMaxMs = 5;

  constructor(
    readonly world: World,
    readonly random: SeededRandom,
  ) {}

  /** The bus of a server that starts. */
  abstract open(origin: Origin, time: ServerTime): B;

  attach(bus: B): void {
    this.buses.set(bus.origin, bus);
  }

  detach(bus: B): void {
    this.buses.delete(bus.origin);
  }

  changeWeather(weather: Weather): void {
    this.weather = weather;
    this.losses = new Map();
  }

  /** Splits the fleet: only servers of one group hear each other. */
  split(groups: number): void {
    for (const origin of this.buses.keys()) this.groups.set(origin, this.random.int(0, groups - 1));
  }

  merge(): void {
    this.groups.clear();
  }

  setDown(down: boolean): void {
    this.down = down;
    for (const bus of [...this.buses.values()])
      if (down) bus.disconnect();
      else bus.connectSoon();
  }

  /** Carries something from one server to another: once, twice, late, or never. */
  protected travel(from: Origin, to: Origin, arrive: () => void): void {
    const copies = this.random.chance(this.weather.duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.random.chance(this.lossOf(from, to))) continue;
      this.world.at(this.arrival(from, to), () => {
        if (this.groupOf(from) === this.groupOf(to)) arrive();
      });
    }
  }

  private groupOf(origin: Origin): number {
    return this.groups.get(origin) ?? 0;
  }

  private lossOf(from: Origin, to: Origin): number {
    const link = `${from} ${to}`;
    const known = this.losses.get(link) ?? this.random.between(0, this.weather.lossMax);
    this.losses.set(link, known);
    return known;
  }

  private arrival(from: Origin, to: Origin): number {
    const { delayMinMs, delayMaxMs, reorders } = this.weather;
    const at = this.world.nowMs + this.random.between(delayMinMs, delayMaxMs);
    if (reorders) return at;
    const link = `${from} ${to}`;
    const inOrder = Math.max(at, this.lastAt.get(link) ?? 0);
    this.lastAt.set(link, inOrder);
    return inOrder;
  }
}
