import type { Stream } from './engine.js';
import type { TracedMessage } from './trace.js';

/** Whether a server is cut off the other servers. */
export interface Isolation {
  readonly isIsolated: boolean;
  /** When it connects again by itself, ms since 1970; 0: it is not isolated. */
  readonly endsMs: number;
}

/** The shares of messages between servers that are lost, 0 … 1000. */
export interface MessageLoss {
  readonly inPerMille: number;
  readonly outPerMille: number;
}

/** The faults in force at a server, besides its isolation. */
export interface Faults extends MessageLoss {
  /** By how much its wall clock runs ahead, in ms. */
  readonly clockMs: number;
}

/** Cuts a server off the others, and back. */
export interface IsolationControl {
  /**
   * Drops the connections to the other servers (or brokers, or replicas), as when a cable is pulled, and makes none until
   * the time is over.
   * @param forMs absent: the usual time
   * @throws KvsError PEDIDO_INVALIDO for too long a time
   */
  isolate(forMs: number | undefined): Isolation;
  /** Connects again, if it is isolated. */
  reconnect(): Isolation;
}

/** Faults of one server and the messages that it exchanges with others, for classes and tests. */
export interface Laboratory extends IsolationControl {
  /**
   * Loses shares of the messages, in place of those before.
   * @throws KvsError PEDIDO_INVALIDO, NAO_SUPORTADO
   */
  lose(loss: MessageLoss): Faults;
  /**
   * Lets the wall clock run ahead (or behind), in place of an earlier shift.
   * @throws KvsError PEDIDO_INVALIDO for too much
   */
  shiftClock(ms: number): Faults;
  /**
   * The messages from now on, without end; for the first reader, if it comes soon after the start, all of them. A reader that falls behind is ended with LEITOR_LENTO.
   * @throws KvsError LIMITE_PEDIDOS if there are too many readers
   */
  trace(): Stream<TracedMessage>;
}
