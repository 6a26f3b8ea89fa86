import type { Batch } from '../core/mutation.js';
import type { Origin } from '../core/dot.js';
import type { Bus, BusListener, Message } from '../ports/bus.js';
import { decode, unpackBatch } from '../engines/fleet/bus/decode-messages.js';
import { encode, packBatch } from '../engines/fleet/bus/encode-messages.js';
import { parseTopic, topicOf } from '../engines/fleet/bus/topics.js';
import type { Body } from './protocol.js';

/** The type of a body that carries a message between servers. */
export const FLEET_MESSAGE = 'kvs';

interface MaelstromBusOptions {
  readonly fleet: string;
  readonly origin: Origin;
  /** The other nodes. */
  readonly peers: readonly string[];
  readonly send: (dest: string, body: Body) => void;
}

/**
 * The bus over the network of Maelstrom instead of a broker: what a broker would give to all goes to each node, and the
 * message itself is that of MQTT, with its topic (docs/PROTOCOL.md). The network may lose and delay what it carries.
 */
export class MaelstromBus implements Bus {
  connected = false;
  private listener: BusListener | undefined;
  /** At which node an origin is, as far as it was heard: at most one a node. */
  private readonly nodeOf = new Map<Origin, string>();

  constructor(private readonly options: MaelstromBusOptions) {}

  pack(batch: Batch): string {
    return packBatch(this.options.fleet, batch);
  }

  unpack(packed: string): Batch {
    return unpackBatch(packed);
  }

  publish(message: Message, settled?: (taken: boolean) => void): void {
    const { fleet, peers, send } = this.options;
    const body = {
      type: FLEET_MESSAGE,
      topico: topicOf(fleet, message),
      carga: encode(fleet, message).toString(),
    };
    const to = 'to' in message ? this.nodeOf.get(message.to) : undefined;
    if (this.connected) for (const dest of to === undefined ? peers : [to]) send(dest, body);
    const isTaken = this.connected;
    if (settled) setImmediate(settled, isTaken);
  }

  start(listener: BusListener): void {
    this.listener = listener;
    setImmediate(() => {
      this.connected = true;
      listener.onConnected();
    });
  }

  stop(): Promise<void> {
    this.connected = false;
    this.listener = undefined;
    return Promise.resolve();
  }

  /** A body of type {@link FLEET_MESSAGE} from another node. Whatever is no message of this fleet is dropped. */
  receive(from: string, body: Body): void {
    const { fleet, origin, peers } = this.options;
    const { topico, carga } = body;
    if (!peers.includes(from) || typeof topico !== 'string' || typeof carga !== 'string') return;
    const topic = parseTopic(topico);
    if (topic === undefined || ('to' in topic && topic.to !== origin)) return;
    const payload = Buffer.from(carga);
    const decoded = decode(topic, fleet, payload);
    if (!decoded.ok) return;
    for (const [known, node] of this.nodeOf)
      if (node === from && known !== topic.from) this.nodeOf.delete(known);
    this.nodeOf.set(topic.from, from);
    this.listener?.onMessage(decoded.message, payload.length);
  }
}
