import type { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { Aedes } from 'aedes';
import type { AedesOptions, AuthenticateError, Client } from 'aedes';
import { limits } from '../core/limits.js';
import { brokerLimits, mqttLimits } from './limits.js';
import type { Gatekeeper } from '../ports/access.js';
import { BurstLog } from '../ports/burst-log.js';
import type { Logger } from '../ports/logger.js';
import type { Time } from '../ports/time.js';
import { RefusedConnections } from '../security/tls/acceptor.js';
import type { ConnectionRefusal, Acceptor } from '../security/tls/acceptor.js';
import { openPorts } from '../security/tls/open-ports.js';
import type { Hosts, OpenPorts } from '../security/tls/open-ports.js';
import { plainFront } from '../security/tls/plain-acceptor.js';
import { tlsFront } from '../security/tls/tls-acceptor.js';
import type { Transport } from '../security/tls/transport.js';
import {
  giveBackAtOnce,
  maySubscribeMore,
  packetBounds,
  readWhole,
  waitOnlyForServers,
} from './broker-bounds.js';
import type { Trust, WithSubscriptions } from './broker-bounds.js';
import { BrokerUsers, SERVER_CLIENT_ID } from './broker-users.js';
import type { BrokerRefusal } from './broker-users.js';
import { FrameGuard, FrameRoom } from './frame-guard.js';
import { deliverFrom } from './retained-delivery.js';
import { RetainedShelf } from './retained-shelf.js';

/** The first packet of every MQTT client: CONNECT. */
const MQTT_CONNECT = 0x10;

export interface EmbeddedBrokerOptions {
  readonly host: Hosts;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Certificates: with them clients must speak TLS, without them they must not. */
  readonly tls?: Transport | undefined;
  /** Who its clients may be, and the fleet that it serves; by default everybody may do everything. */
  readonly users?: { readonly gatekeeper: Gatekeeper; readonly fleet: string } | undefined;
  readonly time: Time;
  readonly logger: Logger;
}

/** What the library says of a client of a version that it knows and does not speak. */
const OTHER_VERSION = 'unacceptable protocol version';

/** A client chooses its own id, of any length. */
const SHOWN_ID_CHARS = 64;

/**
 * An MQTT broker inside this process, for fleets without one of their own.
 *
 * It stores next to nothing: sessions are clean, whatever a client asks for, so that no queue of an absent client can
 * grow, and only what servers mirror is retained, within bounds. A subscriber that does not read is not waited for, and is cut when too much waits for it.
 */
export class EmbeddedBroker {
  private readonly clients = new Map<Socket, Client>();
  private readonly acceptor: Acceptor;
  private readonly time: Time;
  private readonly userFrames = new FrameRoom(brokerLimits.userFramesBytes);
  private ports: OpenPorts | undefined;
  private readonly refusedConnections: RefusedConnections;

  private constructor(
    private readonly aedes: Aedes,
    private readonly users: BrokerUsers | undefined,
    /** What it retains, for metrics. */
    readonly retained: Pick<RetainedShelf, 'size' | 'bytes' | 'refused'>,
    private readonly cut: BurstLog,
    { tls: transport, time, logger }: EmbeddedBrokerOptions,
  ) {
    this.time = time;
    const onSocket = (socket: Socket): void => {
      this.admit(socket);
    };
    this.refusedConnections = new RefusedConnections('broker embutido', time, logger);
    const common = { refused: this.refusedConnections, onSocket };
    this.acceptor =
      transport === undefined
        ? plainFront({ ...common, firstByte: MQTT_CONNECT })
        : tlsFront({ transport, ...common });
  }

  /** Binds and serves. @throws KvsError PORTA_EM_USO, or CONFIGURACAO for an address that cannot be listened on */
  static async start(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
    const { logger, time } = options;
    const refused = new BurstLog(time, logger, 'broker embutido: cliente desligado');
    const denied = new BurstLog(time, logger, 'broker embutido: recusado a um cliente');
    const full = new BurstLog(time, logger, 'broker embutido: não cabe mais nada retido');
    const shelf = new RetainedShelf();
    const users =
      options.users &&
      new BrokerUsers({
        ...options.users,
        onRefused: (refusal, who) => {
          denied.report(refusal, who);
        },
      });
    const aedes = await Aedes.createBroker({
      drainTimeout: brokerLimits.drainMs,
      connectTimeout: mqttLimits.connectMs,
      maxInflightInbound: brokerLimits.inflight,
      preConnect: (_client, packet, done) => {
        packet.clean = true;
        if (packet.will) packet.will.retain = false;
        done(null, true);
      },
      ...(users && permissionsOf(users)),
      authorizeSubscribe: (client, subscription, done) => {
        const granted =
          (users === undefined || users.maySubscribe(client, subscription.topic)) &&
          maySubscribeMore(client as Client & WithSubscriptions, subscription.topic);
        done(null, granted ? subscription : null);
      },
      authorizePublish: (client, packet, done) => {
        const byServer = client !== null && isServer(client, users);
        packet.retain = packet.retain && byServer && RetainedShelf.takes(packet.topic);
        // The broker's own messages do not pass here. A will that was left behind has no client that could be
        // checked.
        const granted = users === undefined || (client !== null && users.mayPublish(client, packet.topic));
        const refusal = granted ? refusalOf(packet, byServer) : new Error('PUBLICACAO_RECUSADA');
        if (packet.retain && refusal === null && !shelf.put(packet.topic, packet.payload)) {
          full.report('RETIDAS', packet.topic.slice(0, SHOWN_ID_CHARS));
        }
        done(refusal);
      },
    });
    giveBackAtOnce(aedes);
    deliverFrom(aedes, shelf);
    aedes.on('clientError', (client, error) => {
      refused.report(error.message, client.id.slice(0, SHOWN_ID_CHARS));
    });
    aedes.on('connectionError', (_client, error) => {
      // Whoever asks for MQTT 5 is told so, and comes back with 3.1.1, as servers do themselves.
      if (error.message === OTHER_VERSION) logger.debug({}, 'broker embutido: pedida outra versão do MQTT');
      else refused.report(error.message, 'sem identificação');
    });
    // The types omit it, but the broker does emit it.
    (aedes as EventEmitter).on('error', (error: Error) => {
      logger.error({ erro: error.message }, 'broker embutido: erro');
    });
    const broker = new EmbeddedBroker(aedes, users, shelf, refused, options);
    const { host, port } = options;
    try {
      broker.ports = await openPorts({
        ...{ host, port, accept: broker.acceptor.accept },
        onError: (error) => {
          logger.error({ erro: error.message }, 'broker embutido: erro ao aceitar uma conexão');
        },
      });
    } catch (error) {
      aedes.close();
      throw error;
    }
    return broker;
  }

  /** Refusals to clients since the start, by reason; empty where clients do not authenticate. */
  get refusedUsers(): Readonly<Partial<Record<BrokerRefusal, number>>> {
    return this.users?.refused ?? {};
  }

  /** Connections refused since the start, by reason. */
  get refused(): Readonly<Record<ConnectionRefusal, number>> {
    return this.refusedConnections.counts;
  }

  get port(): number {
    return this.ports?.port ?? 0;
  }

  /** Cuts every client and frees the port. */
  async stop(): Promise<void> {
    const closed = this.ports?.close();
    this.acceptor.cutUnfinished();
    for (const socket of this.clients.keys()) socket.destroy();
    await new Promise<void>((resolve) => {
      this.aedes.close(() => {
        resolve();
      });
    });
    await closed;
  }

  /** Without authentication, a client that claims to be a server may be one. */
  private trustIn(client: Client): Trust {
    if (!isServer(client, this.users)) return 'stranger';
    return this.users === undefined ? 'perhaps' : 'server';
  }

  private admit(socket: Socket): void {
    if (this.clients.size >= brokerLimits.connections) {
      // Authenticated clients stay. Of the others the oldest gives way, so that strangers cannot keep anybody out.
      const slowest = [...this.clients].find(([, { connected }]) => !connected)?.[0] ?? socket;
      this.refusedConnections.add('CONEXOES', slowest);
      slowest.destroy();
      this.clients.delete(slowest);
      if (slowest === socket) return;
    }
    socket.once('close', () => {
      this.clients.delete(socket);
    });
    readWhole(socket);
    const client = this.aedes.handle(socket);
    this.clients.set(socket, client);
    // Aedes calls `read` itself: this listener sees each chunk just before Aedes, and starts no flow of its own.
    const guard = new FrameGuard(() => packetBounds(client, this.users), this.userFrames);
    socket.once('close', () => {
      guard.end();
    });
    waitOnlyForServers(
      socket,
      this.time,
      () => this.trustIn(client),
      () => this.cut.report('NAO_LE', client.id.slice(0, SHOWN_ID_CHARS)),
    );
    let isCut = false;
    socket.on('data', (chunk: Buffer) => {
      if (isCut) return;
      const isLarge = !guard.accepts(chunk);
      if (isLarge) this.cut.report('PACOTE_GRANDE', socket.remoteAddress ?? 'desconhecido');
      isCut = isLarge || this.users?.isRevoked(client) === true;
      if (isCut) socket.destroy();
    });
  }
}

/** Whether a client is a server or, where nobody has to say who they are, calls itself one. */
function isServer(client: Client, users: BrokerUsers | undefined): boolean {
  return users === undefined ? SERVER_CLIENT_ID.test(client.id) : users.isServer(client);
}

/** What the library asks about clients, beyond their publishes. */
function permissionsOf(users: BrokerUsers): Partial<AedesOptions> {
  return {
    authenticate: (client, user, password, done) => {
      users.admit(client, addressOf(client), user, password).then(
        () => {
          done(null, true);
        },
        (error: unknown) => {
          done(error as AuthenticateError, false);
        },
      );
    },
    authorizeForward: (client, packet) => {
      if (!users.isRevoked(client)) return users.mayReceive(client, packet.topic) ? packet : null;
      client.close();
      return null;
    },
  };
}

function addressOf({ conn }: Client): string {
  return (conn instanceof Socket ? conn.remoteAddress : undefined) ?? 'desconhecido';
}

/**
 * What clients cut their connection for (libmosquitto does), so that one publisher would part all who hear it: control
 * characters, and what the library makes of bytes that are no UTF-8. Servers publish keys that have the latter.
 */
const UNFIT_TOPIC = /[\p{Cc}\ufffd]/u;

function refusalOf(
  packet: { readonly topic: string; readonly payload: string | Buffer },
  byServer: boolean,
): Error | null {
  if (!byServer && UNFIT_TOPIC.test(packet.topic)) return new Error('TOPICO_INVALIDO');
  if (packet.topic.startsWith('$SYS/')) return new Error('TOPICO_RESERVADO');
  return Buffer.byteLength(packet.payload) > limits.payloadBytes ? new Error('CARGA_GRANDE') : null;
}
