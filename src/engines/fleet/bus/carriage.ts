import { doubledMs } from '../../../core/backoff.js';
import { limits } from '../../../core/limits.js';
import type { Logger } from '../../../ports/logger.js';
import type { Time } from '../../../ports/time.js';
import { busLimits } from './limits.js';

/** What probing needs from its surroundings. */
interface CarriageDeps {
  /**
   * Sends this server a message of `bytes` bytes, then a small one on the same topic, so that they come back in order.
   * @param look number of the probe, different each time
   */
  send(look: number, bytes: number): void;
  /** URL of the connected broker, for the log. */
  broker(): string | undefined;
  readonly time: Time;
  readonly logger: Logger;
}

/** A probe under way. */
interface Look {
  readonly bytes: number;
  /** Number of the attempt at this size: 1, 2, … */
  readonly again: number;
}

/** What is known of the limit: `least` bytes get through, `most` bytes do not. */
interface Bounds {
  least: number;
  most: number;
}

/**
 * Finds out how large a message the broker carries. MQTT 3.1.1 gives a broker no way to say: some brokers accept a
 * larger message and drop it, some cut the connection. A size that came back to this server is known to get through. A
 * larger one that does not come back is probed (a "look"), by messages of that size to this server itself. While a
 * limit is known, nothing larger is sent.
 *
 *     sent, larger than any that came back → nothing came back, or cut → probe that size ┬ comes back: no limit
 *                                                                                       └ does not: bisect
 */
export class Carriage {
  /** Largest payload that is sent, in bytes; `undefined`: no limit is known. */
  limitBytes: number | undefined;
  private proven: number = busLimits.assumedBytes;
  /** Largest payload that was to be sent, in bytes. */
  private wanted = 0;
  private bounds: Bounds | undefined;
  private look: Look | undefined;
  private lastLook = 0;
  private brokerUrl: string | undefined;
  /** What to do once connected again. */
  private owed: (() => void) | undefined;
  private cuts = false;
  private rechecks = 0;
  private said: number | undefined;
  private cancelPatience: (() => void) | undefined;
  private cancelTimer: () => void = () => undefined;

  constructor(private readonly deps: CarriageDeps) {}

  /** Whether a message of this size may be sent. */
  admits(bytes: number): boolean {
    if (bytes <= this.proven) return true;
    this.wanted = Math.max(this.wanted, Math.min(bytes, limits.payloadBytes));
    if (this.limitBytes !== undefined) return bytes <= this.limitBytes;
    this.cancelPatience ??= this.deps.time.after(busLimits.echoPatienceMs, () => {
      this.cancelPatience = undefined;
      if (this.wanted > this.proven) this.lookAt(this.wanted);
    });
    return true;
  }

  /** To be called when a message of this server came back. */
  returned(bytes: number): void {
    if (bytes > this.proven) this.proven = bytes;
  }

  /** To be called when a message of the last probe came back: the large one, or the small one sent after it. */
  cameBack(isLarge: boolean): void {
    const { look } = this;
    if (!look) return;
    if (isLarge) {
      this.passed(look.bytes);
      return;
    }
    // One missing probe does not prove a limit: a broker may lose a message, or change the order.
    if (this.bounds) this.missed(look);
    else this.later(busLimits.lookGraceMs, () => this.missed(look));
  }

  private missed(look: Look): void {
    const looks = this.bounds ? 1 : busLimits.looks;
    if (look.again < looks) this.lookAt(look.bytes, look.again + 1);
    else this.failed(look.bytes);
  }

  connected(): void {
    const url = this.deps.broker();
    if (url !== this.brokerUrl) this.forget();
    this.brokerUrl = url;
    const { owed } = this;
    this.owed = undefined;
    if (owed) owed();
    else if (this.bounds) this.lookAt(this.bounds.most);
  }

  disconnected(): void {
    const { look } = this;
    const unsure = this.cancelPatience !== undefined && this.wanted > this.proven;
    this.stop();
    if (look) {
      this.cuts = true;
      // A single lost connection may be a coincidence.
      this.owed = () =>
        this.bounds || look.again > 1 ? this.failed(look.bytes) : this.lookAt(look.bytes, look.again + 1);
    } else if (unsure) {
      // The message may have been too large: nothing of that size is sent until a probe has answered that.
      const { wanted } = this;
      this.limitBytes = this.proven;
      this.owed = () => this.lookAt(wanted);
    }
    // The broker behind the next connection may carry less.
    else if (!this.bounds) this.proven = busLimits.assumedBytes;
  }

  stop(): void {
    this.cancelPatience?.();
    this.cancelPatience = undefined;
    this.cancelTimer();
    this.look = undefined;
  }

  private forget(): void {
    this.stop();
    this.owed = this.bounds = this.limitBytes = this.said = undefined;
    this.proven = busLimits.assumedBytes;
    this.wanted = 0;
    this.cuts = false;
    this.rechecks = 0;
  }

  private lookAt(bytes: number, again = 1): void {
    this.look = { bytes, again };
    this.later(busLimits.lookMs, () => {
      this.look = undefined;
      if (!this.bounds) this.limitBytes = undefined;
      this.rechecks++;
      this.recheckLater();
    });
    this.deps.send(++this.lastLook, bytes);
  }

  private passed(bytes: number): void {
    this.endLook();
    this.returned(bytes);
    const { bounds } = this;
    if (bytes >= this.wanted) {
      this.bounds = undefined;
      this.limitBytes = undefined;
      this.rechecks = 0;
      if (this.said !== undefined) {
        const fields = { broker: this.brokerUrl, bytes };
        this.deps.logger.info(fields, 'o broker já leva mensagens desse tamanho');
        this.said = undefined;
      }
    } else if (!bounds || bytes >= bounds.most) {
      // A size that did not get through now does, so larger ones may too.
      this.bounds = { least: bytes, most: this.wanted };
      this.limitBytes = bytes;
      this.lookAt(this.wanted);
    } else {
      bounds.least = bytes;
      this.limitBytes = bytes;
      this.narrow(bounds);
    }
  }

  private failed(bytes: number): void {
    this.endLook();
    const bounds = (this.bounds ??= { least: this.proven, most: bytes });
    bounds.most = Math.min(bounds.most, bytes);
    bounds.least = Math.min(bounds.least, bounds.most - 1);
    this.proven = bounds.least;
    this.limitBytes = bounds.least;
    this.narrow(bounds);
  }

  private narrow({ least, most }: Bounds): void {
    if (most - least > Math.max(busLimits.precisionBytes, least / 32)) {
      this.lookAt(Math.floor((least + most) / 2));
      return;
    }
    if (this.said !== least) {
      this.said = least;
      this.deps.logger.warn(
        {
          ...{
            broker: this.brokerUrl,
            levaBytes: least,
            naoLevaBytes: most,
            precisaBytes: limits.payloadBytes,
          },
          cortaConexao: this.cuts,
        },
        `o broker não entrega mensagens de ${most} bytes: vão menores, e o que não couber em uma não vai; ` +
          `aumente o limite dele para ${limits.payloadBytes} bytes (Mosquitto: message_size_limit ou max_packet_size; NATS: max_payload)`,
      );
    }
    this.recheckLater();
  }

  private endLook(): void {
    this.look = undefined;
    this.cancelTimer();
  }

  /** Where a probe costs the connection, probes become rarer and rarer. */
  private recheckLater(): void {
    const pauseMs = doubledMs(this.rechecks, busLimits.recheckMs, busLimits.recheckCapMs);
    if (this.cuts) this.rechecks++;
    this.later(pauseMs, () => {
      if (this.bounds) this.lookAt(this.bounds.most);
      else if (this.wanted > this.proven) this.lookAt(this.wanted);
    });
  }

  /** One timer is enough: either a probe is under way, or the next one is due. */
  private later(delayMs: number, call: () => void): void {
    this.cancelTimer();
    this.cancelTimer = this.deps.time.after(delayMs, call);
  }
}
