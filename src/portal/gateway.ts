import type { Call } from '../call/call.js';
import { serveOne } from '../call/one.js';
import { neverAnswered } from '../call/operation.js';
import type { Decoded, DoorOperation } from '../call/operation.js';
import type { CallSeam } from '../call/seam.js';
import { SoleServer } from '../call/sole-server.js';
import { KvsError } from '../core/errors.js';
import { limits } from '../core/limits.js';
import { portalLimits } from './limits.js';
import type { Logger } from '../ports/logger.js';
import type { Registries, Registry } from '../ports/portal.js';
import type { Time } from '../ports/time.js';
import type { Topics } from '../ports/topics.js';
import { EXCESS_TOPIC, messageOf, parseMessage } from './changes.js';
import type { Change, PortalMessage } from './changes.js';
import { Ledger } from './ledger.js';
import { ALUNO, DISCIPLINA, PROFESSOR } from './records.js';
import type { Kind } from './records.js';
import { RefusalLog } from './refusal-log.js';

/** Messages that the broker has not acknowledged yet. */
const IN_FLIGHT = 32;

export interface GatewayOptions {
  readonly registries: Registries;
  readonly topics: Topics;
  /** Whether this server should be the gateway, as far as it sees now. */
  readonly leads: () => boolean;
  /** Whether this server has seen all known changes of the others: a server becomes the gateway only then. */
  readonly upToDate?: () => boolean;
  readonly time: Time;
  readonly logger: Logger;
  /** Called when this server becomes the gateway. */
  readonly onActive?: () => void;
  /** The seam that messages from outside share with the calls of the doors. */
  readonly seam: CallSeam;
  /**
   * Topics are closed when callers of this server must authenticate but the broker authenticates nobody. Then nothing
   * is published, and the seam refuses every message.
   */
  readonly isClosed?: boolean;
}

/** Why topics are closed, for people. */
const CLOSED = 'os tópicos estão fechados: sem --broker-credenciais o broker não pergunta quem publica';

/**
 * The portal's topics, `portal/admin/#`. Every portal server listens, and one of them, the gateway, acts: it
 * publishes every change accepted anywhere once, and applies the messages of others once. How echoes are told from
 * messages of others, and what a server knows when it takes over, is in ledger.ts.
 */
export class Gateway {
  private readonly ledger = new Ledger();
  private readonly refusals: RefusalLog;
  private readonly applying: DoorOperation<Change, void>;
  private readonly role: SoleServer;
  private inbox: Change[] = [];
  private working = false;
  private outgoing: PortalMessage[] = [];
  /** Messages that the broker did not take, in order. */
  private returned: PortalMessage[] = [];
  private inFlight = 0;

  constructor(private readonly options: GatewayOptions) {
    this.refusals = new RefusalLog(options.time, options.logger);
    this.applying = {
      run: (change) => applyTo(options.registries, change),
      refusal: neverAnswered,
    };
    const { topics, leads, upToDate, time } = options;
    this.role = new SoleServer({
      ...{ isConnected: () => topics.connected, leads, upToDate, time },
      onBegin: () => {
        this.activate();
      },
      onEnd: () => {
        this.deactivate();
      },
      onLook: (nowMs) => {
        if (topics.connected) this.ledger.forgetUntil(nowMs);
        if (this.returned.length > 0) this.outgoing.unshift(...this.returned.splice(0));
        this.pump();
      },
    });
  }

  /** Whether this server is the gateway now, beyond doubt. */
  get acts(): boolean {
    return this.role.acts;
  }

  /** Messages that wait to be applied, and to be published. */
  get queued(): { readonly incoming: number; readonly outgoing: number } {
    return { incoming: this.inbox.length, outgoing: this.outgoing.length + this.returned.length };
  }

  start(): void {
    this.options.topics.start({
      onMessage: ({ topic, payload, retained }) => {
        if (!retained && topic !== EXCESS_TOPIC) this.onMessage(topic, payload);
      },
      onConnected: () => {
        this.ledger.extendTo(this.holdUntil());
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
    await this.options.topics.stop();
  }

  /** A record has changed: here, or on a server whose changes this one sees. */
  onChange(change: Change): void {
    if (this.options.isClosed === true || this.ledger.changed(change)) return;
    if (this.acts) this.show(messageOf(change));
    else this.ledger.expect(messageOf(change), this.holdUntil());
  }

  /**
   * Anything may have changed. Held messages may be among it, applied and perhaps undone since: applying one could
   * bring back what was removed.
   */
  onReplaced(): void {
    this.ledger.forgetHeld();
  }

  /** Publishes a message, as soon as the broker takes it. */
  show(message: PortalMessage): void {
    if (this.options.isClosed === true) return;
    this.outgoing.push(message);
    if (this.outgoing.length > portalLimits.messages) {
      const { topic } = this.outgoing.shift() ?? message;
      this.options.logger.warn(
        { topico: topic },
        'fila do portal cheia: a mensagem mais antiga não será publicada',
      );
    }
    this.pump();
  }

  private onMessage(topic: string, payload: Buffer): void {
    const change = parsed(topic, payload);
    if (this.options.isClosed === true || change instanceof KvsError) {
      if (this.options.isClosed === true || this.acts) void this.serve(topic, change, this.acts);
      return;
    }
    if (this.ledger.consume(messageOf(change))) return;
    if (!this.acts) {
      this.ledger.hold(change, this.holdUntil());
    } else if (this.inbox.length >= portalLimits.messages) {
      this.refusals.report(topic, 'mensagens demais esperam a vez neste servidor');
    } else {
      this.inbox.push(change);
      void this.work();
    }
  }

  // ── who is the gateway ─────────────────────────────────────────────────────────────────────────────────────────

  private activate(): void {
    const waiting = this.ledger.takeHeld();
    const unseen = this.ledger.takeExpected();
    this.options.logger.info(
      { recebidas: waiting.length, aPublicar: unseen.length },
      this.options.isClosed !== true
        ? 'portal: este servidor publica e aplica portal/admin'
        : `portal: ${CLOSED}`,
    );
    this.inbox.push(...waiting);
    this.outgoing.push(...unseen);
    void this.work();
    this.options.onActive?.();
  }

  /** Unfinished work is kept for the next gateway: one that has seen the same, or this server again. */
  private deactivate(): void {
    this.options.logger.info(
      {},
      'portal: outro servidor passa a publicar e aplicar portal/admin, ou não há broker',
    );
    const untilMs = this.holdUntil();
    for (const change of this.inbox.splice(0)) this.ledger.hold(change, untilMs);
    const all = [...this.returned.splice(0), ...this.outgoing.splice(0)];
    for (const message of all) {
      // No other server knows of these.
      if (message.topic === EXCESS_TOPIC) this.outgoing.push(message);
      else this.ledger.expect(message, untilMs);
    }
  }

  private holdUntil(): number {
    return this.options.time.monotonicMs() + portalLimits.holdMs;
  }

  // ── messages from outside, one after the other ─────────────────────────────────────────────────────────────────

  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    for (let change = this.inbox.shift(); change !== undefined; change = this.inbox.shift()) {
      if (this.acts) await this.apply(change);
      else this.ledger.hold(change, this.holdUntil());
    }
    this.working = false;
  }

  private async apply(change: Change): Promise<void> {
    // Every server has seen the message: its change is not published again.
    const held = this.ledger.hold(change, Infinity);
    await this.serve(messageOf(change).topic, change, true);
    this.ledger.release(change, held);
  }

  /** Serves a message as a call. @param reports whether a refusal is logged */
  private serve(topic: string, change: Decoded<Change>, reports: boolean): Promise<void> {
    const { seam } = this.options;
    return new Promise<void>((resolve) => {
      serveOne(seam, topicCall(change, seam.time), change, this.applying, {
        answer: () => {
          resolve();
        },
        fail: (error) => {
          if (reports) this.refusals.report(topic, error.message);
          resolve();
        },
      });
    });
  }

  // ── changes, to everybody ──────────────────────────────────────────────────────────────────────────────────────

  private pump(): void {
    while (this.options.topics.connected && this.inFlight < IN_FLIGHT && this.returned.length === 0) {
      const message = this.outgoing.shift();
      if (message === undefined) return;
      this.publish(message);
    }
  }

  private publish(message: PortalMessage): void {
    const { topics } = this.options;
    const echoes = message.topic !== EXCESS_TOPIC;
    if (echoes) this.ledger.expect(message, this.holdUntil() + limits.publishTimeoutMs);
    this.inFlight++;
    topics.publish(message, (taken) => {
      this.inFlight--;
      if (taken) {
        this.pump();
        return;
      }
      // It is published again unless its echo has arrived: better twice than never.
      if (!echoes || this.ledger.consume(message)) this.returned.push(message);
    });
  }
}

/** The change that a message requests, or the reason why it requests none. */
function parsed(topic: string, payload: Buffer): Decoded<Change> {
  try {
    return parseMessage(topic, payload);
  } catch (thrown) {
    return KvsError.from(thrown);
  }
}

/** The broker authenticates publishers, and does not tell servers who they are. */
function topicCall(change: Decoded<Change>, time: Time): Call {
  return {
    door: 'portal',
    operation: change instanceof KvsError ? 'invalida' : `${change.base}/${change.action}`,
    credentials: { kind: 'none', hint: CLOSED },
    from: undefined,
    deadlineMs: Infinity,
    demand: () => undefined,
    takeUp: () => time.monotonicMs(),
  };
}

async function applyTo(registries: Registries, change: Change): Promise<void> {
  switch (change.base) {
    case 'aluno':
      return applyRecord(registries.alunos, ALUNO, change);
    case 'professor':
      return applyRecord(registries.professores, PROFESSOR, change);
    case 'disciplina':
      return applyRecord(registries.disciplinas, DISCIPLINA, change);
  }
}

async function applyRecord<T>(
  registry: Registry<T>,
  kind: Kind<T>,
  { action, fields }: Change,
): Promise<void> {
  if (action === 'delete') return registry.remove(fields[0] ?? '');
  const record = kind.parse(fields);
  if (record === undefined) throw new KvsError('CADASTRO_INVALIDO', `esperado ${kind.columns.join(',')}`);
  return action === 'create' ? registry.create(record) : registry.update(record);
}
