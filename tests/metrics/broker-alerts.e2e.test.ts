import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { freshKey, KeyFile } from '../support/fleet-keys.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import type { Mosquitto } from '../support/mosquitto.js';
import { Prometheus, prometheusAvailable } from '../support/prometheus.js';
import { ServerProcess } from '../support/server-process.js';

const available = prometheusAvailable() && mosquittoAvailable();

/** Far beyond what the broker carries. */
const LARGE = 'x'.repeat(60_000);

/** Two servers on a broker of their own, whose faults are the broker's: one after the other. */
describe.skipIf(!available)('alerts about the broker of a fleet', { timeout: 90_000 }, () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  let broker: Mosquitto;
  let prometheus: Prometheus;
  let writer: ServerProcess;
  let reader: ServerProcess;
  let stranger: ServerProcess;
  const at = ({ port }: ServerProcess): string => `127.0.0.1:${port}`;

  const open = async (args: readonly string[]): Promise<ServerProcess> => {
    const server = await ServerProcess.start({
      ...{ fleet: 'alertas', args: ['--broker', broker.url, ...args] },
    });
    cleanups.push(async () => {
      if (server.running) await server.kill9();
    });
    await server.ready();
    return server;
  };

  beforeAll(async () => {
    broker = await startMosquitto({ conf: 'allow_anonymous true\nmessage_size_limit 20000\n' });
    cleanups.push(() => broker.stop());
    const key = await KeyFile.open(freshKey());
    cleanups.push(() => key.remove());
    [writer, reader] = await Promise.all([open(['--portal', 'admin']), open(['--portal', 'admin'])]);
    stranger = await open(key.args);
    const targets = [writer, reader, stranger].map(at);
    prometheus = await Prometheus.start({ 'kvs-par': { targets } });
    cleanups.push(() => prometheus.stop());
    await prometheus.scrapes(3);
  }, 60_000);
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }, 30_000);

  it('a server of the same fleet with a key, where the others have none', async () => {
    await prometheus.fires('KvsFrotaPartida', { instance: at(stranger) });
    await prometheus.fires('KvsChaveDiferente', { instance: at(writer) });
    await prometheus.fires('KvsMensagensInvalidas', { instance: at(reader) });
    await prometheus.fires('KvsFrotaPartida', { instance: at(writer) });
  });

  it('a value that the broker does not carry: the other lacks it', async () => {
    await writer.client.insere('pequena', 'valor');
    await eventually('one gateway', async () => (await prometheus.value('sum(kvs_portal_gateway)')) === 1);
    await writer.client.insere('grande', LARGE);
    await prometheus.fires('KvsParAtrasado', { instance: at(writer), peer: at(reader) });
    expect((await reader.client.consulta('grande')).versao).toBe(0);
  });

  it('the broker killed, and killed again and again', async () => {
    await broker.kill();
    for (const server of [writer, reader]) await prometheus.fires('KvsSemBroker', { instance: at(server) });
    await prometheus.fires('KvsPortalSemGateway', { job: 'kvs-par' });
    const reconnects = `kvs_broker_reconnects_total{instance="${at(writer)}"}`;
    for (let time = 0; time < 4; time++) {
      const before = (await prometheus.value(reconnects)) ?? 0;
      await broker.restart();
      await eventually(
        'it is back',
        async () => ((await prometheus.value(reconnects)) ?? 0) > before,
        30_000,
      );
    }
    await prometheus.fires('KvsBrokerInstavel', { instance: at(writer) });
  });
});
