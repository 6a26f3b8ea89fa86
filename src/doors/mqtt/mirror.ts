import type { Engine } from '../../ports/engine.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import type { IncomingMessage, Topics } from '../../ports/topics.js';
import { CoveredKeys } from './covered-keys.js';
import { defaultMirrorTuning } from './tuning.js';
import type { MirrorTuning } from './tuning.js';
import { MirrorFigures } from './mirror-figures.js';
import { MirrorSession } from './mirror-session.js';
import type { SessionDeps } from './mirror-session.js';
import { FleetTopics, keyOfTopic, PARTS } from './topic-names.js';
import { UnbearableTopics } from './unbearable-topics.js';

interface MirrorFilter {
  readonly filter: string;
  /** Of what it retains, a broker drops what does not fit its queue of unacknowledged messages: with QoS 0 more comes. */
  readonly qos: 0;
  /** It hears nothing of what it publishes itself, where the broker has that. */
  readonly withoutOwn: true;
}

interface MirrorOptions {
  /** Names the topics. */
  readonly fleet: string;
  readonly engine: Pick<Engine, 'read' | 'scan'>;
  /** Opens a connection of the mirror's own, which hears `valor/#` and `espelho`. */
  readonly open: () => Topics;
  /** Whether this server is the one that publishes, at this moment. */
  readonly acts: () => boolean;
  /** The keys that begin with one of these. */
  readonly prefixes: readonly string[];
  readonly mostTopics: number;
  /** Who publishes, as `espelho` shows it. */
  readonly publisher: () => { readonly servidor: string; readonly origem: string };
  /** Smaller ones in a simulation. */
  readonly tuning?: MirrorTuning | undefined;
  readonly time: Time;
  readonly logger: Logger;
}

/** What the mirror of a server does now, for metrics. */
interface MirrorView extends Readonly<MirrorFigures> {
  readonly topics: number;
  readonly bytes: number;
  readonly waiting: number;
  /** Whether keys are left out because there is no room for more topics. */
  readonly isBeyond: boolean;
  /** Keys that the broker cannot carry as topics. */
  readonly uncarried: number;
}

/**
 * The mirror of the values: the latest value of each key as a retained message of the broker. One server publishes;
 * the others have neither a connection nor a watch for it, so that it costs them nothing.
 *
 * Each connection starts from what the broker retains ({@link MirrorSession}), so a broker that was restarted, with or
 * without its retained messages, is like any other, and so is what a predecessor left.
 */
export class Mirror {
  readonly figures = new MirrorFigures();
  private readonly tuning: MirrorTuning;
  private readonly unbearable: UnbearableTopics;
  private readonly names: FleetTopics;
  private readonly covered: CoveredKeys;
  private connection: Topics | undefined;
  private session: MirrorSession | undefined;
  private sinceMs = 0;
  private cancelAbout: () => void = () => undefined;
  /** What `espelho` says, as far as is known; `''`: not what it should. */
  private toldAbout = '';
  private isTelling = false;
  /** How often in a row the broker was asked again for what it did not tell. */
  private asks = 0;
  private warned = false;

  constructor(private readonly options: MirrorOptions) {
    this.tuning = options.tuning ?? defaultMirrorTuning;
    this.unbearable = new UnbearableTopics(this.tuning);
    this.names = new FleetTopics(options.fleet);
    this.covered = new CoveredKeys(options.prefixes);
  }

  get view(): MirrorView {
    const { session, figures } = this;
    const { topics = 0, bytes = 0, waiting = 0, isBeyond = false } = session ?? {};
    const { published, failed, corrected, walks } = figures;
    return {
      published,
      failed,
      corrected,
      walks,
      topics,
      bytes,
      waiting,
      isBeyond,
      uncarried: this.uncarried,
    };
  }

  /** Whether the broker retains what the state says, as far as this server knows. */
  get isUpToDate(): boolean {
    return this.session?.isUpToDate === true;
  }

  /** This server publishes from now on. */
  begin(): void {
    if (this.connection !== undefined) return;
    this.sinceMs = this.options.time.wallMs();
    this.warned = false;
    this.asks = 0;
    this.connect();
    this.aboutLater();
  }

  /** Another server publishes from now on, or none. */
  async end(): Promise<void> {
    const { connection } = this;
    this.connection = undefined;
    this.cancelAbout();
    this.session?.close(false);
    this.session = undefined;
    await connection?.stop();
  }

  private connect(): void {
    const connection = this.options.open();
    this.connection = connection;
    connection.start({
      onConnected: () => {
        if (this.connection === connection) this.session = this.openSession(connection);
      },
      onDisconnected: () => {
        this.session?.close(true);
        this.session = undefined;
        this.asks = 0;
      },
      onMessage: (message) => {
        if (this.session !== undefined) this.onMessage(this.session, message);
      },
    });
  }

  private openSession(connection: Topics): MirrorSession {
    const { names, covered, options, tuning, figures, unbearable } = this;
    const { engine, mostTopics, acts, time, logger } = options;
    const values = `${names.of(PARTS.value)}/`;
    const deps: SessionDeps = {
      ...{ engine, covered, mostTopics, unbearable, figures, tuning, time, logger },
      nameOf: (key) => {
        const name = names.ofKey(PARTS.value, key)?.slice(values.length);
        return connection.protocol === 5 || !isDeeper(name, tuning.levelsOn311) ? name : undefined;
      },
      keyOf,
      topicOf: (name) => values + name,
      send: (message, settled) => {
        connection.publish(message, settled);
      },
      hearsItself: connection.protocol !== 5,
      mayPublish: () => connection.connected && this.connection === connection && acts(),
      mayAskAgain: () => this.asks < tuning.asks,
      onMore: () => {
        this.asks++;
        this.reconnect(connection);
      },
    };
    this.toldAbout = '';
    return new MirrorSession(deps);
  }

  /** Asks the broker once more for what it retains. */
  private reconnect(connection: Topics): void {
    if (this.connection !== connection) return;
    this.session?.close(false);
    this.session = undefined;
    void connection.stop().then(() => {
      if (this.connection === connection) this.connect();
    });
  }

  private onMessage(session: MirrorSession, message: IncomingMessage): void {
    const name = this.names.rest(PARTS.value, message.topic);
    if (name !== undefined) session.onMessage(name, message);
    else if (
      message.topic === this.names.of(PARTS.mirror) &&
      message.payload.toString('utf8') !== this.toldAbout
    )
      this.toldAbout = '';
  }

  // ── what it covers ─────────────────────────────────────────────────────────────────────────────────────────────

  private get uncarried(): number {
    return (this.session?.uncarried ?? 0) + this.unbearable.givenUp(this.options.time.monotonicMs());
  }

  private aboutLater(): void {
    this.cancelAbout = this.options.time.after(this.tuning.aboutMs, () => {
      this.tellAbout();
      this.aboutLater();
    });
  }

  private tellAbout(): void {
    const { connection, session, options } = this;
    if (connection?.connected !== true || session?.hasWalked !== true || !options.acts()) return;
    const { mostTopics, prefixes, publisher } = options;
    if (session.isBeyond !== this.warned) this.tellBeyond(session);
    const text = JSON.stringify({
      ...publisher(),
      desde: this.sinceMs,
      prefixos: prefixes,
      topicos: session.topics,
      maximo: mostTopics,
      completo: !session.isBeyond,
      ...(this.uncarried > 0 && { semTopico: this.uncarried }),
    });
    if (text === this.toldAbout || this.isTelling) return;
    this.toldAbout = text;
    this.isTelling = true;
    connection.publish({ topic: this.names.of(PARTS.mirror), payload: text, retain: true }, (taken) => {
      this.isTelling = false;
      if (!taken) this.toldAbout = '';
    });
  }

  private tellBeyond({ isBeyond, topics, bytes }: MirrorSession): void {
    this.warned = isBeyond;
    const fields = {
      topicos: topics,
      maximo: this.options.mostTopics,
      bytes,
      maximoBytes: this.tuning.bytes,
    };
    if (isBeyond)
      this.options.logger.warn(fields, 'mqtt: o espelho está cheio: há chaves que ele não mostra');
    else this.options.logger.info(fields, 'mqtt: o espelho mostra todas as chaves outra vez');
  }
}

/** What the mirror's connection subscribes to. */
export function mirrorFilters(fleet: string): readonly MirrorFilter[] {
  const names = new FleetTopics(fleet);
  const filters = [names.below(PARTS.value), names.of(PARTS.mirror)];
  return filters.map((filter) => ({ filter, qos: 0, withoutOwn: true }));
}

/** The key of a topic below `valor/`; `undefined` if it is no key's. */
function keyOf(name: string): string | undefined {
  try {
    return keyOfTopic(name);
  } catch {
    return undefined;
  }
}

function isDeeper(name: string | undefined, levels: number): boolean {
  return name !== undefined && name.length > 2 * levels - 2 && name.split('/').length > levels;
}
