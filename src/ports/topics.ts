/**
 * MQTT topics as an application uses them. Messages may be lost while no broker is connected; they are never queued.
 */
export interface Topics {
  /** Whether a broker is connected and the subscriptions are in force. */
  readonly connected: boolean;
  /** What the broker speaks on this connection; 5 brings properties, 4 is MQTT 3.1.1. `undefined`: not connected. */
  readonly protocol: 4 | 5 | undefined;
  /** Starts delivering. Called once. */
  start(listener: TopicsListener): void;
  /**
   * Publishes a message. `settled` is called once, asynchronously, with whether the broker took it; `false` also if
   * that is unknown.
   */
  publish(message: OutgoingMessage, settled: (taken: boolean) => void): void;
  /** Disconnects from the broker; the listener is not called afterwards. */
  stop(): Promise<void>;
}

export interface OutgoingMessage {
  readonly topic: string;
  readonly payload: string | Buffer;
  /** Default false. */
  readonly retain?: boolean;
  /** Only MQTT 5 carries them; left out on 3.1.1. */
  readonly properties?: {
    readonly correlation?: Buffer | undefined;
    readonly user?: Readonly<Record<string, string>>;
    readonly contentType?: string;
    readonly expirySeconds?: number;
  };
}

export interface IncomingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** Whether the broker had retained the message: it was not published just now. */
  readonly retained: boolean;
  /** Of MQTT 5. */
  readonly responseTopic?: string;
  readonly correlation?: Buffer;
  readonly expirySeconds?: number;
}

export interface TopicsListener {
  /**
   * Called for every message while connected, also those published here (unless the subscription says otherwise, which
   * only MQTT 5 heeds). Must never throw.
   */
  onMessage(message: IncomingMessage): void;
  onConnected(): void;
  onDisconnected(): void;
}
