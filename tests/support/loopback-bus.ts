import type { Origin } from '../../src/core/dot.js';
import type { Batch } from '../../src/core/mutation.js';
import type { BatchCodec, Bus, BusListener, Message } from '../../src/ports/bus.js';

/** Batches as JSON, for buses within the process. */
export const jsonCodec: BatchCodec = {
  pack: (batch) => JSON.stringify(batch),
  unpack: (packed) => JSON.parse(packed) as Batch,
};

/** A broker within the process, in real time: it loses nothing, unless it is split. */
export class LoopbackNetwork {
  private readonly listeners = new Map<Origin, BusListener>();
  /** While set, nobody hears anybody; brokers take messages all the same. */
  split = false;
  /** Kinds of the messages that nobody heard, in order. */
  readonly unheard: Message['type'][] = [];

  join(origin: Origin): Bus {
    const bus = {
      connected: false,
      ...jsonCodec,
      publish: (message: Message, settled?: (taken: boolean) => void): void => {
        setImmediate(() => settled?.(bus.connected));
        if (this.split) this.unheard.push(message.type);
        if (!bus.connected || this.split) return;
        for (const [to, listener] of this.listeners) {
          if (to === origin || ('to' in message && message.to !== to)) continue;
          setImmediate(() => listener.onMessage(structuredClone(message), JSON.stringify(message).length));
        }
      },
      start: (listener: BusListener): void => {
        setImmediate(() => {
          bus.connected = true;
          this.listeners.set(origin, listener);
          listener.onConnected();
        });
      },
      stop: (): Promise<void> => {
        bus.connected = false;
        this.listeners.delete(origin);
        return Promise.resolve();
      },
    };
    return bus;
  }
}
