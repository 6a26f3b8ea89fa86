import { describe, expect, it } from 'vitest';
import type { ClockRequest, Message, PresenceMessage } from '../../../../src/ports/bus.js';
import { Clocks } from '../../../../src/engines/fleet/replication/clocks.js';
import { replicationLimits } from '../../../../src/engines/fleet/replication/limits.js';
import { Peers } from '../../../../src/engines/fleet/replication/peers.js';
import { defaultFleetTuning } from '../../../../src/engines/fleet/replication/tuning.js';
import { LogRecorder } from '../bus/support.js';
import { HandTime, HeldBus } from './support.js';

const HOUR_MS = 3_600_000;

class ClockBus extends HeldBus {
  readonly questions: ClockRequest[] = [];

  constructor(readonly isSealed: boolean) {
    super();
  }

  override publish(message: Message): void {
    if (message.type === 'clockRequest') this.questions.push(message);
  }
}

class Stand {
  readonly time = new HandTime();
  readonly peers = new Peers('own', this.time, defaultFleetTuning);
  readonly told: boolean[] = [];
  readonly bus: ClockBus;
  readonly clocks: Clocks;
  private number = 0;

  constructor(isSealed = true) {
    this.bus = new ClockBus(isSealed);
    this.clocks = new Clocks({
      ...{ self: 'own', peers: this.peers, bus: this.bus, time: this.time },
      ...{ logger: new LogRecorder(), tuning: defaultFleetTuning, onAhead: (ahead) => this.told.push(ahead) },
    });
  }

  /** A presence whose clock shows `aheadMs` more than the true time, which is the monotonic one. */
  announce(origin: string, aheadMs: number, numbered = true): void {
    const presence: PresenceMessage = {
      ...{ type: 'presence', origin, address: '', state: 'serving', vectorDigest: '', storeHash: '' },
      ...{ recent: [], wallMs: this.time.nowMs + aheadMs, ...(numbered ? { number: ++this.number } : {}) },
    };
    this.peers.note(presence);
    const peer = this.peers.get(origin);
    if (peer) this.clocks.noted(peer);
  }

  /** Answers the question asked last. */
  reply(aheadMs: number, more: object = {}): void {
    const { to, id } = this.bus.questions.at(-1) as ClockRequest;
    this.clocks.onReply({
      ...{ type: 'clockReply', from: to, to: 'own', id, wallMs: this.time.nowMs + aheadMs },
      ...more,
    });
  }

  pass(ms: number): void {
    this.time.nowMs += ms;
  }

  get leadS(): number {
    return Math.round(this.clocks.leadMs / 1000);
  }
}

describe('Clocks', () => {
  it('asks nobody and leads nobody while some clock is near, or ahead', () => {
    const stand = new Stand();
    stand.announce('a', 0);
    stand.announce('b', 20 * HOUR_MS);
    stand.time.wallAheadMs = 59_000;
    stand.announce('a', 0);
    expect([stand.clocks.leadMs, stand.bus.questions]).toEqual([0, []]);
  });

  it.each([true, false])('believes no presence that may have been delayed (fleet key: %s)', (isSealed) => {
    const stand = new Stand(isSealed);
    stand.announce('a', -63_000);
    expect([stand.leadS, stand.bus.questions.length]).toEqual([0, 1]);
    stand.pass(5);
    stand.reply(0);
    expect([stand.leadS, stand.told]).toEqual([0, []]);
    // Said again for as long as anybody likes.
    for (let i = 0; i < 100; i++) {
      stand.pass(100);
      stand.announce('a', -63_000);
    }
    // One question at a time, given up only after its own time.
    expect(stand.bus.questions.length).toBeLessThan(8);
    expect(stand.leadS).toBe(0);
  });

  it('leads by its distance to the nearest clock of those who have answered', () => {
    const stand = new Stand();
    stand.time.wallAheadMs = HOUR_MS;
    stand.announce('a', 0);
    stand.reply(0);
    expect([stand.leadS, stand.told]).toEqual([3_600, [true]]);
    // Somebody who is asked and has not answered may have another clock.
    stand.announce('b', 600_000);
    expect(stand.leadS).toBe(0);
    stand.reply(600_000);
    expect(stand.leadS).toBe(3_000);
    stand.announce('c', HOUR_MS - 1_000);
    // One that is within the limit is enough, and nothing is computed any more.
    expect(stand.leadS).toBe(0);
  });

  it('takes the whole time from its question to the answer off its lead, and no answer to another question', () => {
    const stand = new Stand();
    stand.time.wallAheadMs = 61_000;
    stand.announce('a', 0);
    stand.reply(0, { id: 9 });
    stand.reply(0, { from: 'b' });
    expect(stand.clocks.leadMs).toBe(0);
    stand.pass(800);
    stand.reply(0);
    expect(stand.clocks.leadMs).toBe(60_200);
    // Twice is once.
    stand.pass(200);
    stand.reply(20 * HOUR_MS);
    expect(stand.clocks.leadMs).toBe(60_200);
    stand.announce('a', 0);
    stand.pass(defaultFleetTuning.requestTimeoutMs + 1);
    stand.reply(0);
    expect(stand.clocks.leadMs).toBe(60_200);
  });

  it('is over as soon as the clock is set right, or nobody is heard of, without another word of anybody', () => {
    const stand = new Stand();
    stand.time.wallAheadMs = HOUR_MS;
    stand.announce('a', 0);
    stand.reply(0);
    stand.time.wallAheadMs = 0;
    expect(stand.leadS).toBe(0);
    stand.time.wallAheadMs = HOUR_MS;
    stand.announce('a', 0);
    expect(stand.leadS).toBe(3_600);
    stand.pass(defaultFleetTuning.peerSilentMs + 1);
    expect(stand.leadS).toBe(0);
  });

  it('believes a server of before, which cannot be asked, only where anybody may speak in its name', () => {
    for (const [isSealed, lead] of [
      [true, 0],
      [false, 3_600],
    ] as const) {
      const stand = new Stand(isSealed);
      stand.time.wallAheadMs = HOUR_MS;
      stand.announce('velho', 0, false);
      expect([stand.leadS, stand.bus.questions]).toEqual([lead, []]);
      stand.announce('a', 0);
      stand.reply(0);
      expect(stand.leadS).toBe(3_600);
    }
  });

  it('asks no more than so many at once', () => {
    const stand = new Stand();
    stand.time.wallAheadMs = HOUR_MS;
    for (let i = 0; i < 2 * replicationLimits.clockQuestions; i++) stand.announce(`p${i}`, 0);
    expect(stand.bus.questions).toHaveLength(replicationLimits.clockQuestions);
  });
});
