import { DEMANDS } from '../../call/call.js';
import type { Credentials } from '../../call/call.js';
import { serveOne } from '../../call/one.js';
import type { CallSeam } from '../../call/seam.js';
import { SoleServer } from '../../call/sole-server.js';
import type { KnownNames } from '../../call/lines/line-json.js';
import { KvsError } from '../../core/errors.js';
import type { ChangeListener } from '../../ports/changes.js';
import type { Logger } from '../../ports/logger.js';
import type { IncomingMessage, Topics } from '../../ports/topics.js';
import { Asker } from './asker.js';
import type { AskedQuestion } from './asker.js';
import { CallQueue, untilDone } from './call-queue.js';
import type { QueuedCall } from './call-queue.js';
import { EarlyQuestions } from './early-questions.js';
import { HeldWrites } from './held-writes.js';
import type { HeldWrite } from './held-writes.js';
import type { Mirror } from './mirror.js';
import { Outgoing } from './outgoing.js';
import { Refusals } from './refusals.js';
import { topicCall } from './topic-call.js';
import { FleetTopics, PARTS } from './topic-names.js';
import { readWrite, sizeOf, WRITING } from './writes.js';
import type { TopicWrite } from './writes.js';

interface MqttDoorOptions {
  /** The name under which its topics are: `kvs/<fleet>/…`. */
  readonly fleet: string;
  /** Subscribed to {@link doorFilters}. */
  readonly topics: Topics;
  /** Whether this server should be the one that acts, as far as it sees now. */
  readonly leads: () => boolean;
  /** Whether this server has seen all known changes of the others; absent: there are none. */
  readonly upToDate?: (() => boolean) | undefined;
  /** Whether this server knows others with this door; absent: there are none. */
  readonly hasOthers?: (() => boolean) | undefined;
  /** Names servers in answers. */
  readonly servers: KnownNames;
  /** Shows the values while this server acts; absent: no value is shown. */
  readonly mirror?: Pick<Mirror, 'begin' | 'end'> | undefined;
  /** The seam that messages share with the calls of the other doors. */
  readonly seam: CallSeam;
  readonly logger: Logger;
}

/** What every server with this door subscribes to. Retained messages are never carried out, and not even wanted. */
export function doorFilters(
  fleet: string,
): readonly { readonly filter: string; readonly qos: 2; readonly withoutRetained: true }[] {
  const topics = new FleetTopics(fleet);
  const filters = [
    topics.below(PARTS.write),
    topics.below(PARTS.remove),
    topics.of(PARTS.question),
    `${topics.of(PARTS.question)}/+/+`,
  ];
  return filters.map((filter) => ({ filter, qos: 2, withoutRetained: true }));
}

/** A call in the queue. A write on a topic can be given back, to be done by another server; who asks, asks again. */
interface QueuedMessage extends QueuedCall {
  readonly held?: HeldWrite;
}

/** The broker grants topics by key. */
const WRITER: Credentials = Object.freeze({ kind: 'broker' });

const NOBODY: Credentials = Object.freeze({
  kind: 'none',
  hint: 'peça em pede/<seu usuário>/<pedido>: aqui não se sabe quem pede',
});

/**
 * The door of MQTT: messages on a fleet's topics are calls. Every server with this door listens, and one acts; the
 * others remember what it is to do, so that one of them can go on where it stops.
 */
export class MqttDoor implements ChangeListener {
  private readonly names: FleetTopics;
  private readonly role: SoleServer;
  private readonly held = new HeldWrites();
  private readonly early = new EarlyQuestions<AskedQuestion>();
  private readonly queue: CallQueue<QueuedMessage>;
  private readonly outgoing: Outgoing;
  private readonly refusals: Refusals;
  private readonly asker: Asker;
  /** When another server with this door was last known, by the wall clock. */
  private othersSeenMs = 0;

  constructor(private readonly options: MqttDoorOptions) {
    const { fleet, topics, leads, upToDate, hasOthers, servers, seam, logger } = options;
    const { time } = seam;
    this.names = new FleetTopics(fleet);
    this.queue = new CallQueue(seam.engine.capabilities.pipelined === true);
    this.outgoing = new Outgoing(topics, time, logger);
    this.refusals = new Refusals(this.names, this.outgoing, time, logger);
    this.asker = new Asker({
      ...{ names: this.names, seam, servers, outgoing: this.outgoing, refusals: this.refusals },
      acts: () => this.role.acts,
      credentialsOf: (client) => (client === undefined ? NOBODY : { kind: 'user', name: client }),
    });
    this.role = new SoleServer({
      ...{ isConnected: () => topics.connected, leads, upToDate, time },
      onBegin: (leadingMs) => {
        this.begin(leadingMs);
      },
      onEnd: () => {
        this.end();
      },
      onLook: (nowMs) => {
        if (hasOthers?.() === true) this.othersSeenMs = time.wallMs();
        if (!this.role.acts) this.held.forgetUntil(nowMs);
      },
    });
  }

  /** Whether this server is the one that acts, beyond doubt. */
  get acts(): boolean {
    return this.role.acts;
  }

  start(): void {
    this.options.topics.start({
      onMessage: (message) => {
        this.onMessage(message);
      },
      onConnected: () => {
        this.role.look();
      },
      onDisconnected: () => {
        this.role.look();
      },
    });
    this.role.look();
  }

  async stop(): Promise<void> {
    this.role.stop();
    await Promise.all([this.options.mirror?.end(), this.options.topics.stop()]);
  }

  // ── what others have done ──────────────────────────────────────────────────────────────────────────────────────

  inserted(key: string, value: string): void {
    if (!this.role.acts) this.held.changed(key, value, this.nowMs);
  }

  removed(key: string): void {
    if (!this.role.acts) this.held.changed(key, undefined, this.nowMs);
  }

  replaced(): void {
    this.held.clear();
  }

  // ── who acts ───────────────────────────────────────────────────────────────────────────────────────────────────

  private begin(leadingMs: number): void {
    const wallMs = this.options.seam.time.wallMs();
    // One that this server knew may have acted until just now; one that it never heard of is long gone.
    const hadOthers = this.options.hasOthers?.() === true || this.othersSeenMs > wallMs - leadingMs;
    this.asker.begin(hadOthers ? wallMs : wallMs - leadingMs);
    const early = this.early.takeSince(hadOthers ? Infinity : this.nowMs - leadingMs);
    const waiting = this.held.take();
    this.options.logger.info({ recebidas: waiting.length }, 'MQTT: este servidor grava e responde');
    for (const { write, atMs } of waiting) this.accept(write, atMs);
    for (const question of early) this.ask(question);
    this.options.mirror?.begin();
  }

  /** What has not begun is kept for the next one: a server that has heard the same, or this one again. */
  private end(): void {
    this.options.logger.info({}, 'MQTT: outro servidor passa a gravar e responder, ou não há broker');
    for (const { held } of this.queue.takeWaiting()) {
      if (held !== undefined) this.held.hold(held.write, this.nowMs, held.atMs);
    }
    void this.options.mirror?.end();
  }

  // ── messages ───────────────────────────────────────────────────────────────────────────────────────────────────

  private onMessage(message: IncomingMessage): void {
    // It was not published now, and perhaps carried out long ago.
    if (message.retained) return;
    // After a sleep messages come before timers: whose turn it is has to be seen first.
    if (this.role.hasSlept) this.role.look();
    const read = readWrite(this.names, message);
    if (read === undefined) {
      this.onQuestion(message);
      return;
    }
    if (read.write === undefined) return;
    if (read.write instanceof KvsError) {
      if (this.role.acts) void this.serve(read.part, read.rest, read.write, undefined);
    } else if (this.role.acts) this.accept(read.write, this.nowMs);
    else this.held.hold(read.write, this.nowMs);
  }

  private onQuestion(message: IncomingMessage): void {
    if (!this.role.acts && this.isAlone) this.role.look();
    const { acts } = this.role;
    if (!acts && !this.isAlone) return;
    const asked = this.asker.take(message);
    if (asked === undefined) return;
    if (acts) this.ask(asked);
    else this.early.hold(asked, this.nowMs);
  }

  private ask(asked: AskedQuestion): void {
    if (!this.queue.add(asked)) asked.refuse();
  }

  /** Whether this server is about to act, and no other one can have since, as far as it knows. */
  private get isAlone(): boolean {
    const { leads, hasOthers } = this.options;
    return leads() && hasOthers?.() !== true;
  }

  private accept(write: TopicWrite, atMs: number): void {
    const { part, rest } = placeOf(write, this.names);
    const isTaken = this.queue.add({
      ...{ held: { write, atMs }, key: write.key, size: sizeOf(write) },
      run: () => {
        if (this.role.acts) return this.serve(part, rest, write, this.ttlLeft(write, atMs));
        this.held.hold(write, this.nowMs, atMs);
        return undefined;
      },
    });
    if (isTaken) return;
    const error = new KvsError(
      'LIMITE_FILA',
      'mensagens demais esperam a vez neste servidor; repita mais devagar',
    );
    void this.serve(part, rest, error, undefined);
  }

  /** What is left of a time to live that goes on while a message waits here; 0: it is over. */
  private ttlLeft(write: TopicWrite, atMs: number): number | undefined {
    if (write.kind !== 'insert' || write.ttlSeconds === undefined) return undefined;
    return Math.max(0, write.ttlSeconds - Math.floor((this.nowMs - atMs) / 1000));
  }

  /** Serves a write as a call. */
  private serve(
    part: string,
    rest: string,
    write: TopicWrite | KvsError,
    ttlSeconds: number | undefined,
  ): Promise<void> | undefined {
    if (ttlSeconds === 0) return undefined;
    const { seam } = this.options;
    const demands = ttlSeconds === undefined ? undefined : { [DEMANDS.ttl]: String(ttlSeconds) };
    const call = topicCall({ operation: part, credentials: WRITER, demands, time: seam.time });
    return untilDone((done) => {
      serveOne(seam, call, write, WRITING, {
        answer: done,
        fail: (error) => {
          this.refusals.tell(part, `${this.names.of(PARTS.refusal)}/${rest}`, rest, error);
          done();
        },
      });
    });
  }

  private get nowMs(): number {
    return this.options.seam.time.monotonicMs();
  }
}

function placeOf(
  { kind, key }: TopicWrite,
  names: FleetTopics,
): { readonly part: 'grava' | 'remove'; readonly rest: string } {
  const part = kind === 'insert' ? PARTS.write : PARTS.remove;
  const topic = names.ofKey(part, key);
  return { part, rest: (topic && names.rest(part, topic)) ?? '' };
}
