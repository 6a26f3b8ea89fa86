import type { Origin, VectorEntries } from '../core/dot.js';
import type { Batch } from '../core/mutation.js';
import type { KeyFragment, WalkCursor } from '../core/record.js';

/** The messages that servers of one fleet exchange, as plain data. The wire form is in docs/PROTOCOL.md. */
export type Message =
  | BatchMessage
  | PresenceMessage
  | LogRequest
  | LogReply
  | StateRequest
  | StateReply
  | ConfirmMessage
  | ClockRequest
  | ClockReply;

/** To everyone: a batch as its origin made it. Sent only by its origin. */
export interface BatchMessage {
  readonly type: 'batch';
  readonly batch: Batch;
  /** The same batch as its {@link BatchCodec} wrote it: made once, published, and kept in the log. */
  readonly packed: string;
}

/**
 * To everyone: who is here, and what it has.
 *
 * - `joining`: receives the fleet's state, answers nobody yet
 * - `serving`: reads, writes, and answers peers
 * - `draining`: takes no more writes and goes as soon as somebody has all of its own; peers announce themselves at once
 * - `leaving`: gone; also the last will of a server that disappears
 */
export interface PresenceMessage {
  readonly type: 'presence';
  readonly origin: Origin;
  /** `host:port` of the gRPC doors, for people and clients; empty if unknown. */
  readonly address: string;
  readonly state: PresenceState;
  /** The sender's wall clock when it sent this, ms since 1970. */
  readonly wallMs: number;
  /** Fingerprint of the whole version vector: equal exactly when the vectors are (but for collisions). */
  readonly vectorDigest: string;
  /** Rolling hash of entries, flags and counters at that vector. */
  readonly storeHash: string;
  /** The entries of the vector that advanced most recently; all of it while it is short. */
  readonly recent: VectorEntries;
  /** Whether it offers the enrolment portal, and so may be its gateway. */
  readonly portal?: boolean;
  /** The last seq of its own mutations that it waits for others to hold: they say so by {@link ConfirmMessage}. */
  readonly awaits?: number;
  /**
   * 1, 2, 3, … in this incarnation: an older presence never counts after a newer one. Absent in a last will, and from servers
   * that do not know of it.
   */
  readonly number?: number;
}

export type PresenceState = 'joining' | 'serving' | 'draining' | 'leaving';

/** To one peer: send me the batches that I do not have. */
export interface LogRequest {
  readonly type: 'logRequest';
  readonly from: Origin;
  readonly to: Origin;
  /** Chosen by the asker, repeated in the answer. */
  readonly id: number;
  /** The asker's whole version vector. */
  readonly vector: VectorEntries;
}

export interface LogReply {
  readonly type: 'logReply';
  readonly from: Origin;
  readonly to: Origin;
  readonly id: number;
  /** `batches`: the next ones, each applicable after those before it. `stateNeeded`: the log no longer reaches back. */
  readonly outcome: 'batches' | 'stateNeeded';
  readonly batches: readonly Batch[];
  /** There are more; ask again with the new vector. */
  readonly more: boolean;
}

/** To one peer: open a walk over your state (`cursor` absent), or send its next page. */
export interface StateRequest {
  readonly type: 'stateRequest';
  readonly from: Origin;
  readonly to: Origin;
  readonly id: number;
  /** Absent in the opening request. */
  readonly page: StatePageRequest | undefined;
}

export interface StatePageRequest {
  readonly cursor: WalkCursor;
  /** Position in the giver's log after the batches already received. */
  readonly logPosition: number;
  /** Which parts of the key space to send, one bit each, as hexadecimal digits. */
  readonly parts: string;
}

export interface StateReply {
  readonly type: 'stateReply';
  readonly from: Origin;
  readonly to: Origin;
  readonly id: number;
  readonly body: StateOpening | StatePage | StateLost;
}

/** The giver's vector, log position and hash per part at the moment when the walk starts. */
export interface StateOpening {
  readonly outcome: 'opening';
  readonly vector: VectorEntries;
  readonly logPosition: number;
  readonly partHashes: readonly string[];
  /** The first cursor. */
  readonly cursor: WalkCursor;
}

/** Batches that the giver applied since `logPosition` of the request, then keys as they are after those batches. */
export interface StatePage {
  readonly outcome: 'page';
  readonly batches: readonly Batch[];
  readonly logPosition: number;
  readonly keys: readonly KeyFragment[];
  /** Absent after the last page. */
  readonly cursor: WalkCursor | undefined;
  /** Share of the walk that is done, 0 … 1, for progress. */
  readonly progress: number;
}

/** The giver cannot go on (its log has dropped those batches, or it took a state itself): start again. */
interface StateLost {
  readonly outcome: 'lost';
}

/**
 * To one peer that waits for it: I hold your mutations up to `seq`, on the disk if I have one. Sent only while serving or
 * draining.
 */
export interface ConfirmMessage {
  readonly type: 'confirm';
  readonly from: Origin;
  readonly to: Origin;
  readonly seq: number;
}

/** To one peer whose presence has a number: what does your clock show? */
export interface ClockRequest {
  readonly type: 'clockRequest';
  readonly from: Origin;
  readonly to: Origin;
  /** Chosen by the asker, repeated in the answer. */
  readonly id: number;
}

export interface ClockReply {
  readonly type: 'clockReply';
  readonly from: Origin;
  readonly to: Origin;
  readonly id: number;
  /** The answerer's wall clock when it answered, ms since 1970. */
  readonly wallMs: number;
}

/** How a bus writes batches. */
export interface BatchCodec {
  /** The text of a batch: one string, where the batch is many objects. */
  pack(batch: Batch): string;
  /** A batch from what {@link pack} made, or from what a {@link BatchMessage} brought. */
  unpack(packed: string): Batch;
}

/** What carries messages between the servers of a fleet. It may lose, repeat and reorder; it never corrupts. */
export interface Bus extends BatchCodec {
  /** Whether a broker is connected now. */
  readonly connected: boolean;
  /** Whether what it delivers was said by a holder of the fleet's key. */
  readonly isSealed?: boolean;
  /**
   * Largest message that the broker carries, in bytes on the wire; `undefined` (or absent): any that is made, as far as is
   * known. What is larger is refused.
   */
  readonly limitBytes?: number | undefined;
  /** Bytes of a message on the wire, at most. */
  sizeOf?(message: Message): number;
  /**
   * Sends. `settled` is called once: `true` when the broker took it (which proves nothing about the peers), `false`
   * when it is not connected, refused, or did not answer in time. Never throws.
   */
  publish(message: Message, settled?: (taken: boolean) => void): void;
  /** Starts delivering. Called once. */
  start(listener: BusListener): void;
  /** Sends what is pending, takes leave, disconnects. */
  stop(): Promise<void>;
}

export interface BusListener {
  /** A valid message of this fleet. `bytes` is its size on the wire. Never throws. */
  onMessage(message: Message, bytes: number): void;
  /** A broker is connected and the subscriptions are in force. */
  onConnected(): void;
  onDisconnected(): void;
}
