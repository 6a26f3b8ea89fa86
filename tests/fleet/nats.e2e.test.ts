import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import { verifyLedgers, Writer } from '../support/e2e-writer.js';
import { natsAvailable, startNats } from '../support/nats.js';
import type { NatsCluster, NatsNode } from '../support/nats.js';
import type { ServerProcess } from '../support/server-process.js';

const WRITES_PER_SECOND = 300;

describe.skipIf(!natsAvailable())('a cluster of three NATS nodes as the broker', () => {
  let cluster: NatsCluster;
  let fleet: TestFleet;

  /** Options of a server that prefers one node and falls back to the others. */
  const preferring = (first: number): string[] =>
    [0, 1, 2].flatMap((i) => ['--broker', cluster.nodes[(first + i) % 3]?.url ?? '']);

  beforeAll(async () => {
    cluster = await startNats();
    fleet = await TestFleet.open({
      // The observer stays on a node that is not killed.
      url: cluster.nodes[0]?.url ?? '',
      args: [],
      stop: () => cluster.stop(),
    });
    for (const first of [0, 1, 2]) await (await fleet.add(preferring(first))).ready();
    await fleet.converged();
  }, 180_000);
  afterAll(() => fleet.close(), 60_000);

  it('carries a fleet whose servers are each on a node of their own', async () => {
    const [a, b, c] = fleet.servers as [ServerProcess, ServerProcess, ServerProcess];
    for (const [index, server] of [a, b, c].entries()) {
      expect(server.logged('conectado ao broker')?.['broker']).toBe(cluster.nodes[index]?.url);
    }
    await a.client.insere('de-a', 'primeiro');
    await c.client.insere('de-c', 'terceiro');
    await soon('both on b', async () => {
      const [one, three] = [await b.client.consulta('de-a'), await b.client.consulta('de-c')];
      return one.valor === 'primeiro' && three.valor === 'terceiro';
    });
  });

  it('goes on when a node is killed while all write, and loses nothing', async () => {
    const writers = fleet.servers.map(
      (server, i) => new Writer(server, { name: `nats${i}`, perSecond: WRITES_PER_SECOND }),
    );
    const acknowledged = (): number => writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
    await soon('writes are under way', () => acknowledged() > 300);
    const victim = cluster.nodes[1] as NatsNode;
    const [, moved] = fleet.servers as [ServerProcess, ServerProcess];
    await victim.kill9();
    await soon('its server is on another node', () =>
      moved.log.some(
        ({ mensagem, broker }) => mensagem.startsWith('conectado ao broker') && broker !== victim.url,
      ),
    );
    const before = acknowledged();
    await soon('writes go on', () => acknowledged() > before + 300);
    for (const writer of writers) await writer.stop();
    await fleet.converged();
    for (const server of fleet.servers) await verifyLedgers(writers, server);
    await victim.restart();
    await fleet.servers[2]?.client.insere('depois', 'da volta');
    await fleet.converged();
    expect((await fleet.servers[0]?.client.consulta('depois'))?.valor).toBe('da volta');
  }, 180_000);
});
