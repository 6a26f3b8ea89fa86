import type { Origin, VectorEntries } from '../../core/dot.js';
import { KvsError } from '../../core/errors.js';
import type { RetentionBound } from '../../core/retention.js';
import type { Store } from '../../core/store.js';
import type { Answers, OfKind } from '../../ports/engine.js';
import type { Logger } from '../../ports/logger.js';
import type { Random } from '../../ports/random.js';
import type { Room } from '../room.js';
import type { Time } from '../../ports/time.js';
import type { MensagemConnection } from '../../wire/mensagem/connection.js';
import type { AddressText } from '../../wire/mensagem/console.js';
import type { LinkLaboratory } from '../../wire/mensagem/line-tap.js';
import type { ByteBudget } from '../../wire/mensagem/lines.js';
import type { Mensagem, WireClient, WithCredential } from '../../wire/mensagem/messages.js';
import type { OrderedWrite } from '../../wire/mensagem/writes.js';

/** `joining`: does not have yet what the others have; `leaving`: stops. */
export type RoleState = 'joining' | 'serving' | 'leaving';

export interface RoleOptions {
  readonly store: Store;
  readonly room: Room;
  /** This incarnation: fresh at every start, never used before. */
  readonly origin: Origin;
  /** `IP:porta` of this server, of the leader, and of the servers that are not this one. */
  readonly self: AddressText;
  readonly leader: AddressText;
  readonly others: readonly AddressText[];
  /** The outcome of a write is unknown if not every server has acknowledged it within this. */
  readonly deadlineMs: number;
  /** The credential that this server shows to the others. */
  readonly shows: WithCredential;
  readonly budget: ByteBudget;
  /** Cuts the connections to the other servers, and tells what goes over them; absent: nothing does. */
  readonly laboratory?: LinkLaboratory | undefined;
  readonly time: Time;
  readonly random: Random;
  readonly logger: Logger;
  /** Prints one line of the contract. */
  readonly print: (line: string) => void;
  /** Called for each mutation applied to the store, in order, as soon as this server may show it. */
  readonly onShown: () => void;
  /** Called when a state was joined: the store may have advanced by any number of writes. */
  readonly onJoined: () => void;
  /** Called at every change of {@link LeaderRole.state} and {@link LeaderRole.whole}. */
  readonly onChange: () => void;
}

/** Another server of the system, as a role knows it. */
export interface RolePeer {
  readonly address: AddressText;
  readonly isLeader: boolean;
  /** `unknown`: nobody tells, since followers are connected to the leader alone. */
  readonly state: 'upToDate' | 'behind' | 'away' | 'unknown';
  /** How many mutations it lacks of those of this server, as far as that is known. */
  readonly lag: number;
  /** When it was last heard, monotonic ms; 0: never. */
  readonly heardMs: number;
}

/** How the leader's side is, for metrics. */
export interface LeaderFigures {
  readonly followers: readonly {
    readonly address: AddressText;
    readonly upToDate: boolean;
    /** Mutations that it has not acknowledged. */
    readonly lag: number;
    /** What is under way to it. */
    readonly inFlight: { readonly mutations: number; readonly bytes: number };
  }[];
  /** Writes that wait for every follower. */
  readonly waiting: number;
}

/** The role of a server: the leader, or a follower of it. */
export interface LeaderRole {
  readonly state: RoleState;
  /**
   * For the leader, whether every server of the system is connected and up to date; for a follower, whether the
   * leader is.
   */
  readonly whole: boolean;
  /** Whether this server takes writes now: it is the leader, or is connected to it. */
  readonly takesWrites: boolean;
  /** Whether this server is the leader and serves. */
  readonly leads: boolean;
  /** Absent on a follower. */
  readonly figures?: LeaderFigures;
  /** Name of the role for people, in one word or two. */
  readonly name: string;
  /** Whether every server of the system holds a dot, as far as this one knows. A follower learns it a moment later. */
  allHold(origin: Origin, seq: number): boolean;
  /** The other servers. */
  peers(): readonly RolePeer[];
  start(): void;
  /** Handles a `PUT` of a client and returns its timestamp. @throws KvsError as {@link write} */
  put(key: string, value: string, client: WireClient): Promise<number>;
  /** @throws KvsError SERVIDOR_*, SEM_LIDER, RESULTADO_DESCONHECIDO, and the errors of the write itself */
  write<K extends OrderedWrite['kind']>(write: OfKind<OrderedWrite, K>): Promise<Answers[K]>;
  /** See {@link Retains.retain}; 0 on a follower. */
  retain(key: string, bound: RetentionBound, most: number): Promise<number>;
  /**
   * Resolves when the present state of a key (of all keys if `undefined`) may be shown; `undefined` if it may now.
   * The promise rejects with KvsError SEM_CONFIRMACAO.
   */
  visible(key: string | undefined): Promise<void> | undefined;
  /** A frontier of everything that answers may have shown until now. */
  seen(): VectorEntries;
  /** Called for an answer that may show everything in the store. */
  showsAll(): void;
  /**
   * Handles a message that only servers send each other.
   * @returns whether the connection now belongs to another server
   */
  onServerMessage(connection: MensagemConnection, message: Mensagem): boolean;
  onClosed(connection: MensagemConnection): void;
  /** Stops in order: waits for writes in progress, up to a deadline. Never rejects. */
  stop(): Promise<void>;
}

/** @throws KvsError SERVIDOR_ENTRANDO, SERVIDOR_SAINDO */
export function assertServing(state: RoleState): void {
  if (state === 'joining') {
    throw new KvsError(
      'SERVIDOR_ENTRANDO',
      'o servidor ainda não tem o que os outros têm; tente outro, ou este daqui a pouco',
    );
  }
  if (state === 'leaving') throw new KvsError('SERVIDOR_SAINDO', 'o servidor está saindo; use outro');
}

/** The parts of `IP:porta`. */
export function splitAddress(address: AddressText): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(at + 1)) };
}
