import type { Origin, VectorEntries } from '../core/dot.js';
import type { Batch, Floor } from '../core/mutation.js';
import type { KeyFragment, WalkCursor } from '../core/record.js';
import type { ArrivalEffect } from './trace.js';

/** The messages that servers of one fleet exchange, as plain data. The wire form is in docs/PROTOCOL.md. */
export type Message =
  | BatchMessage
  | PresenceMessage
  | VectorRequest
  | VectorReply
  | LogRequest
  | LogReply
  | StateRequest
  | StateReply
  | ConfirmMessage
  | ClockRequest
  | ClockReply;

/** To everyone: a batch, sent only by its origin. */
export interface BatchMessage {
  readonly type: 'batch';
  readonly batch: Batch;
  /** The same batch as encoded by its {@link BatchCodec}: encoded once, then published and kept in the log. */
  readonly packed: string;
}

/**
 * To everyone: a server announces itself and what it holds.
 *
 * - `joining`: receives the fleet's state, does not answer anyone yet
 * - `serving`: reads, writes, and answers peers
 * - `draining`: accepts no more writes and leaves as soon as a peer holds all of its own; peers announce themselves at
 *   once
 * - `leaving`: has left; also the last will of a server that disappears
 */
export interface PresenceMessage {
  readonly type: 'presence';
  readonly origin: Origin;
  /** `host:port` of the gRPC doors, for people and clients; empty if unknown. */
  readonly address: string;
  readonly state: PresenceState;
  /** The sender's wall clock when it sent this, ms since 1970. */
  readonly wallMs: number;
  /** Digest of the whole version vector: equal if and only if the vectors are equal (except for collisions). */
  readonly vectorDigest: string;
  /** Rolling hash of entries, flags and counters at that vector. */
  readonly storeHash: string;
  /** The entries of the vector that advanced most recently; all of it while it is short. */
  readonly recent: VectorEntries;
  /** Whether the sender offers the enrolment portal, and so may be its gateway. */
  readonly portal?: boolean;
  /** Whether the sender has the door of MQTT open, and so may be the one that acts there. */
  readonly mqtt?: boolean;
  /** The sender waits until peers hold its own mutations up to this seq; they answer with {@link ConfirmMessage}. */
  readonly awaits?: number;
  /**
   * 1, 2, 3, … within this incarnation, so that an older presence never overrides a newer one. Absent in a last will,
   * and from servers of versions before this field.
   */
  readonly number?: number;
  /**
   * Keyed digest of the whole vector, with the hour of its key: unequal ones of one hour prove that vectors differ, also
   * where {@link vectorDigest} is equal.
   */
  readonly keyedDigest?: KeyedDigest;
  /** Which kinds of mutations and messages the sender understands; absent, for 1, from versions before this field. */
  readonly level?: number;
  /** Its readable name, as `isServerName` has it; absent if that is its address, and from versions before this field. */
  readonly name?: string;
  /** The version of its program, as `isProgramVersion` has it; absent from versions before this field. */
  readonly program?: string;
  /**
   * Somebody looks at the sender (3), or at a server that it hears, and so on: it may be passed on so often, less one.
   * Absent while nobody looks.
   */
  readonly looks?: number;
  /** The servers that the sender hears, at most 64; absent unless it has heard that somebody looks. */
  readonly hears?: readonly Origin[];
}

/** See `BucketDigests.whole`. */
export interface KeyedDigest {
  /** Hours since 1970. */
  readonly epoch: number;
  readonly digest: string;
}

export type PresenceState = 'joining' | 'serving' | 'draining' | 'leaving';

/**
 * To one peer: asks for its vector where it differs from the sender's. Origins lie in buckets by their names, and each
 * side has a digest of each bucket, so what travels grows with the difference, not with the number of origins.
 */
export interface VectorRequest {
  readonly type: 'vectorRequest';
  readonly from: Origin;
  readonly to: Origin;
  readonly id: number;
  readonly ask: VectorQuestion | VectorPageRequest;
}

/** The first request. */
export interface VectorQuestion {
  /** Of the key of the digests: hours since 1970 on the asker's clock. */
  readonly epoch: number;
  /** Origins whose entries are told whatever they are, and which are in no digest: those that change just now. */
  readonly explicit: readonly Origin[];
  /** Digests of the asker's vector without `explicit`: see `BucketDigests`. */
  readonly digests: string;
}

/** Asks for the next page of the buckets that differed. */
export interface VectorPageRequest {
  readonly buckets: readonly number[];
  readonly cursor: number;
}

export interface VectorReply {
  readonly type: 'vectorReply';
  readonly from: Origin;
  readonly to: Origin;
  readonly id: number;
  /** The buckets that differ from the digests of the question. What is in no other is told in `entries`. */
  readonly buckets: readonly number[];
  /** The giver's entries of `explicit` and further ones, then a page of those of `buckets`. */
  readonly entries: VectorEntries;
  /** Absent after the last page. */
  readonly cursor: number | undefined;
}

/** To one peer: asks for the batches that the sender lacks. */
export interface LogRequest {
  readonly type: 'logRequest';
  readonly from: Origin;
  readonly to: Origin;
  /** Chosen by the asker, repeated in the answer. */
  readonly id: number;
  /** The asker's whole version vector; with `only`, the origins of which it lacks something, with what it has. */
  readonly vector: VectorEntries;
  /** Whether nothing is asked for but what the origins in `vector` wrote; they may have seq 0 then. */
  readonly only?: true;
}

export interface LogReply {
  readonly type: 'logReply';
  readonly from: Origin;
  readonly to: Origin;
  readonly id: number;
  /**
   * `batches`: the next ones, each applicable after those before it. `stateNeeded`: the log no longer reaches back that
   * far.
   */
  readonly outcome: 'batches' | 'stateNeeded';
  readonly batches: readonly Batch[];
  /** There are more; ask again with the new vector. */
  readonly more: boolean;
}

/** To one peer: asks it to open a walk over its state (`page` absent), or for the next page of the walk. */
export interface StateRequest {
  readonly type: 'stateRequest';
  readonly from: Origin;
  readonly to: Origin;
  readonly id: number;
  /** Absent in the opening request. */
  readonly page: StatePageRequest | undefined;
  /** In the opening request: the asker takes the vector by difference, with digests of this hour. */
  readonly epoch?: number | undefined;
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
  /** The whole vector, or its digests where it is long and the asker takes those. */
  readonly vector: VectorEntries | VectorDigest;
  /** The causal frontier of the vector: its dots imply all others. Absent if it is long, and from older versions. */
  readonly frontier?: VectorEntries;
  readonly logPosition: number;
  readonly partHashes: readonly string[];
  /** The floors of the parts that have one. */
  readonly floors: readonly (Floor & { readonly part: number })[];
  /** The giver's fleet clock, ms since 1970; absent from older versions. */
  readonly fleetMs?: number;
  /** The first cursor. */
  readonly cursor: WalkCursor;
}

/** A vector at one moment, for whoever has nearly the same. */
export interface VectorDigest {
  readonly epoch: number;
  readonly digests: string;
  /** The entries that advanced last. */
  readonly recent: VectorEntries;
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

/**
 * The giver cannot continue (its log has dropped those batches, or it adopted a state itself): the walk must restart.
 */
interface StateLost {
  readonly outcome: 'lost';
}

/**
 * To one peer that waits for it: the sender holds the peer's mutations up to `seq`, on disk if it has a journal. Sent
 * only while serving or draining.
 */
export interface ConfirmMessage {
  readonly type: 'confirm';
  readonly from: Origin;
  readonly to: Origin;
  readonly seq: number;
}

/** To one peer whose presence has a number: asks for the time on its clock. */
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

/** How a bus encodes batches. */
export interface BatchCodec {
  /** Encodes a batch as one string, which takes less memory than its many objects. */
  pack(batch: Batch): string;
  /** Decodes what {@link pack} made, or what arrived in a {@link BatchMessage}. */
  unpack(packed: string): Batch;
}

/**
 * Carries messages between the servers of a fleet. It may lose, repeat and reorder messages; it never corrupts them.
 */
export interface Bus extends BatchCodec {
  /** Whether a broker is connected now. */
  readonly connected: boolean;
  /** Whether every message delivered is authenticated with the fleet's key. */
  readonly isSealed?: boolean;
  /**
   * Largest message that the broker carries, in bytes on the wire; larger ones are refused. `undefined` or absent if no
   * limit is known.
   */
  readonly limitBytes?: number | undefined;
  /** An upper bound on the bytes of a message on the wire. */
  sizeOf?(message: Message): number;
  /**
   * Sends a message. `settled` is called once: `true` when the broker took it (which proves nothing about the peers),
   * `false` when no broker is connected, or it refused or did not answer in time. Never throws.
   */
  publish(message: Message, settled?: (taken: boolean) => void): void;
  /** Starts delivering. Called once. */
  start(listener: BusListener): void;
  /** Sends what is pending, announces that it leaves, and disconnects. */
  stop(): Promise<void>;
}

export interface BusListener {
  /** A valid message of this fleet. `bytes` is its size on the wire. Never throws. @returns what it did */
  onMessage(message: Message, bytes: number): ArrivalEffect;
  /** Mutations that messages have applied so far; absent: unknown. */
  appliedMutations?(): number;
  /** A broker is connected and the subscriptions are in force. */
  onConnected(): void;
  onDisconnected(): void;
}
