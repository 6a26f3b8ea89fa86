/** What a sealed message is for. Each purpose has counters and keys of its own. */
export const PURPOSES = ['batch', 'control', 'will'] as const;

/** `control`: presence and messages between two servers. `will`: what the broker publishes when a server vanishes. */
export type Purpose = (typeof PURPOSES)[number];

/** Names of the purposes on the wire. */
export const PURPOSE_WORDS = {
  batch: 'lote',
  control: 'controle',
  will: 'testamento',
} as const satisfies Record<Purpose, string>;

/** The header of a seal. Both the header and the topic are authenticated. */
export interface SealHead {
  readonly purpose: Purpose;
  /** Identifies the fleet key without revealing anything about it. */
  readonly keyId: string;
  /** Number of the sender's connection to a broker, 1, 2, 3, … in this incarnation. */
  readonly connection: number;
  /** 1, 2, 3, … for each purpose in this incarnation; in a will, the connection's number. */
  readonly counter: number;
}

/** Greatest connection number: 32 bits, enough for one attempt every 100 ms during 13 years. */
export const CONNECTION_MAX = 2 ** 32 - 1;
