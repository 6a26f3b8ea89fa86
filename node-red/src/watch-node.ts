import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import type { KvsEvent, KvsWatch, KvsWatchOptions } from '../../src/client/library/index.js';
import { invalid, lineFields, valueOf } from './fields.js';
import { redLimits } from './limits.js';
import { StatusLight } from './node-status.js';
import { text } from './options.js';
import type { FlowMessage, NodeConfig, Red, RedNode } from './red.js';
import { storeOf } from './server-node.js';
import { StoreFailure } from './store.js';
import { WatchPlace } from './watch-place.js';

/** The names that HTTP gives to events. */
const TYPES = { insert: 'insere', remove: 'remove', expire: 'expira', present: 'presente' } as const;

/** Registers `kvs-observa`. */
export function registerWatch(red: Red): void {
  red.nodes.registerType('kvs-observa', function (config) {
    red.nodes.createNode(this, config);
    const watching = new WatchingNode(red, this, config);
    const ended = watching.run();
    this.on('close', (_removed, done) => {
      watching.stop();
      void ended.then(done, done);
    });
  });
}

/** What an event becomes in a flow; `undefined`: nothing. */
export function eventMessage(event: KvsEvent, kind: unknown): FlowMessage | undefined {
  if (event.type === 'upToDate') return undefined;
  if (event.type === 'restart') return { topic: '', payload: null, kvs: { tipo: 'recomeca' } };
  const { type, line } = event;
  const isGone = type === 'remove' || type === 'expire';
  const payload = isGone ? null : valueOf(line.value, kind);
  return { topic: line.key, payload, kvs: { tipo: TYPES[type], ...lineFields(line) } };
}

/**
 * What a form chooses to watch.
 * @throws KvsError PEDIDO_INVALIDO
 */
export function watchFilter({ oque, chave }: NodeConfig): Pick<KvsWatchOptions, 'key' | 'prefix'> {
  if (oque === 'tudo') return {};
  const given = text(chave) === undefined ? undefined : String(chave);
  if (given === undefined) throw invalid('diga a chave ou o prefixo a observar');
  return oque === 'prefixo' ? { prefix: given } : { key: given };
}

/** A watch for as long as its flow runs: where the library gives up, it is tried again. */
class WatchingNode {
  private readonly light: StatusLight;
  private readonly ending = new AbortController();
  private watch: KvsWatch | undefined;
  private retryMs: number = redLimits.retryFirstMs;
  /** The failure that was reported last. */
  private told = '';
  /** Whether this watch has told anything. */
  private hasTold = false;

  constructor(
    red: Red,
    private readonly node: RedNode,
    private readonly config: NodeConfig,
  ) {
    this.light = new StatusLight(red, node);
    this.open = (options) => storeOf(red, config).watch(options);
  }

  private readonly open: (options: KvsWatchOptions) => KvsWatch;

  /** Never rejects. */
  async run(): Promise<void> {
    const place =
      this.config['retoma'] === true
        ? new WatchPlace(this.node.context(), JSON.stringify([this.config['oque'], this.config['chave']]))
        : undefined;
    let from: KvsWatchOptions['from'];
    while (!this.hasEnded()) {
      this.light.connecting();
      try {
        from ??= await this.beginning(place);
        await this.follow(from, place);
      } catch (error) {
        if (this.hasEnded()) break;
        this.report(error);
        const token = this.watch?.token;
        if (token !== undefined) from = { token };
        // What is there is told from its beginning again: whoever keeps a mirror empties it.
        else if (from === 'everything' && this.hasTold) this.tell({ type: 'restart' });
        this.hasTold = false;
        await this.wait();
      }
    }
    await place?.save();
  }

  /** Where it begins: where it stopped, or else as its form says. */
  private async beginning(place: WatchPlace | undefined): Promise<NonNullable<KvsWatchOptions['from']>> {
    const token = await place?.read();
    if (token !== undefined) return { token };
    return this.config['inicio'] === 'tudo' ? 'everything' : 'now';
  }

  /** Ends it; {@link run} ends soon afterwards. */
  stop(): void {
    this.ending.abort();
    void this.watch?.close();
  }

  private hasEnded(): boolean {
    return this.ending.signal.aborted;
  }

  private async follow(from: KvsWatchOptions['from'], place: WatchPlace | undefined): Promise<void> {
    const { signal } = this.ending;
    const lost = (): void => this.light.connecting();
    this.watch = this.open({ ...watchFilter(this.config), from, signal, lost });
    for await (const event of this.watch) {
      this.light.connected();
      this.retryMs = redLimits.retryFirstMs;
      this.told = '';
      this.tell(event);
      this.hasTold = true;
      if (event.token !== undefined) place?.note(event.token);
      // Nodes behind this one get their turn before the next event is read.
      await turn();
    }
  }

  /** A value that is not what the form expects is an error of that event, not the end of the watch. */
  private tell(event: KvsEvent): void {
    try {
      const message = eventMessage(event, this.config['saida']);
      if (message !== undefined) this.node.send(message);
    } catch (error) {
      const { line } = event;
      const kvs = line === undefined ? {} : lineFields(line);
      this.node.error(new StoreFailure(error), { topic: line?.key ?? '', payload: line?.value ?? null, kvs });
    }
  }

  /** Once for each kind of failure, until it works again: it is tried again and again. */
  private report(error: unknown): void {
    const failure = new StoreFailure(error);
    this.light.failed(failure.code);
    if (failure.code === this.told) return;
    this.told = failure.code;
    const { code, message } = failure;
    this.node.error(failure, { topic: '', payload: null, kvs: { codigo: code, motivo: message } });
  }

  private async wait(): Promise<void> {
    // Not all flows that watch come back at the same moment.
    const ms = this.retryMs * (0.5 + Math.random() / 2);
    this.retryMs = Math.min(redLimits.retryLastMs, this.retryMs * 2);
    await pause(ms, undefined, { signal: this.ending.signal }).catch(() => undefined);
  }
}
