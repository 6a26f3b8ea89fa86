/** What became of a message between servers at one of them. */
type TraceStep = 'envia' | 'recebe' | 'descarta_saida' | 'descarta_entrada';

/**
 * What a message did where it arrived: `applied` changed the store · `known` held nothing new · `held` waits for what it
 * depends on · `noted` told how its sender is · `answered` was a request, which is answered · `ignored` did nothing.
 */
export type ArrivalEffect = 'applied' | 'known' | 'held' | 'noted' | 'answered' | 'ignored';

/** A message as it passes. */
export interface PassingMessage {
  readonly step: TraceStep;
  /** Topic, or address of the other side. */
  readonly channel: string;
  /** What the protocol calls it; empty if it cannot be read. */
  readonly type: string;
  /** Its content, opened if it is sealed. */
  readonly body: Uint8Array;
  /** The bytes that travelled. */
  readonly wire: Uint8Array;
}

/** What is filled in once an arrived message was handled, before the turn of the event loop ends. */
export interface Handled {
  effect: ArrivalEffect;
  /** Mutations applied because of it. */
  applied: number;
}

/** How a laboratory meddles with the messages between servers. A server without one has none. */
export interface MessageTap {
  /** Whether somebody reads, or what passes is kept for the first reader. Messages are told only then. */
  readonly isTracing: boolean;
  /** Draws whether the next message that comes in, or goes out, is to be lost. */
  drops(direction: 'in' | 'out'): boolean;
  /** Tells the readers of a message, in the order in which messages pass. */
  tell(message: PassingMessage): Handled;
}

/** A message as one reader gets it. */
export interface TracedMessage {
  /** 1, 2, 3, … for this reader. */
  readonly number: number;
  /** True wall clock of the machine, µs since 1970. */
  readonly atUs: number;
  readonly step: TraceStep;
  readonly channel: string;
  readonly type: string;
  /** Cut if it is long. */
  readonly body: Uint8Array;
  /** Bytes on the wire. */
  readonly bytes: number;
  /** The first bytes of the SHA-256 of what travelled. */
  readonly digest: Uint8Array;
  /** Of what arrived. */
  readonly handled: Readonly<Handled> | undefined;
}
