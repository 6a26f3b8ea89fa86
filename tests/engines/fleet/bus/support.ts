import type { MqttClient } from 'mqtt';
import type { Origin } from '../../../../src/core/dot.js';
import type { Batch, InsertMutation } from '../../../../src/core/mutation.js';
import type {
  BatchMessage,
  BusListener,
  Message,
  PresenceMessage,
  PresenceState,
} from '../../../../src/ports/bus.js';
import type { Logger } from '../../../../src/ports/logger.js';
import type { BrokerLink } from '../../../../src/mqtt/broker-link.js';
import { packBatch } from '../../../../src/engines/fleet/bus/encode-messages.js';
import { MqttBus } from '../../../../src/engines/fleet/bus/mqtt-bus.js';
import type { BrokerSource } from '../../../../src/mqtt/broker-source.js';
import type { SealOptions } from '../../../../src/engines/fleet/bus/seal/sealer.js';
import { eventually } from '../../../support/eventually.js';
import { realRandom, realTime } from '../../../support/real-time.js';

/** A log that a test can read. */
export class LogRecorder implements Logger {
  readonly lines: { readonly level: string; readonly fields: object; readonly message: string }[] = [];
  debug = (fields: object, message: string): void => this.add('debug', fields, message);
  info = (fields: object, message: string): void => this.add('info', fields, message);
  warn = (fields: object, message: string): void => this.add('warn', fields, message);
  error = (fields: object, message: string): void => this.add('error', fields, message);

  private add(level: string, fields: object, message: string): void {
    this.lines.push({ level, fields, message });
  }

  messages(): string[] {
    return this.lines.map(({ message }) => message);
  }
}

const INTRODUCTION = 'apresentação ';

/** Remembers everything that a bus delivers; what {@link acquaint} has sent, apart from the rest. */
export class Recorder implements BusListener {
  readonly messages: Message[] = [];
  readonly introductions = new Set<string>();
  rounds = 0;
  connects = 0;
  disconnects = 0;

  onMessage(message: Message): 'noted' {
    if (message.type === 'presence' && message.address.startsWith(INTRODUCTION))
      this.introductions.add(`${message.origin} ${message.address}`);
    else this.messages.push(message);
    return 'noted';
  }
  onConnected(): void {
    this.connects++;
  }
  onDisconnected(): void {
    this.disconnects++;
  }
}

export interface Member {
  readonly origin: Origin;
  readonly fleet: string;
  readonly bus: MqttBus;
  readonly seen: Recorder;
  readonly log: LogRecorder;
}

/** A bus that has been started, with what it says. */
export function startMember(
  origin: Origin,
  brokers: BrokerSource,
  fleet = 'frota',
  seal?: SealOptions,
): Member {
  const log = new LogRecorder();
  const seen = new Recorder();
  const ports = { time: realTime, random: realRandom, logger: log };
  const bus = new MqttBus({ fleet, origin, brokers, seal, ...ports });
  bus.start(seen);
  return { origin, fleet, bus, seen, log };
}

/** A presence that says nothing beyond its origin. */
export function presenceOf(origin: Origin, state: PresenceState = 'serving'): PresenceMessage {
  const blank = { address: '', wallMs: 0, vectorDigest: '', storeHash: '', recent: [] };
  return { type: 'presence', origin, state, ...blank };
}

/** Whether this is what says that a server has left. */
export function isLeaveOf(origin: Origin): (message: Message) => boolean {
  return (m) => m.type === 'presence' && m.state === 'leaving' && m.origin === origin;
}

/** Breaks the connection of a bus as a network does: without leave, so that the broker publishes its will. */
export function cutConnection({ bus }: Member): void {
  const link = Reflect.get(bus, 'link') as BrokerLink;
  const client = Reflect.get(link.connection ?? {}, 'client') as MqttClient | undefined;
  client?.stream.destroy();
}

/**
 * Waits until servers with a fleet key have shown each other that they live, as presences make them do, and until
 * nothing of that is under way any more: the second round comes after every challenge, the third after every answer.
 */
export async function acquaint(members: readonly Member[]): Promise<void> {
  const round = (members[0]?.seen.rounds ?? 0) + 1;
  for (let next = round; next < round + 3; next++) {
    const address = `${INTRODUCTION}${next}`;
    for (const { bus, origin, seen } of members) {
      seen.rounds = next;
      await publish(bus, { ...presenceOf(origin), address });
    }
    const all = members.map(({ origin }) => `${origin} ${address}`);
    await eventually('all know each other', () =>
      members.every(({ seen }) => all.every((introduction) => seen.introductions.has(introduction))),
    );
  }
}

/** Publishes and waits for the outcome. */
export async function publish(bus: MqttBus, message: Message): Promise<boolean> {
  return new Promise((resolve) => {
    bus.publish(message, resolve);
  });
}

export function insert(key: string, value: string, version = 1): InsertMutation {
  return { kind: 'insert', key, value, version, timestamp: 1_700_000_000_000, context: [] };
}

/** The message of a batch in the fleet of these tests. */
export function batchMessage(made: Batch, fleet = 'frota'): BatchMessage {
  return { type: 'batch', batch: made, packed: packBatch(fleet, made) };
}

export function batch(origin: Origin, first: number, ...mutations: Batch['mutations']): Message {
  return batchMessage({ origin, first, dependencies: [], mutations });
}

/** One message of each kind, and of each outcome, from one server to another. */
export function oneOfEach(from: Origin, to: Origin): Message[] {
  const history: Batch = {
    origin: 'o3',
    first: 7,
    dependencies: [['o2', 5]],
    mutations: [
      { ...insert('nome', 'José "Zé" 🙂\u0000\n', 3), context: [['o2', 4]] },
      { kind: 'removeObserved', key: '__proto__', observed: [['__proto__', 9]], keep: undefined },
      { kind: 'removeObserved', key: 'nome', observed: [['o2', 4]], keep: { origin: 'o2', seq: 4 } },
      { kind: 'removeDots', key: 'a!b', version: 2, dots: [{ origin: 'o2', seq: 3 }] },
    ],
  };
  const after = { version: 1, timestamp: 1_700_000_000_000, origin: 'o2', seq: 4 };
  const head = { from, to, id: 12 };
  return [
    batchMessage({ ...history, origin: from }),
    {
      type: 'presence',
      origin: from,
      address: '127.0.0.1:40000',
      state: 'serving',
      wallMs: 1_700_000_000_000,
      vectorDigest: '00ff00ff00ff00ff',
      storeHash: 'abcdef0123456789',
      recent: [['__proto__', 3]],
    },
    { type: 'logRequest', ...head, vector: [['o2', 5]] },
    { type: 'logReply', ...head, outcome: 'batches', batches: [history], more: true },
    { type: 'logReply', ...head, outcome: 'stateNeeded', batches: [], more: false },
    { type: 'stateRequest', ...head, page: undefined },
    {
      type: 'stateRequest',
      ...head,
      page: { cursor: { slot: 4, after }, logPosition: 8, parts: 'f0'.repeat(128) },
    },
    {
      type: 'stateReply',
      ...head,
      body: {
        outcome: 'opening',
        vector: [['o2', 5]],
        logPosition: 8,
        partHashes: ['0000000000000000', 'abcdef0123456789'],
        floors: [{ part: 7, version: 3, timestamp: 1_700_000_000_000, paceMs: 1_700_000_018_750 }],
        fleetMs: 1_700_000_000_001,
        cursor: { slot: 0, after: undefined },
      },
    },
    {
      type: 'stateReply',
      ...head,
      body: {
        outcome: 'page',
        batches: [history],
        logPosition: 9,
        keys: [
          {
            key: 'constructor',
            greatestVersion: 5,
            greatestTimestamp: 1_700_000_000_005,
            after,
            entries: [
              { ...after, value: 'velho', superseded: true, context: [] },
              { ...after, version: 2, seq: 5, value: 'novo', superseded: false, context: [['o3', 1]] },
            ],
          },
          { key: '', greatestVersion: 1, greatestTimestamp: 0, after: undefined, entries: [] },
        ],
        cursor: undefined,
        progress: 0.5,
      },
    },
    { type: 'stateReply', ...head, body: { outcome: 'lost' } },
    { type: 'confirm', from, to, seq: 9 },
    {
      type: 'presence',
      origin: from,
      address: '127.0.0.1:40000',
      state: 'serving',
      wallMs: 1_700_000_000_000,
      vectorDigest: '00ff00ff00ff00ff',
      storeHash: 'abcdef0123456789',
      recent: [['__proto__', 3]],
      awaits: 3,
    },
    {
      type: 'presence',
      origin: from,
      address: '127.0.0.1:40000',
      state: 'serving',
      wallMs: 1_700_000_000_000,
      vectorDigest: '00ff00ff00ff00ff',
      storeHash: 'abcdef0123456789',
      recent: [['__proto__', 3]],
      number: 7,
    },
    { type: 'clockRequest', ...head },
    { type: 'clockReply', ...head, wallMs: 1_700_000_000_000 },
  ];
}
