/**
 * MQTT topics as an application uses them. Messages may be lost while no broker is connected; they are never queued.
 */
export interface Topics {
  /** Whether a broker is connected and the subscription is in force. */
  readonly connected: boolean;
  /** Starts delivering. Called once. */
  start(listener: TopicsListener): void;
  /**
   * Publishes a message. `settled` is called once, asynchronously, with whether the broker took it; `false` also if
   * that is unknown.
   */
  publish(topic: string, payload: string, settled: (taken: boolean) => void): void;
  /** Disconnects from the broker; the listener is not called afterwards. */
  stop(): Promise<void>;
}

export interface TopicsListener {
  /**
   * Called for every message, also those published here. Must never throw.
   * @param retained whether the broker had retained the message: it was not published just now
   */
  onMessage(topic: string, payload: Buffer, retained: boolean): void;
  onConnected(): void;
  onDisconnected(): void;
}
