/** What the panel of a server is fed by: pictures of everything that people look at, and what happened. */
import type { VectorEntries } from '../core/dot.js';
import type { Usage } from './capacity.js';
import type { ServerStatus } from './status.js';

/** A server and its engine, as they are for as long as it runs. */
export interface PanelServer {
  readonly name: string;
  readonly address: string;
  /** Empty on engines without origins. */
  readonly origin: string;
  readonly engine: 'frota' | 'consenso' | 'lider' | 'particoes';
  readonly fleet: string;
  readonly programVersion: string;
  readonly startedMs: number;
}

/** A server of the system, as this one sees it. */
export interface PanelPeer extends ServerStatus {
  /** A replica of the store of a consensus, or a node of partitions, and no server of this program. */
  readonly isReplica: boolean;
  /** Of its content, as it announced it; empty if unknown. */
  readonly storeHash: string;
  readonly vectorDigest: string;
  readonly recent: VectorEntries;
  /** Whom it hears: origins, or addresses on engines without; `undefined`: it does not say. */
  readonly hears: readonly string[] | undefined;
}

/** Calls of one operation at one door. */
export interface CallFigures {
  readonly door: string;
  readonly operation: string;
  /** Since the start. */
  readonly total: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly errorsPerSecond: number;
  /** Of the calls since the picture before. */
  readonly latency: LatencyFigures | undefined;
}

/** Quantiles of durations, in ms. */
export interface LatencyFigures {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

interface PortFigures {
  readonly connections: number;
  readonly openCalls: number;
  readonly watches: number;
  readonly panels: number;
  readonly refused: number;
}

export interface ProcessFigures {
  /** Share of one processor. */
  readonly cpu: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly heapBytesMax: number;
  /** How late the event loop came round, in ms. */
  readonly delay: Readonly<Record<'p50' | 'p99' | 'max', number>>;
}

/** Fleet: rates per second since the picture before; `total…` since the start. */
export interface ReplicationFigures {
  readonly sentBatches: number;
  readonly sentMutations: number;
  readonly receivedBatches: number;
  readonly appliedMutations: number;
  readonly repeatedBatches: number;
  readonly sentMessages: number;
  readonly receivedMessages: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly repairs: number;
  readonly waitingBatches: number;
  readonly totalRepairs: number;
  readonly totalStates: number;
  readonly totalDivergences: number;
  readonly totalReconnects: number;
  readonly clockLeadMs: number;
}

export interface ConsensusFigures {
  readonly hasMajority: boolean;
  /** Address of the replica that leads; empty if none is known. */
  readonly leader: string;
  readonly term: number;
  readonly revision: number;
  readonly members: readonly MemberFigures[];
}

/** A replica of the store. */
export interface MemberFigures {
  readonly address: string;
  readonly leads: boolean;
  /** Portuguese, in a few words. */
  readonly state: string;
  readonly term: number;
  /** Last entry of its log that it has applied; 0 if unknown. */
  readonly appliedIndex: number;
  readonly databaseBytes: number;
  readonly version: string;
  readonly latency: LatencyFigures | undefined;
}

export interface LeadershipFigures {
  readonly role: 'lider' | 'seguidor';
  readonly leader: string;
  readonly isWhole: boolean;
  /** Writes that wait for every follower. */
  readonly waiting: number;
  readonly window: { readonly mutations: number; readonly bytes: number };
  readonly followers: readonly FollowerFigures[];
}

interface FollowerFigures {
  readonly address: string;
  readonly isUpToDate: boolean;
  readonly lag: number;
  readonly mutations: number;
  readonly bytes: number;
}

/** Faults that are on. */
export interface FaultFigures {
  readonly isIsolated: boolean;
  /** When it connects again by itself, ms since 1970; 0: it is not isolated. */
  readonly endsMs: number;
  readonly lostInPerMille: number;
  readonly lostOutPerMille: number;
  readonly clockMs: number;
}

/** A server that was there and is no more. */
export interface DepartedServer {
  readonly name: string;
  readonly address: string;
  readonly origin: string;
  readonly programVersion: string;
  /** When it left, or was last heard, ms since 1970. */
  readonly atMs: number;
}

/** What each engine adds to a picture. */
export interface EnginePicture {
  readonly servers: readonly PanelPeer[];
  /** Those that left lately, the latest first. Absent where servers do not come and go. */
  readonly departed?: readonly DepartedServer[];
  readonly agrees: boolean;
  readonly hasDiverged: boolean;
  readonly warnings: readonly string[];
  readonly keys: number;
  readonly versions: number;
  readonly bytes: number;
  readonly broker?: { readonly address: string; readonly isConnected: boolean; readonly isHere: boolean };
  readonly replication?: ReplicationFigures;
  readonly consensus?: ConsensusFigures;
  readonly leadership?: LeadershipFigures;
}

/** How everything is at one moment. */
export interface PanelPicture extends EnginePicture {
  readonly atMs: number;
  /** The time that rates are of, in ms; 0 in the first picture since somebody looks: all rates are 0. */
  readonly periodMs: number;
  readonly limits: readonly Usage[];
  readonly health: ReadonlyMap<string, boolean>;
  readonly calls: readonly CallFigures[];
  readonly port: PortFigures;
  readonly process: ProcessFigures;
  /** `undefined`: this server has no laboratory. */
  readonly faults: FaultFigures | undefined;
}

/** Something that happened. */
export interface PanelEvent {
  /** 1, 2, 3, … since the start. */
  readonly number: number;
  readonly atMs: number;
  readonly level: 'detalhe' | 'info' | 'aviso' | 'erro';
  readonly message: string;
  /** `log`: only for who may administer. `estado`: seen in pictures, for all. */
  readonly source: 'log' | 'estado';
  /** JSON of further fields. */
  readonly fields: string;
}

/** What a viewer is told. */
export type PanelNews =
  | { readonly kind: 'picture'; readonly picture: PanelPicture }
  | { readonly kind: 'events'; readonly lost: number; readonly events: readonly PanelEvent[] };

/** Makes pictures for whoever looks, and does nothing while nobody does. */
export interface Panel {
  readonly server: PanelServer;
  /** ms between two pictures. */
  readonly intervalMs: number;
  /** Begins to look; the iterator's end is the end of looking. @param seesLog whether the server's log is shown too */
  open(seesLog: boolean): AsyncIterableIterator<PanelNews>;
}
