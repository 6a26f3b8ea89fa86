import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdAvailable, startEtcd } from './etcd.js';
import { freeAddresses } from './leader-nodes.js';
import { mosquittoAvailable, startMosquitto } from './mosquitto.js';
import { natsAvailable, startNats } from './nats.js';
import { freePort } from './net.js';
import { redisAvailable, startRedisCluster } from './redis-cluster.js';
import { ServerProcess } from './server-process.js';

/** Where the door of MQTT is to be tried: an engine, and a broker. */
export interface MqttStand {
  readonly port: number;
  /** Names the topics. */
  readonly fleet: string;
  /** Starts the server that acts, or says what else its engine needs first. */
  start(): Promise<ServerProcess>;
  /** Ends the broker and starts it again with what it retained; absent: it lies in the server, or retains nothing. */
  readonly restartBroker?: () => Promise<void>;
  close(): Promise<void>;
}

interface StandKind {
  readonly isThere: () => boolean;
  /** Whether the broker retains what anybody publishes so. */
  readonly retainsAnything: boolean;
  open(): Promise<MqttStand>;
}

/** A Mosquitto that keeps on the disk what it retains, and queues enough for a flood. */
export async function lastingMosquitto() {
  const folder = await mkdtemp(join(tmpdir(), 'mqtt-stand-'));
  const common = ['allow_anonymous true', 'max_inflight_messages 1000', 'max_queued_messages 50000'];
  const lasting = [...common, 'persistence true', `persistence_location ${folder}/`, 'user root'];
  const broker = await startMosquitto({ conf: [...lasting, ''].join('\n') });
  return {
    broker,
    port: broker.port,
    url: broker.url,
    restart: () => broker.restart([...lasting, ''].join('\n')),
    restartEmpty: () => broker.restart([...common, ''].join('\n')),
    close: async () => {
      await broker.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** An engine with a store in common, on Mosquitto: the last of its servers is the one with the door. */
async function commonStore(
  engine: 'consenso' | 'lider' | 'particoes',
  args: readonly (readonly string[])[],
  stop: () => Promise<void>,
): Promise<MqttStand> {
  const mosquitto = await lastingMosquitto();
  const servers: ServerProcess[] = [];
  return {
    ...{ port: mosquitto.port, fleet: engine, restartBroker: mosquitto.restart },
    start: async () => {
      const started = await Promise.all(
        args.map((own, i) =>
          ServerProcess.start({
            args: i === args.length - 1 ? [...own, '--mqtt-broker', mosquitto.url] : own,
          }),
        ),
      );
      servers.push(...started);
      await Promise.all(started.map((server) => server.ready()));
      return started.at(-1) as ServerProcess;
    },
    close: async () => {
      for (const server of servers) if (server.running) await server.kill9();
      await mosquitto.close();
      await stop();
    },
  };
}

async function fleetOn(
  port: number,
  broker: readonly string[],
  stop: () => Promise<void>,
  restartBroker?: () => Promise<void>,
): Promise<MqttStand> {
  const fleet = `faltas-${String(process.pid)}-${String(port)}`;
  const servers: ServerProcess[] = [];
  return Promise.resolve({
    ...{ port, fleet },
    ...(restartBroker && { restartBroker }),
    start: async () => {
      const server = await ServerProcess.start({ fleet, args: ['--mqtt', ...broker] });
      servers.push(server);
      await server.ready();
      return server;
    },
    close: async () => {
      for (const server of servers) if (server.running) await server.kill9();
      await stop();
    },
  });
}

/** Every engine with the door, and every kind of broker. */
export const MQTT_STANDS: Readonly<Record<string, StandKind>> = {
  'frota, Mosquitto': {
    ...{ isThere: mosquittoAvailable, retainsAnything: true },
    open: async () => {
      const { port, url, close, restart } = await lastingMosquitto();
      return fleetOn(port, ['--broker', url], close, restart);
    },
  },
  'frota, broker embutido': {
    ...{ isThere: () => true, retainsAnything: false },
    open: async () => {
      const port = await freePort();
      return fleetOn(port, ['--broker-local', `127.0.0.1:${String(port)}`], () => Promise.resolve());
    },
  },
  'frota, NATS': {
    ...{ isThere: natsAvailable, retainsAnything: true },
    open: async () => {
      const { nodes, stop } = await startNats();
      const [node] = nodes;
      if (node === undefined) throw new Error('no node');
      return fleetOn(Number(new URL(node.url).port), ['--broker', node.url], stop);
    },
  },
  'consenso, Mosquitto': {
    ...{ isThere: () => mosquittoAvailable() && etcdAvailable(), retainsAnything: true },
    open: async () => {
      const etcd = await startEtcd();
      const replicas = etcd.addresses.flatMap((address) => ['--replicas', address]);
      return commonStore('consenso', [[...replicas, '--motor', 'consenso']], () => etcd.stop());
    },
  },
  'particoes, Mosquitto': {
    ...{ isThere: () => mosquittoAvailable() && redisAvailable(), retainsAnything: true },
    open: async () => {
      const cluster = await startRedisCluster();
      const nodes = cluster.addresses.flatMap((address) => ['--particoes', address]);
      return commonStore('particoes', [[...nodes, '--motor', 'particoes']], () => cluster.stop());
    },
  },
  'lider, Mosquitto': {
    ...{ isThere: mosquittoAvailable, retainsAnything: true },
    open: async () => {
      const addresses = await freeAddresses(2);
      const args = addresses.map((address) => [
        ...['--motor', 'lider', '--lider', addresses[0] ?? '', '--servidores-lider', addresses.join(',')],
        ...['--porta-mensagem', address.split(':')[1] ?? ''],
      ]);
      return commonStore('lider', args, () => Promise.resolve());
    },
  },
};
