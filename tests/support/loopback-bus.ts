import type { Origin } from '../../src/core/dot.js';
import type { Bus, BusListener, Message } from '../../src/ports/bus.js';

/** A broker within the process, in real time: it loses nothing, unless it is split. */
export class LoopbackNetwork {
  private readonly listeners = new Map<Origin, BusListener>();
  /** While set, nobody hears anybody; brokers take messages all the same. */
  split = false;

  join(origin: Origin): Bus {
    const bus = {
      connected: false,
      publish: (message: Message, settled?: (taken: boolean) => void): void => {
        setImmediate(() => settled?.(bus.connected));
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
