import type { WireKey } from '../record-shapes.js';
import type { Origin, VectorEntries } from '../../core/dot.js';
import type { ErrorCode } from '../../core/errors.js';

/**
 * The `Mensagem` of contract section 5: one JSON object per line over TCP, in both directions. The shapes here are those
 * on the wire; docs/PROTOCOL.md explains them field by field.
 */

/** Version of the protocol between servers. A server of another version is not accepted. */
export const MENSAGEM_FORMAT = 1;

/**
 * What a server understands within that format, so that servers of two versions work together. 1, or absent: everything
 * but values that expire; 2: those too; 3: comparisons, renewals, and what the leader says that all servers hold.
 */
export const MENSAGEM_LEVEL = 3;

/** From this level on a server understands values that expire, */
export const EXPIRY_LEVEL = 2;
/** and from this one on comparisons and renewals. */
export const COMPARE_LEVEL = 3;

/** Stands for a missing value. */
export const NULL = 'NULL';
export const TRY_OTHER = 'TRY_OTHER_SERVER_OR_LATER';

/** The address of a client as seen by the server that it called. */
export interface WireClient {
  readonly ip: string;
  readonly porta: number;
}

/** A row as an engine shows it, without its key. */
export interface WireRow {
  readonly valor: string;
  readonly versao: number;
  readonly instante: number;
  /** When it expires, ms since 1970. */
  readonly expira?: number;
}

/** How many versions were removed, and 1 key if none is left. */
interface WireCounted {
  readonly chaves: number;
  readonly versoes: number;
}

/** The id is chosen by the requester and repeated in the answer; with ids, answers may come in any order. */
interface WithId {
  readonly id?: number;
}

/** The level of the sender: see {@link MENSAGEM_LEVEL}. */
interface WithLevel {
  readonly nivel?: number;
}

/** The leader's clock at the moment of sending, ms since 1970: by it all servers see what has expired. */
interface WithLeaderTime {
  readonly hora?: number;
}

/** The sender's token, if credentials are in use. Never repeated in anything sent or printed. */
export interface WithCredential {
  readonly credencial?: string;
}

// ── a client and its server; also a follower and the leader ──

export interface PutMessage extends WithId, WithCredential {
  readonly tipo: 'PUT';
  readonly chave: string;
  readonly valor: string;
  /** Only from a follower: the client that it forwards for. */
  readonly cliente?: WireClient;
}

export interface GetMessage extends WithId, WithCredential {
  readonly tipo: 'GET';
  readonly chave: string;
  /** The last timestamp of this key that the client has seen; 0 at first. */
  readonly timestamp: number;
}

interface PutOkMessage extends WithId {
  readonly tipo: 'PUT_OK';
  readonly chave: string;
  readonly timestamp: number;
}

/**
 * The answer to a `GET`: the text to print is always in `valor`, and `tipo` distinguishes a value from a missing one.
 */
export interface GetAnswer extends WithId {
  readonly tipo: 'GET_OK' | typeof NULL | typeof TRY_OTHER;
  readonly chave: string;
  readonly valor: string;
  /** The server's timestamp of the key; 0 if it has none. */
  readonly timestamp: number;
}

/** It is unknown whether a write was done. */
export interface UnknownMessage extends WithId {
  readonly tipo: 'UNKNOWN_OUTCOME';
  readonly codigo: ErrorCode;
  readonly mensagem: string;
}

/** The request was not done. */
export interface ErrorMessage extends WithId {
  readonly tipo: 'ERROR';
  readonly codigo: ErrorCode;
  readonly mensagem: string;
}

// ── a follower and the leader ──

/** A follower introduces itself, before it forwards anything. */
interface FollowerMessage extends WithCredential {
  readonly tipo: 'FOLLOWER';
  readonly formato: number;
  readonly servidor: string;
}

interface FollowerOkMessage extends WithLevel {
  readonly tipo: 'FOLLOWER_OK';
}

export const OPERATION_KINDS = ['insert', 'put', 'remove', 'removeAll', 'trim', 'compare', 'renew'] as const;
type OperationKind = (typeof OPERATION_KINDS)[number];

/** A write that reached a follower through another door. */
export interface OperationMessage {
  readonly tipo: 'OPERATION';
  readonly op: OperationKind;
  readonly chave: string;
  readonly valor?: string;
  /** Of a `compare`: what is expected, 0 for none. Like a `renew`, it goes only to a leader of level 3. */
  readonly versao?: number;
  /** How long the value lives, in ms; absent: for ever. Only to a leader of level 2. */
  readonly ttl?: number;
  readonly id: number;
}

export interface OperationOkMessage {
  readonly tipo: 'OPERATION_OK';
  readonly linha?: WireRow;
  readonly anterior?: WireRow;
  /** To a `remove`. Leaders of earlier versions do not say it. */
  readonly removidas?: WireCounted;
  readonly id: number;
}

/** Holds if the newest row of the key has this version; 0 holds if it has none. */
interface WireGuard {
  readonly chave: string;
  readonly versao: number;
}

/** Writes the next version of a key; without `valor` removes every version. */
interface WireWrite {
  readonly chave: string;
  readonly valor?: string;
}

/** An atomic conditional write of several keys that reached a follower through another door. */
export interface CommitMessage {
  readonly tipo: 'COMMIT';
  readonly guardas: readonly WireGuard[];
  readonly escritas: readonly WireWrite[];
  readonly id: number;
}

export interface CommitOkMessage {
  readonly tipo: 'COMMIT_OK';
  /** Whether the conditions held. */
  readonly feito: boolean;
  readonly id: number;
}

/** The leader takes on a follower, which from now on obeys no leader started earlier. */
export interface LeaderMessage extends WithCredential, WithLevel, WithLeaderTime {
  readonly tipo: 'LEADER';
  readonly formato: number;
  readonly origem: Origin;
  /** The leader and the intended follower: both must match the follower's configuration. */
  readonly lider: string;
  readonly seguidor: string;
  /** Grows from one start of the leader to the next: a follower that has seen a later one refuses. */
  readonly inicio: number;
}

/** The follower knows a leader that was started later. */
interface LeaderStaleMessage {
  readonly tipo: 'LEADER_STALE';
  readonly inicio: number;
}

export interface LeaderOkMessage extends WithLevel, WithLeaderTime {
  readonly tipo: 'LEADER_OK';
  readonly formato: number;
  /** What the follower holds. */
  readonly vetor: VectorEntries;
}

/** An insert, in the order in which the leader made it. */
export interface ReplicationMessage extends WithLeaderTime {
  readonly tipo: 'REPLICATION';
  readonly origem: Origin;
  readonly seq: number;
  readonly chave: string;
  readonly valor: string;
  readonly timestamp: number;
  readonly instante: number;
  readonly contexto?: VectorEntries;
  /** When it expires, ms since 1970. */
  readonly expira?: number;
}

/**
 * A removal: of everything observed (except the entry to keep), of the dots of one version, or, without `timestamp`, of
 * dots of any versions.
 */
export interface RemovalMessage extends WithLeaderTime {
  readonly tipo: 'REMOVAL';
  readonly origem: Origin;
  readonly seq: number;
  readonly chave: string;
  readonly observado?: VectorEntries;
  readonly mantem?: VectorEntries[number];
  readonly timestamp?: number;
  readonly pontos?: VectorEntries;
  /** Entries covered by this are never the latest value again. */
  readonly passa?: VectorEntries;
}

/**
 * The mutations from `seq` to `ultimo`, which follow, are one atomic step: no reader sees a part of them, and they are
 * acknowledged together.
 */
interface StepMessage {
  readonly tipo: 'STEP';
  readonly origem: Origin;
  readonly seq: number;
  readonly ultimo: number;
}

/** The follower has applied everything of the leader up to `seq`. */
interface ReplicationOkMessage {
  readonly tipo: 'REPLICATION_OK';
  readonly seq: number;
}

/** The leader asks for everything that a follower holds. */
interface StateRequestMessage {
  readonly tipo: 'STATE_REQUEST';
}

export interface StateBeginMessage {
  readonly tipo: 'STATE_BEGIN';
  readonly vetor: VectorEntries;
}

export interface StatePageMessage {
  readonly tipo: 'STATE_PAGE';
  readonly chaves: readonly WireKey[];
  readonly fim: boolean;
}

/** The page was accepted. */
interface StateOkMessage {
  readonly tipo: 'STATE_OK';
}

/** The follower has caught up, and may answer reads. */
interface ServingMessage {
  readonly tipo: 'SERVING';
}

interface PingMessage extends WithLeaderTime {
  readonly tipo: 'PING' | 'PONG';
  /**
   * The leader's last seq that every server has acknowledged. Absent before every server has caught up with this leader:
   * from then on all hold what earlier leaders wrote.
   */
  readonly emTodos?: number;
}

export type MensagemAnswer =
  | PutOkMessage
  | GetAnswer
  | UnknownMessage
  | ErrorMessage
  | OperationOkMessage
  | CommitOkMessage
  | FollowerOkMessage;

export type Mensagem =
  | PutMessage
  | GetMessage
  | MensagemAnswer
  | FollowerMessage
  | OperationMessage
  | CommitMessage
  | LeaderMessage
  | LeaderOkMessage
  | LeaderStaleMessage
  | ReplicationMessage
  | RemovalMessage
  | StepMessage
  | ReplicationOkMessage
  | StateRequestMessage
  | StateBeginMessage
  | StatePageMessage
  | StateOkMessage
  | ServingMessage
  | PingMessage;
