import type { EventEmitter } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Aedes } from 'aedes';
import { limits } from '../core/limits.js';
import type { Logger } from '../ports/logger.js';
import type { Time } from '../ports/time.js';
import { BurstLog } from './burst-log.js';
import { FrameGuard } from './frame-guard.js';

export interface EmbeddedBrokerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly time: Time;
  readonly logger: Logger;
}

// A topic is at most 64 KiB, and a packet has a few bytes of its own.
const PACKET_BYTES_MAX = limits.payloadBytes + 64 * 1024 + 16;

/**
 * An MQTT broker inside this process, for fleets without one of their own.
 *
 * It keeps nothing: sessions are clean and nothing is retained, whatever a client asks for, so that no queue of an
 * absent client can grow. A subscriber that does not read is dropped, since the others would wait for it.
 */
export class EmbeddedBroker {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly aedes: Aedes,
    private readonly server: Server,
    private readonly refused: BurstLog,
  ) {
    server.on('connection', (socket) => {
      this.accept(socket);
    });
  }

  /** Binds and serves. @throws the system's error if it cannot bind, EADDRINUSE above all */
  static async start(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
    const { logger, time } = options;
    const refused = new BurstLog(time, logger, 'broker embutido: cliente desligado');
    const aedes = await Aedes.createBroker({
      drainTimeout: limits.brokerDrainMs,
      connectTimeout: limits.brokerConnectMs,
      preConnect: (_client, packet, done) => {
        packet.clean = true;
        if (packet.will) packet.will.retain = false;
        done(null, true);
      },
      authorizePublish: (_client, packet, done) => {
        packet.retain = false;
        done(refusalOf(packet));
      },
    });
    aedes.on('clientError', (client, error) => {
      refused.report(error.message, client.id);
    });
    aedes.on('connectionError', (_client, error) => {
      refused.report(error.message, 'sem identificação');
    });
    // The types leave it out, but the broker does emit it.
    (aedes as EventEmitter).on('error', (error: Error) => {
      logger.error({ erro: error.message }, 'broker embutido: erro');
    });
    const server = createServer({ noDelay: true });
    const broker = new EmbeddedBroker(aedes, server, refused);
    try {
      await listen(server, options);
    } catch (error) {
      aedes.close();
      throw error;
    }
    server.on('error', (error) => {
      logger.error({ erro: error.message }, 'broker embutido: erro ao aceitar uma conexão');
    });
    return broker;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Cuts every client and frees the port. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.aedes.close(() => {
        resolve();
      });
    });
    await closed;
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => {
      this.sockets.delete(socket);
    });
    this.aedes.handle(socket);
    // Aedes reads by hand, so this listener sees each chunk just before Aedes does, and starts no flow of its own.
    const guard = new FrameGuard(PACKET_BYTES_MAX);
    let cut = false;
    socket.on('data', (chunk: Buffer) => {
      if (cut || guard.accepts(chunk)) return;
      cut = true;
      this.refused.report('PACOTE_GRANDE', socket.remoteAddress ?? 'desconhecido');
      socket.destroy();
    });
  }
}

function refusalOf(packet: { readonly topic: string; readonly payload: string | Buffer }): Error | null {
  if (packet.topic.startsWith('$SYS/')) return new Error('TOPICO_RESERVADO');
  return Buffer.byteLength(packet.payload) > limits.payloadBytes ? new Error('CARGA_GRANDE') : null;
}

async function listen(server: Server, { host, port }: EmbeddedBrokerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
