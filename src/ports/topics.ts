/** MQTT topics as an application uses them. It may lose messages while no broker is connected; it never queues. */
export interface Topics {
  /** Whether a broker is connected and the subscription in force. */
  readonly connected: boolean;
  /** Starts delivering. Called once. */
  start(listener: TopicsListener): void;
  /**
   * Publishes. `settled` is called once, never from within: whether the broker took it; `false` also if nobody can tell.
   */
  publish(topic: string, payload: string, settled: (taken: boolean) => void): void;
  /** Takes leave of the broker; afterwards the listener hears nothing. */
  stop(): Promise<void>;
}

export interface TopicsListener {
  /**
   * A message, also of those published here. Never throws.
   * @param retained the broker kept it from earlier: nobody has just published it
   */
  onMessage(topic: string, payload: Buffer, retained: boolean): void;
  onConnected(): void;
  onDisconnected(): void;
}
