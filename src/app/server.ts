import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { externalBrokers } from '../bus/broker-source.js';
import { LocalBroker } from '../bus/local-broker.js';
import { MqttBus } from '../bus/mqtt-bus.js';
import { limits } from '../core/limits.js';
import { startDoors } from '../doors/server.js';
import type { Doors } from '../doors/server.js';
import { FleetEngine } from '../engine/fleet.js';
import type { PresenceState } from '../ports/bus.js';
import type { Logger } from '../ports/logger.js';
import type { ServerConfig } from './config.js';
import { newOrigin, systemRandom } from './system-random.js';
import { systemTime } from './system-time.js';

/** A server that was started. */
export interface RunningServer {
  /** `host:port` of the doors. */
  readonly address: string;
  readonly origin: string;
  /** The broker that is connected now, as people see it; `undefined` if there is none. */
  broker(): string | undefined;
  /** Leaves in order. Never rejects; further calls give the same promise. */
  stop(): Promise<void>;
}

/**
 * Starts a server of a fleet, in this order: bus (silent), engine (refusing), doors (health NOT_SERVING; a port in use
 * ends it here, before anyone in the fleet has seen it), then the engine joins the fleet, and health follows it.
 *
 * It stops in this order: health NOT_SERVING; doors, with a deadline; engine: its last batch, its leave, the bus, and
 * the embedded broker if this process has it.
 *
 * @param onServing called once, when the server has caught up with the fleet
 * @throws KvsError PORTA_EM_USO, CONFIGURACAO
 */
export async function startServer(
  config: ServerConfig,
  logger: Logger,
  onServing: () => void,
): Promise<RunningServer> {
  const origin = newOrigin();
  const port = config.port === 0 ? await freePort(config.host) : config.port;
  const address = `${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  const { fleet } = config;
  const time = systemTime;
  const random = systemRandom;
  const local =
    config.brokers.length === 0 ? new LocalBroker({ ...config.localBroker, time, logger }) : undefined;
  const brokers = local ?? externalBrokers(config.brokers);
  const urls = brokers.addresses.map(({ url }) => url);

  const bus = new MqttBus({ fleet, origin, brokers, time, random, logger });
  // The engine calls these only after its start, when the doors are open.
  const onState = (state: PresenceState): void => {
    doors.setServing(state === 'serving');
    if (state === 'serving') onServing();
  };
  const onAlarm = (): void => {
    doors.setFleet(bus.connected && !engine.member.diverged);
  };
  const onBroker = (connected: boolean): void => {
    doors.setFleet(connected && !engine.member.diverged);
    if (!connected) logger.warn({ brokers: urls }, 'sem broker: atendendo sozinho e tentando de novo');
  };
  const engine = new FleetEngine({ origin, address, bus, time, random, logger, onState, onAlarm, onBroker });
  const doors = await startDoors({
    host: config.host,
    port,
    engine,
    minimumChars: config.minimumChars,
    logger,
  });
  logger.info(
    { origem: origin, endereco: address, frota: fleet, brokers: urls, processo: process.pid },
    'entrando na frota',
  );
  engine.start();

  let stopped: Promise<void> | undefined;
  return {
    address,
    origin,
    broker: () =>
      bus.broker === undefined || !local?.hosting ? bus.broker : `${bus.broker} (embutido aqui)`,
    stop: () => (stopped ??= stopServer(doors, engine, logger)),
  };
}

async function stopServer(doors: Doors, engine: FleetEngine, logger: Logger): Promise<void> {
  logger.info({ prazoMs: limits.drainMs }, 'saindo: fechando as portas gRPC');
  doors.setServing(false);
  await doors.stop(limits.drainMs);
  logger.info({}, 'saindo: enviando o que falta e deixando a frota');
  await engine.stop();
  logger.info({}, 'saiu');
}

/**
 * A port that nobody uses now: peers are told the address before the doors open, so 0 will not do. It stays 0 where
 * nothing can listen, for the doors to say why.
 */
function freePort(host: string): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(0);
    });
    probe.listen({ host, port: 0 }, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}
