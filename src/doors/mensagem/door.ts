import type { Socket } from 'node:net';
import { admitAll, admitKnown } from '../../call/admission.js';
import type { Admit, Caller } from '../../call/admission.js';
import type { Observe } from '../../call/observe.js';
import { andThen } from '../../call/operation.js';
import { ended } from '../../call/seam.js';
import { KvsError } from '../../core/errors.js';
import type { AccessControl } from '../../ports/access.js';
import { mensagemDoorLimits } from './limits.js';
import type { Awaitable, Engine, Row } from '../../ports/engine.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import { openPorts } from '../../security/tls/open-ports.js';
import type { Hosts, OpenPorts } from '../../security/tls/open-ports.js';
import { MensagemConnection } from '../../wire/mensagem/connection.js';
import type { ConnectionLimits } from '../../wire/mensagem/connection.js';
import { getAnswer, withId } from '../../wire/mensagem/answers.js';
import { addressText, getAnswered } from '../../wire/mensagem/console.js';
import { LineTap } from '../../wire/mensagem/line-tap.js';
import type { LinkLaboratory } from '../../wire/mensagem/line-tap.js';
import { errorMessage } from '../../wire/mensagem/encode.js';
import type { DoorRole } from '../../engines/leader/fresh-role.js';
import { full, Guests } from './guests.js';
import type { Guest } from './guests.js';
import { identifyServer, isRequest, MensagemCall } from './mensagem-call.js';
import type { RequestMessage } from './mensagem-call.js';
import { CLIENT_SHAPE, mensagemLimits, SERVER_SHAPE } from '../../wire/mensagem/limits.js';
import type { ByteBudget } from '../../wire/mensagem/lines.js';
import { answerMessage, writeOf } from '../../wire/mensagem/writes.js';
import type { Names } from '../../wire/mensagem/names.js';
import type {
  MensagemAnswer,
  CommitMessage,
  GetMessage,
  Mensagem,
  OperationMessage,
  PutMessage,
  WireClient,
} from '../../wire/mensagem/messages.js';

export interface DoorLimits extends ConnectionLimits {
  readonly connections: number;
  readonly serverConnections: number;
  readonly requests: number;
}

export const defaultDoorLimits: DoorLimits = {
  lineBytes: mensagemLimits.lineBytes,
  lineMs: mensagemDoorLimits.lineMs,
  idleMs: mensagemDoorLimits.idleMs,
  connections: mensagemDoorLimits.connections,
  serverConnections: mensagemDoorLimits.serverConnections,
  requests: mensagemDoorLimits.requests,
};

interface DoorOptions {
  readonly host: Hosts;
  /** 0 picks a free one. */
  readonly port: number;
  readonly role: DoorRole;
  readonly engine: Engine;
  /** Budgets for connections of anybody, and for connections of other servers. */
  readonly budget: ByteBudget;
  readonly serverBudget: ByteBudget;
  readonly limits: DoorLimits;
  /** Cuts the connections of other servers, and tells what goes over them; absent: nothing does. */
  readonly laboratory: LinkLaboratory | undefined;
  /** Who may do what; `undefined`: everyone may do everything. */
  readonly access: AccessControl | undefined;
  /** Called with every outcome of a request. */
  readonly observe: Observe;
  readonly time: Time;
  readonly logger: Logger;
  /** Prints one line of the contract. */
  readonly print: (line: string) => void;
}

/** The TCP door of the leader system: accepts `Mensagem`s of clients and of other servers. */
export class MensagemDoor {
  private ports: OpenPorts | undefined;
  private readonly guests: Guests;
  private readonly admit: Admit;
  private leaving = false;

  private constructor(private readonly options: DoorOptions) {
    const { access, engine } = options;
    this.admit = access === undefined ? admitAll(engine) : admitKnown(access, engine);
    this.guests = new Guests(options.limits);
    options.laboratory?.cut.onChange(() => {
      if (this.isCut) this.guests.dropServers();
    });
  }

  /** @throws KvsError PORTA_EM_USO, or CONFIGURACAO for an address that cannot be listened on */
  static async open(options: DoorOptions): Promise<MensagemDoor> {
    const door = new MensagemDoor(options);
    const { host, port } = options;
    door.ports = await openPorts({
      ...{ host, port, allowHalfOpen: true },
      accept: (socket) => {
        door.welcome(socket);
      },
      onError: (error) => {
        options.logger.warn({ err: error }, 'não foi possível aceitar uma conexão');
      },
    });
    return door;
  }

  /** Stops accepting connections and requests; those in progress are answered. */
  leave(): void {
    this.leaving = true;
    void this.ports?.close();
  }

  /** Ends every connection. */
  close(): void {
    this.leave();
    for (const connection of this.guests.connections) connection.end();
  }

  private welcome(socket: Socket): void {
    const { options } = this;
    const spare = this.guests.isFull();
    const guest: Guest = {
      client: { ip: socket.remoteAddress ?? '', porta: socket.remotePort ?? 0 },
      introduced: false,
      server: false,
      identity: undefined,
      spare,
      requests: 0,
      freed: undefined,
    };
    const connection: MensagemConnection = new MensagemConnection(socket, {
      time: options.time,
      budget: options.budget,
      limits: {
        ...options.limits,
        ...(spare && { idleMs: mensagemLimits.connectMs }),
        ...(options.access && { lineBytes: this.strangerLineBytes }),
      },
      shape: CLIENT_SHAPE,
      tap: options.laboratory && new LineTap(options.laboratory),
      onMessage: (message, names) => this.onMessage(connection, guest, message, names),
      onClose: () => {
        this.guests.delete(connection);
        options.role.onClosed(connection);
      },
    });
    this.guests.add(connection, guest);
  }

  /** Whether this server is cut off the others on purpose. */
  private get isCut(): boolean {
    return this.options.laboratory?.cut.isCut === true;
  }

  private get strangerLineBytes(): number {
    return Math.min(this.options.limits.lineBytes, mensagemLimits.strangerLineBytes);
  }

  /** A message of the guest was admitted. */
  private introduce(connection: MensagemConnection, guest: Guest): void {
    connection.accepted();
    if (guest.introduced) return;
    guest.introduced = true;
    if (!guest.server) connection.trust(this.options.limits.lineBytes, CLIENT_SHAPE);
  }

  private onMessage(
    connection: MensagemConnection,
    guest: Guest,
    message: Mensagem,
    names: Names,
  ): Promise<void> | undefined {
    if (guest.spare && !guest.server && message.tipo !== 'LEADER' && message.tipo !== 'FOLLOWER') {
      connection.fail(full(), names);
      return undefined;
    }
    const { access } = this.options;
    if (!isRequest(message)) {
      if (this.isCut) {
        connection.destroy();
        return undefined;
      }
      if (access !== undefined && !guest.identity?.valid) {
        return this.identify(access, connection, guest, message, names);
      }
      if (this.options.role.onServerMessage(connection, message) && !guest.server) {
        guest.server = true;
        guest.introduced = true;
        connection.trust(this.options.limits.lineBytes, SERVER_SHAPE);
        connection.moveTo(this.options.serverBudget);
        if (message.tipo === 'FOLLOWER') {
          connection.setIdleMs(Infinity);
          connection.socket.setKeepAlive(true, mensagemLimits.silentMs);
        }
      }
      return undefined;
    }
    connection.did('answered');
    const call = new MensagemCall(message, guest.client.ip, this.options.time);
    const startedMs = call.takeUp();
    const go = (): Promise<void> | undefined => {
      this.introduce(connection, guest);
      return this.reply(connection, guest, message, names, this.answer(guest, message, call, startedMs));
    };
    // Another server has admitted its own clients; for other callers the table decides.
    if (access === undefined || guest.identity?.valid === true) return go();
    const check = (caller: Caller): void => {
      if ('chave' in message)
        caller.assertMay(message.tipo === 'GET' ? 'read' : 'write', message.chave, 'key');
    };
    const refuse = (thrown: unknown): void => {
      const error = KvsError.from(thrown);
      ended(this.options, call, startedMs, error);
      // A caller without rights to this key may have rights to others.
      if (error.code === 'NAO_AUTORIZADO') connection.send(errorMessage(error, message.id), names);
      else connection.refuse(error, message.id, names);
    };
    try {
      const checked = andThen(this.admit(call), check);
      // Reading stops meanwhile: otherwise all waiting requests would be answered at once, even to a client that does
      // not read.
      if (checked instanceof Promise) return checked.then(go, refuse);
    } catch (thrown) {
      refuse(thrown);
      return undefined;
    }
    return go();
  }

  /** Answers a request. If it has an id, the next one is read at once. */
  private reply(
    connection: MensagemConnection,
    guest: Guest,
    message: RequestMessage,
    names: Names,
    answer: Awaitable<MensagemAnswer>,
  ): Promise<void> | undefined {
    const { id } = message;
    const send = (found: MensagemAnswer): void => {
      connection.send(withId(found, id), names);
    };
    if (!(answer instanceof Promise)) {
      send(answer);
      return undefined;
    }
    // Reads may be large: otherwise all waiting ones would be answered at once, even to a client that does not read.
    if (id === undefined || message.tipo === 'GET') return answer.then(send);
    guest.requests++;
    connection.answering();
    void answer.then((found) => {
      guest.requests--;
      connection.answered(withId(found, id), names);
      guest.freed?.();
    });
    if (guest.requests < this.options.limits.requests) return undefined;
    return new Promise((resolve) => {
      guest.freed = () => {
        guest.freed = undefined;
        resolve();
      };
    });
  }

  /** A server authenticates before anything else, and again when its credential is no longer valid. */
  private async identify(
    access: AccessControl,
    connection: MensagemConnection,
    guest: Guest,
    message: Mensagem,
    names: Names,
  ): Promise<void> {
    try {
      guest.identity = await identifyServer(message, guest.client.ip, access.gatekeeper);
    } catch (error) {
      connection.fail(KvsError.from(error));
      return;
    }
    if (!connection.closed) await this.onMessage(connection, guest, message, names);
  }

  /** Never throws or rejects. */
  private answer(
    guest: Guest,
    message: RequestMessage,
    call: MensagemCall,
    startedMs: number,
  ): Awaitable<MensagemAnswer> {
    const done = (answer: MensagemAnswer): MensagemAnswer => {
      ended(this.options, call, startedMs);
      return answer;
    };
    const refused = (thrown: unknown): MensagemAnswer => {
      const error = KvsError.from(thrown);
      ended(this.options, call, startedMs, error);
      // If this server cannot answer now, for whatever reason, another one or a retry may.
      const isLater = message.tipo === 'GET' && LATER.has(error.code);
      return isLater ? this.got(guest.client, message, undefined, true) : errorMessage(error);
    };
    try {
      const answer = this.perform(guest, message);
      return answer instanceof Promise ? answer.then(done, refused) : done(answer);
    } catch (thrown) {
      return refused(thrown);
    }
  }

  /** @throws KvsError (as a rejection too) */
  private perform(guest: Guest, message: RequestMessage): Awaitable<MensagemAnswer> {
    if (this.leaving) throw new KvsError('SERVIDOR_SAINDO', 'o servidor está saindo; use outro');
    switch (message.tipo) {
      case 'GET':
        return andThen(this.options.engine.read({ kind: 'version', key: message.chave }), (row) =>
          this.got(guest.client, message, row),
        );
      case 'PUT':
        return this.put(guest, message);
      case 'OPERATION':
      case 'COMMIT':
        return this.write(message);
    }
  }

  private async put(guest: Guest, { chave, valor, cliente }: PutMessage): Promise<MensagemAnswer> {
    const isForwarded = this.options.access === undefined || guest.identity?.valid === true;
    const client = isForwarded ? (cliente ?? guest.client) : guest.client;
    const timestamp = await this.options.role.put(chave, valor, client);
    return { tipo: 'PUT_OK', chave, timestamp };
  }

  /** A write from another door, forwarded by a follower. */
  private async write(message: OperationMessage | CommitMessage): Promise<MensagemAnswer> {
    const write = writeOf(message);
    return answerMessage(write, await this.options.role.write(write), message.id);
  }

  private got(client: WireClient, message: GetMessage, row: Row | undefined, later = false): MensagemAnswer {
    const { chave, timestamp } = message;
    const answer = getAnswer(chave, timestamp, row, later);
    const address = addressText(client.ip, client.porta);
    this.options.print(getAnswered(address, chave, timestamp, answer.timestamp, answer.valor));
    return answer;
  }
}

/** Errors after which a read may succeed later. */
const LATER: ReadonlySet<string> = new Set(['SERVIDOR_ENTRANDO', 'SEM_CONFIRMACAO']);
