import { Fifo } from '../../core/fifo.js';
import { BurstLog } from '../../ports/burst-log.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import type { OutgoingMessage, Topics } from '../../ports/topics.js';
import { mqttDoorLimits } from './limits.js';

/** Messages that the broker has not acknowledged yet. */
const IN_FLIGHT = 32;

/**
 * Answers and refusals on their way to the broker. Bounded in number and bytes: beyond, the new one is dropped, as is
 * one that the broker does not take. Whoever waits for an answer asks again.
 */
export class Outgoing {
  private readonly waiting = new Fifo<OutgoingMessage>();
  private bytes = 0;
  private inFlight = 0;
  private lost = 0;
  private readonly log: BurstLog;

  constructor(
    private readonly topics: Topics,
    time: Time,
    logger: Logger,
  ) {
    this.log = new BurstLog(time, logger, 'MQTT: resposta ou recusa não publicada');
  }

  /** Messages that were dropped since the start. */
  get dropped(): number {
    return this.lost;
  }

  send(message: OutgoingMessage): void {
    const size = sizeOfMessage(message);
    const { outgoingMessages, outgoingBytes } = mqttDoorLimits;
    if (!this.topics.connected) {
      this.drop('SEM_BROKER');
    } else if (this.waiting.length >= outgoingMessages || this.bytes + size > outgoingBytes) {
      this.drop('LIMITE_FILA');
    } else {
      this.waiting.push(message);
      this.bytes += size;
      this.pump();
    }
  }

  private pump(): void {
    while (this.inFlight < IN_FLIGHT) {
      const message = this.waiting.shift();
      if (message === undefined) return;
      this.inFlight++;
      this.topics.publish(message, (taken) => {
        this.inFlight--;
        this.bytes -= sizeOfMessage(message);
        if (!taken) this.drop('BROKER_RECUSOU');
        this.pump();
      });
    }
  }

  private drop(reason: string): void {
    this.lost++;
    this.log.report(reason, '');
  }
}

function sizeOfMessage({ topic, payload }: OutgoingMessage): number {
  return topic.length + payload.length;
}
