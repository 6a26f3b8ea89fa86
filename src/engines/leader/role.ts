import type { Origin, VectorEntries } from '../../core/dot.js';
import { KvsError } from '../../core/errors.js';
import type { Mutation } from '../../core/mutation.js';
import type { Store } from '../../core/store.js';
import type { Answers, OfKind } from '../../ports/engine.js';
import type { Logger } from '../../ports/logger.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { MensagemConnection } from '../../wire/mensagem/connection.js';
import type { AddressText } from '../../wire/mensagem/console.js';
import type { ByteBudget } from '../../wire/mensagem/lines.js';
import type { Mensagem, WireClient, WithCredential } from '../../wire/mensagem/messages.js';
import type { OrderedWrite } from '../../wire/mensagem/writes.js';

/** `joining`: has not yet what the others have; `leaving`: stops. */
export type RoleState = 'joining' | 'serving' | 'leaving';

export interface RoleOptions {
  readonly store: Store;
  /** This incarnation: fresh at every start, never used before. */
  readonly origin: Origin;
  /** `IP:porta` of this server, of the leader, and of the servers that are not this one. */
  readonly self: AddressText;
  readonly leader: AddressText;
  readonly others: readonly AddressText[];
  /** A write that not every server has acknowledged within this has an unknown outcome. */
  readonly deadlineMs: number;
  /** What this server shows to the others. */
  readonly shows: WithCredential;
  readonly budget: ByteBudget;
  readonly time: Time;
  readonly random: Random;
  readonly logger: Logger;
  /** Prints one line of the contract. */
  readonly print: (line: string) => void;
  /** Called for each mutation of the leader's, in order, as soon as what is here of it may be shown. */
  readonly onShown: (mutation: Mutation) => void;
  /** Called when a state was joined: what is here may be more than before by any number of writes. */
  readonly onJoined: () => void;
  /** Called at every change of {@link LeaderRole.state} and {@link LeaderRole.whole}. */
  readonly onChange: () => void;
}

/** What a server does as the leader, or as a follower of it. */
export interface LeaderRole {
  readonly state: RoleState;
  /** Whether every server of the system (the leader's view), or the leader (a follower's), is there and up to date. */
  readonly whole: boolean;
  /** Whether this server takes writes now: the leader is here, or is it. */
  readonly takesWrites: boolean;
  /** What people want to know, in one word or two. */
  readonly name: string;
  start(): void;
  /** A `PUT` of a client; its timestamp. @throws KvsError as {@link write} */
  put(key: string, value: string, client: WireClient): Promise<number>;
  /** @throws KvsError SERVIDOR_*, SEM_LIDER, RESULTADO_DESCONHECIDO, and what the write itself may meet with */
  write<K extends OrderedWrite['kind']>(write: OfKind<OrderedWrite, K>): Promise<Answers[K]>;
  /**
   * When what is here of a key (of all keys if `undefined`) may be shown; `undefined`: now.
   * The promise rejects with KvsError SEM_CONFIRMACAO.
   */
  visible(key: string | undefined): Promise<void> | undefined;
  /** Everything that answers may have shown until now, in few entries: they imply all the others. */
  seen(): VectorEntries;
  /** An answer is given that may show whatever is here. */
  showsAll(): void;
  /**
   * A message that only servers send each other. @returns whether the connection now belongs to another server
   */
  onServerMessage(connection: MensagemConnection, message: Mensagem): boolean;
  onClosed(connection: MensagemConnection): void;
  /** Ends in order: writes in progress first, up to a deadline. Never rejects. */
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
