import { CallCounts } from '../../../src/call/observe.js';
import { accessControl } from '../../../src/security/access/control.js';
import { localBrokerOptions } from '../../../src/app/local-broker.js';
import { commonStorePortal, fleetPortal } from '../../../src/app/portal.js';
import type { ServedPortal } from '../../../src/app/portal.js';
import { tcpBroker } from '../../../src/mqtt/broker-url.js';
import { EmbeddedBroker } from '../../../src/mqtt/embedded-broker.js';
import { LocalBroker } from '../../../src/mqtt/local-broker.js';
import { MqttBus } from '../../../src/engines/fleet/bus/mqtt-bus.js';
import { startDoors } from '../../../src/doors/start.js';
import { FleetEngine } from '../../../src/engines/fleet/engine.js';
import type { Engine } from '../../../src/ports/engine.js';
import { startConsensus } from '../../support/consensus.js';
import { RecordingLogger } from '../../support/doors.js';
import { startEtcd } from '../../support/etcd.js';
import { eventually } from '../../support/eventually.js';
import { openLeaderSystem } from '../../support/leader-nodes.js';
import { freePort } from '../../support/net.js';
import { PortalClient } from '../../support/portal-client.js';
import { realRandom, realTime } from '../../support/real-time.js';
import { bearer, tableOfEverybody } from './people.js';
import type { Who } from './people.js';
import { fileOf, secretOf } from './support.js';
import type { TableStand } from './support.js';

/** A server with the portal and its topics, on a broker that asks the table of `people.ts` who comes. */
export interface TopicsStand {
  readonly access: TableStand;
  readonly logger: RecordingLogger;
  /** Of the broker. */
  readonly brokerPort: number;
  readonly client: PortalClient;
  /** What the broker has refused, by reason. */
  readonly refused: () => EmbeddedBroker['refusedUsers'];
  /** Takes one credential out of the table, and leaves the others. */
  revoke(who: Who): void;
  close(): Promise<void>;
}

interface Opened {
  readonly engine: Engine;
  readonly portal: ServedPortal;
  readonly broker: () => EmbeddedBroker;
  close(): Promise<unknown>;
}

const server = { user: 'srv', password: secretOf('srv') };

async function stand(
  open: (access: TableStand, logger: RecordingLogger, brokerPort: number) => Promise<Opened>,
): Promise<TopicsStand> {
  const { access, everybody } = await tableOfEverybody();
  const logger = new RecordingLogger();
  const brokerPort = await freePort();
  const { engine, portal, broker, close } = await open(access, logger, brokerPort);
  const { offered } = portal;
  const doors = await startDoors({
    ...{
      port: 0,
      engine,
      engineHealth: 'kvs.teste',
      access: accessControl(access.table),
      portal: offered,
      time: realTime,
      logger,
    },
  });
  portal.start();
  const client = new PortalClient(doors.port);
  for (const one of [client.admin, client.enrolment]) one.metadata.set('authorization', bearer('raiz'));
  await eventually('it acts', () =>
    logger.lines.some(({ message }) => /^portal: (este|os tópicos)/.test(message)),
  );
  return {
    ...{ access, logger, brokerPort, client, refused: () => broker().refusedUsers },
    revoke: (who) => {
      access.table.replace(fileOf(...everybody.filter(({ name }) => name !== who)));
    },
    close: async () => {
      client.close();
      await doors.stop(0);
      await portal.stop();
      await close();
    },
  };
}

/**
 * A server of a fleet with its embedded broker on this machine, put together as the program does.
 * @param credentials of `--broker-credenciais`; `undefined`: not given, and the broker asks nobody
 */
export function openFleet(credentials: typeof server | undefined): Promise<TopicsStand> {
  return stand(async (access, logger, port) => {
    const control = accessControl(access.table);
    const surroundings = {
      fleet: 'padrao',
      transport: undefined,
      gatekeeper: access.table,
      credentials,
      logger,
    };
    const brokers = new LocalBroker(localBrokerOptions({ host: '127.0.0.1', port }, surroundings));
    const parts = { time: realTime, random: realRandom, logger };
    const bus = new MqttBus({ ...parts, fleet: 'padrao', origin: 'oA', brokers, credentials });
    const engine = new FleetEngine({ ...parts, origin: 'oA', address: '', bus, portal: true });
    const guard = { credentials, access: control, observe: new CallCounts(logger).observe };
    const portal = fleetPortal(['admin'], engine, engine, brokers, guard, logger);
    engine.start();
    await eventually('it serves', () => engine.member.state === 'serving');
    // The server that is alone has the broker, and nobody asks it what it refused.
    const broker = (): EmbeddedBroker =>
      (brokers as unknown as { readonly embedded: EmbeddedBroker }).embedded;
    return { engine, portal, broker, close: () => engine.stop() };
  });
}

/** A server of another engine, told of a broker that asks who comes. */
function openCommon(
  start: () => Promise<{ readonly engine: Engine; close(): Promise<unknown> }>,
): Promise<TopicsStand> {
  return stand(async (access, logger, port) => {
    const users = { gatekeeper: access.table, fleet: 'padrao' };
    const broker = await EmbeddedBroker.start({ host: '127.0.0.1', port, users, time: realTime, logger });
    const { engine, close } = await start();
    const portal = commonStorePortal({
      ...{
        services: ['admin'],
        engine,
        brokers: [tcpBroker('127.0.0.1', port)],
        transport: undefined,
        logger,
      },
      ...{ credentials: server, access: accessControl(access.table), isAvailable: () => true },
      observe: new CallCounts(logger).observe,
    });
    return { engine, portal, broker: () => broker, close: () => close().then(() => broker.stop()) };
  });
}

/** Engines by the names of `--motor`. */
export const TOPICS_STANDS: Readonly<Record<string, () => Promise<TopicsStand>>> = {
  frota: () => openFleet(server),
  lider: () =>
    openCommon(async () => {
      const system = await openLeaderSystem();
      return { engine: system.nodes[0]!.engine, close: () => system.close() };
    }),
  consenso: () =>
    openCommon(async () => {
      const cluster = await startEtcd({ members: 1 });
      const engine = startConsensus(cluster.addresses);
      return { engine, close: () => engine.stop().then(() => cluster.stop()) };
    }),
};
