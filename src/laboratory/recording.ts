/**
 * A recorded run of the laboratory: JSON lines, a header and then events in the order in which the recorder learned of them.
 * Written by the laboratory, read by its page, by the exporters and by the corrector of exercises. Pure data.
 */

/** The format that this program writes; it reads no newer one. 2: `missed`, and the change `hosts`. */
export const RECORDING_FORMAT = 2;

export type RecordedEngine = 'frota' | 'consenso' | 'lider';

/** The first line. */
export interface RecordingHeader {
  readonly kind: 'recording';
  readonly format: number;
  readonly engine: RecordedEngine;
  /** Wall clock of the recorder at `t` 0, ms since 1970. */
  readonly startedMs: number;
  /** Version of the program. */
  readonly program: string;
  /** In the order in which they are drawn. */
  readonly hosts: readonly RecordedHost[];
}

/** Whoever has a line of life in the diagram. */
export interface RecordedHost {
  /** Short, such as `n1`; unique. */
  readonly id: string;
  readonly kind: 'server' | 'broker' | 'replica' | 'client';
  /** For people. */
  readonly name: string;
  /** `host:port`; empty for clients. */
  readonly address: string;
}

/**
 * `t`: ms since the start on the machine's wall clock, with a fraction; it may go back from one event to the next.
 * `n`: 1, 2, 3, … What refers to a message or a call comes after it.
 */
interface Recorded {
  readonly n: number;
  readonly t: number;
  /** {@link RecordedHost.id}. */
  readonly host: string;
}

/**
 * A message left `host`. One that is published has no `to`, and every subscriber may receive it. With a broker between, the
 * broker's own event tells whether it came there.
 */
export interface MessageSent extends Recorded {
  readonly kind: 'sent';
  /** Unique in the recording. */
  readonly message: string;
  readonly to?: string;
  /** Topic of MQTT; method of a request to a replica; empty over TCP. */
  readonly topic: string;
  /** What the protocol calls it: `batch`, `presence`, `logRequest`, …; `PUT`, `REPLICATION`, …; `Txn`, `Range`, … */
  readonly type: string;
  readonly bytes: number;
  /** Its text as it travelled (JSON); cut at `laboratoryLimits.bodyBytes`. */
  readonly body: string;
  readonly isCut?: true;
  /** The sender did not tell (it was killed, or had just started): the message was seen only where it came. */
  readonly isInferred?: true;
}

/** The broker has it: seen by the recorder's own subscription, whatever servers say. */
export interface MessageRelayed extends Recorded {
  readonly kind: 'relayed';
  readonly message: string;
  /** The subscription was not open then (the broker had just started): it must have passed, since it arrived. */
  readonly isInferred?: true;
}

/** A message arrived at `host`, and what it did there. */
export interface MessageReceived extends Recorded {
  readonly kind: 'received';
  readonly message: string;
  readonly effect: MessageEffect;
  /** How many mutations it changed the store by. */
  readonly applied?: number;
  /** Nobody there tells: its answer came back (from a replica). */
  readonly isInferred?: true;
}

/**
 * `applied`: it changed the store · `known`: it held nothing new · `held`: it waits for what it depends on · `noted`: it told
 * how its sender is · `answered`: a request, which is answered · `ignored`: nothing, and why does not matter to the store.
 */
export type MessageEffect = 'applied' | 'known' | 'held' | 'noted' | 'answered' | 'ignored';

/** A message ended at `host` on purpose: the laboratory dropped it, going out or coming in. */
export interface MessageDropped extends Recorded {
  readonly kind: 'dropped';
  readonly message: string;
}

/** A message for `host` that never came there. */
export interface MessageMissed extends Recorded {
  readonly kind: 'missed';
  readonly message: string;
  /** `isolated`: the host was cut off as the broker passed it on · `dropped`: the laboratory dropped it as it left. */
  readonly why: 'isolated' | 'dropped';
}

/** What somebody asked of a server through the laboratory. */
export interface CallMade extends Recorded {
  readonly kind: 'call';
  /** Unique in the recording. */
  readonly call: string;
  /** The host of kind `client`. */
  readonly client: string;
  readonly operation: 'insert' | 'query' | 'remove' | 'history' | 'compare';
  readonly key: string;
  readonly value?: string;
  /** Of `query` and `remove`: the version asked for; of `compare`: the one that must be the latest. */
  readonly version?: number;
  /** With the token of an earlier answer: what this client has seen must be visible. */
  readonly isSession?: true;
  /** So many other servers must hold it before the answer. */
  readonly confirm?: number;
}

/** Its answer. */
export interface CallAnswered extends Recorded {
  readonly kind: 'answer';
  readonly call: string;
  /** `OK`, a stable code of the product, or `SEM_RESPOSTA` where nobody knows what happened. */
  readonly code: string;
  /** Portuguese; empty for `OK`. */
  readonly message: string;
  /** What was read or written; one for each version in a history. */
  readonly lines: readonly RecordedLine[];
  /** There were more, or longer ones, than `laboratoryLimits.answerBytes`: the newest are here. */
  readonly isCut?: true;
}

export interface RecordedLine {
  readonly value: string;
  readonly version: number;
  readonly timestampMs: number;
  readonly origin: string;
  /** Whether no other version supersedes it. */
  readonly isHead: boolean;
  /** Whether another has its version number. */
  readonly isSibling: boolean;
}

/** Something was done to a server, or happened to it. */
export interface HostChanged extends Recorded {
  readonly kind: 'host';
  readonly change: HostChange;
  /** Of `clock`: ms by which it runs ahead; of `loss`: the share 0 … 1 that is dropped; of `isolated`: ms at most. */
  readonly amount?: number;
}

/**
 * `leads`: the server leads from now on (consensus: the replica) · `hosts`: the broker runs within this server from now on.
 */
export type HostChange =
  | 'started'
  | 'serving'
  | 'isolated'
  | 'connected'
  | 'killed'
  | 'ended'
  | 'clock'
  | 'loss'
  | 'leads'
  | 'hosts';

/** What a server holds, whenever that changed. */
export interface HostState extends Recorded {
  readonly kind: 'state';
  /** Of entries, flags and counters; equal where two servers hold the same. */
  readonly storeHash: string;
  /** Mutations held of each origin; empty on engines without. */
  readonly vector: Readonly<Record<string, number>>;
  readonly keys: number;
  readonly versions: number;
}

/** A person or a script says where the run is; exercises ask for some of them. */
export interface StepMarked extends Recorded {
  readonly kind: 'mark';
  readonly text: string;
}

export type RecordedEvent =
  | MessageSent
  | MessageRelayed
  | MessageReceived
  | MessageDropped
  | MessageMissed
  | CallMade
  | CallAnswered
  | HostChanged
  | HostState
  | StepMarked;

/** A whole run. */
export interface Recording {
  readonly header: RecordingHeader;
  readonly events: readonly RecordedEvent[];
}
