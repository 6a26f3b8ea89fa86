import type { WireKey } from '../record-shapes.js';
import type { Origin, VectorEntries } from '../../core/dot.js';
import type { ErrorCode } from '../../core/errors.js';

/**
 * The `Mensagem` of contract section 5: one JSON object per line over TCP, in both directions. The shapes here are those
 * on the wire; docs/PROTOCOL.md explains them field by field.
 */

/** Version of what servers say to each other. A server of another version is not taken for one. */
export const MENSAGEM_FORMAT = 1;

/** What stands for a value when there is none to give. */
export const NULL = 'NULL';
export const TRY_OTHER = 'TRY_OTHER_SERVER_OR_LATER';

/** The address of a client as the server that it called saw it. */
export interface WireClient {
  readonly ip: string;
  readonly porta: number;
}

/** A row as an engine shows it, without its key. */
export interface WireRow {
  readonly valor: string;
  readonly versao: number;
  readonly instante: number;
}

/** Chosen by whoever asks and repeated in the answer; with one, answers may come in any order. */
interface WithId {
  readonly id?: number;
}

/** With credentials, who says so: a token. Never repeated in anything that is sent or printed. */
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
  /** The last timestamp of this key that the client was shown; 0 at first. */
  readonly timestamp: number;
}

interface PutOkMessage extends WithId {
  readonly tipo: 'PUT_OK';
  readonly chave: string;
  readonly timestamp: number;
}

/** The answer to a `GET`: what to print is always in `valor`, and `tipo` tells a value from the absence of one. */
export interface GetAnswer extends WithId {
  readonly tipo: 'GET_OK' | typeof NULL | typeof TRY_OTHER;
  readonly chave: string;
  readonly valor: string;
  /** The server's timestamp of the key; 0 if it has none. */
  readonly timestamp: number;
}

/** Nobody can tell whether a write was done. */
export interface UnknownMessage extends WithId {
  readonly tipo: 'UNKNOWN_OUTCOME';
  readonly codigo: ErrorCode;
  readonly mensagem: string;
}

/** It was not done. */
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

interface FollowerOkMessage {
  readonly tipo: 'FOLLOWER_OK';
}

export const OPERATION_KINDS = ['insert', 'put', 'remove', 'removeAll', 'trim'] as const;
type OperationKind = (typeof OPERATION_KINDS)[number];

/** A write that came to a follower by another door. */
export interface OperationMessage {
  readonly tipo: 'OPERATION';
  readonly op: OperationKind;
  readonly chave: string;
  readonly valor?: string;
  readonly versao?: number;
  readonly id: number;
}

export interface OperationOkMessage {
  readonly tipo: 'OPERATION_OK';
  readonly linha?: WireRow;
  readonly anterior?: WireRow;
  readonly id: number;
}

/** Holds if the newest row of the key has this version; 0: if it has none. */
interface WireGuard {
  readonly chave: string;
  readonly versao: number;
}

/** The next version of a key; without `valor` every version of it is removed. */
interface WireWrite {
  readonly chave: string;
  readonly valor?: string;
}

/** Several keys as one step, on conditions, asked of a follower by another door. */
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

/** The leader takes a follower, which from now on listens to no leader before this one. */
export interface LeaderMessage extends WithCredential {
  readonly tipo: 'LEADER';
  readonly formato: number;
  readonly origem: Origin;
  /** Who says so, and whom it takes for its follower: both must be what the follower was told. */
  readonly lider: string;
  readonly seguidor: string;
  /** Grows from one start of the leader to the next: a follower that has seen a later one refuses. */
  readonly inicio: number;
}

/** The follower knows a leader that was started after this one. */
interface LeaderStaleMessage {
  readonly tipo: 'LEADER_STALE';
  readonly inicio: number;
}

interface LeaderOkMessage {
  readonly tipo: 'LEADER_OK';
  readonly formato: number;
  /** What the follower holds. */
  readonly vetor: VectorEntries;
}

/** An insert, in the order in which the leader made it. */
export interface ReplicationMessage {
  readonly tipo: 'REPLICATION';
  readonly origem: Origin;
  readonly seq: number;
  readonly chave: string;
  readonly valor: string;
  readonly timestamp: number;
  readonly instante: number;
  readonly contexto?: VectorEntries;
}

/** A removal: of everything observed but what is kept, or of the dots of one version. */
export interface RemovalMessage {
  readonly tipo: 'REMOVAL';
  readonly origem: Origin;
  readonly seq: number;
  readonly chave: string;
  readonly observado?: VectorEntries;
  readonly mantem?: VectorEntries[number];
  readonly timestamp?: number;
  readonly pontos?: VectorEntries;
}

/**
 * The mutations from `seq` to `ultimo`, which follow, are one step: nobody is shown a part of them, and they are
 * acknowledged together.
 */
interface StepMessage {
  readonly tipo: 'STEP';
  readonly origem: Origin;
  readonly seq: number;
  readonly ultimo: number;
}

/** Everything of the leader up to `seq` is applied. */
interface ReplicationOkMessage {
  readonly tipo: 'REPLICATION_OK';
  readonly seq: number;
}

/** The leader asks for all that a follower holds. */
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

/** The page was taken. */
interface StateOkMessage {
  readonly tipo: 'STATE_OK';
}

/** The follower has caught up, and may show what it holds. */
interface ServingMessage {
  readonly tipo: 'SERVING';
}

interface PingMessage {
  readonly tipo: 'PING' | 'PONG';
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
