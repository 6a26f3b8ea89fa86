import type { Origin } from '../../../core/dot.js';
import type { Logger } from '../../../ports/logger.js';
import type { Random } from '../../../ports/random.js';
import type { Time } from '../../../ports/time.js';
import type { MessageTap } from '../../../ports/trace.js';
import type { BrokerSource } from '../../../mqtt/broker-source.js';
import type { BrokerCredentials } from '../../../mqtt/broker-url.js';
import type { DropReason } from '../../../wire/checks.js';
import type { Connect } from '../../../mqtt/mqtt-connection.js';
import type { SealOptions } from './seal/sealer.js';

export interface MqttBusOptions {
  readonly fleet: string;
  readonly origin: Origin;
  readonly brokers: BrokerSource;
  readonly credentials?: BrokerCredentials | undefined;
  /** The fleet's keys: with them, every message is sealed and only sealed ones are accepted. Absent: plain payloads. */
  readonly seal?: SealOptions | undefined;
  /** Opens a connection; MQTT by default. A simulation, which has no sockets, passes its own. */
  readonly connect?: Connect | undefined;
  /** Called when `hearsOtherKeys` of the bus may have changed, and every second while it is true. */
  readonly onOtherKeys?: (() => void) | undefined;
  /** Sees all messages, and loses some; absent: none. */
  readonly tap?: MessageTap | undefined;
  readonly time: Time;
  readonly random: Random;
  readonly logger: Logger;
}

/** Counts since the start, for metrics. */
export interface BusCounters {
  /** Publishes handed to a broker, and their bytes. */
  readonly published: number;
  readonly publishedBytes: number;
  /** Publishes that were refused or not acknowledged. */
  readonly failed: number;
  /** Messages on our topics, and their bytes. */
  readonly received: number;
  readonly receivedBytes: number;
  /** Own batches that came back. */
  readonly echoes: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  readonly reconnects: number;
  /** Publishes that the broker has not acknowledged yet. */
  readonly unacknowledged: number;
}
