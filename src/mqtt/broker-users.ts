import type { Client } from 'aedes';
import { KvsError } from '../core/errors.js';
import { brokerLimits } from './limits.js';
import type { Gatekeeper, Identity } from '../ports/access.js';
import { mayPublish, mayReceive, maySubscribe } from './topic-rules.js';

/** Why the embedded broker refuses a client something. */
const BROKER_REFUSALS = [
  'SEM_USUARIO',
  'NAO_AUTENTICADO',
  'LIMITE_TENTATIVAS',
  'IDENTIFICADOR_RESERVADO',
  'LIMITE_CONEXOES',
  'CREDENCIAL_REVOGADA',
  'PUBLICACAO_RECUSADA',
  'ASSINATURA_RECUSADA',
] as const;
export type BrokerRefusal = (typeof BROKER_REFUSALS)[number];

/** Return codes of CONNACK in MQTT 3.1.1 for a refused client. */
const CONNACK: Readonly<Partial<Record<BrokerRefusal, number>>> = {
  SEM_USUARIO: 4,
  NAO_AUTENTICADO: 4,
  LIMITE_TENTATIVAS: 5,
  IDENTIFICADOR_RESERVADO: 2,
  LIMITE_CONEXOES: 3,
};

/** Client ids of servers: a client that takes one over cuts the server off. */
export const SERVER_CLIENT_ID = /^kvs:/;

interface BrokerUsersOptions {
  readonly gatekeeper: Gatekeeper;
  readonly fleet: string;
  /** Called at each refusal. @param who name of the credential, or the address of a client without one */
  readonly onRefused: (refusal: BrokerRefusal, who: string) => void;
}

/** The clients of a broker that requires user and password: who each is, and what it may do. */
export class BrokerUsers {
  private readonly identities = new WeakMap<Client, Identity>();
  /** Who is connected under which client id: taking it would cut that client off. */
  private readonly holders = new Map<string, Client>();
  /** Connections of users other than servers. */
  private others = 0;
  readonly refused = Object.fromEntries(BROKER_REFUSALS.map((refusal) => [refusal, 0])) as Record<
    BrokerRefusal,
    number
  >;

  constructor(private readonly options: BrokerUsersOptions) {}

  /**
   * Authenticates a client.
   * @param from its address
   * @throws Error with the return code for CONNACK
   */
  async admit(
    client: Client,
    from: string,
    user: string | undefined,
    password: Buffer | undefined,
  ): Promise<void> {
    if (user === undefined || password === undefined) throw this.refusal('SEM_USUARIO', from);
    let identity: Identity;
    try {
      identity = await this.options.gatekeeper.authenticate(user, password.toString('utf8'), from);
    } catch (error) {
      const { code } = KvsError.from(error);
      throw this.refusal(code === 'LIMITE_TENTATIVAS' ? code : 'NAO_AUTENTICADO', from);
    }
    const isReserved = SERVER_CLIENT_ID.test(client.id) && identity.role !== 'servidor';
    if (isReserved || this.isOfAnother(client.id, identity)) {
      throw this.refusal('IDENTIFICADOR_RESERVADO', identity.name);
    }
    if (identity.role !== 'servidor') this.count(client, identity);
    this.identities.set(client, identity);
    this.hold(client);
  }

  /** Whether somebody else is connected under a client id. Who comes back takes its own connection over. */
  private isOfAnother(clientId: string, { name }: Identity): boolean {
    const holder = this.holders.get(clientId);
    const identity = holder && this.identities.get(holder);
    return identity?.valid === true && identity.name !== name;
  }

  private hold(client: Client): void {
    if (client.conn.destroyed) return;
    this.holders.set(client.id, client);
    client.conn.once('close', () => {
      if (this.holders.get(client.id) === client) this.holders.delete(client.id);
    });
  }

  /** Whether a client has logged in as a server. */
  isServer(client: Client): boolean {
    return this.identities.get(client)?.role === 'servidor';
  }

  /** Whether a client has logged in. */
  isKnown(client: Client): boolean {
    return this.identities.has(client);
  }

  /** Whether the credential of a connected client has been revoked. */
  isRevoked(client: Client): boolean {
    const identity = this.identities.get(client);
    if (identity === undefined || identity.valid) return false;
    this.refuse('CREDENCIAL_REVOGADA', identity.name);
    return true;
  }

  mayPublish(client: Client, topic: string): boolean {
    const identity = this.identities.get(client);
    if (identity?.valid === true && mayPublish(identity, this.options.fleet, topic)) return true;
    this.refuse('PUBLICACAO_RECUSADA', identity?.name ?? client.id);
    return false;
  }

  maySubscribe(client: Client, filter: string): boolean {
    const identity = this.identities.get(client);
    if (identity?.valid === true && maySubscribe(identity, this.options.fleet, filter)) return true;
    this.refuse('ASSINATURA_RECUSADA', identity?.name ?? client.id);
    return false;
  }

  /** Whether a message goes to a client that has a subscription for it. */
  mayReceive(client: Client, topic: string): boolean {
    const identity = this.identities.get(client);
    // What others may subscribe to is theirs as a whole.
    if (identity?.role !== 'administracao') return identity !== undefined;
    return mayReceive(identity, this.options.fleet, topic);
  }

  /**
   * An authenticated client is never cut for another one, so some places are kept for servers.
   * @throws Error as {@link admit}
   */
  private count({ conn }: Client, { name }: Identity): void {
    // The client has left meanwhile.
    if (conn.destroyed) return;
    if (this.others >= brokerLimits.userConnections) throw this.refusal('LIMITE_CONEXOES', name);
    this.others++;
    conn.once('close', () => this.others--);
  }

  private refusal(refusal: BrokerRefusal, who: string): Error {
    this.refuse(refusal, who);
    return Object.assign(new Error(refusal), { returnCode: CONNACK[refusal] });
  }

  private refuse(refusal: BrokerRefusal, who: string): void {
    this.refused[refusal]++;
    this.options.onRefused(refusal, who);
  }
}
