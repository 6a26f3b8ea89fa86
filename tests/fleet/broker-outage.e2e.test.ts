import { describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import { Relay } from '../support/e2e-proxy.js';
import { verifyLedgers, Writer } from '../support/e2e-writer.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import type { Mosquitto } from '../support/mosquitto.js';
import { freePort } from '../support/net.js';
import type { ServerProcess } from '../support/server-process.js';

/** Health of a server's link to the broker. */
const FLEET_HEALTH = 'kvs.frota';

async function opened({ onTestFinished }: TestContext, url: string): Promise<TestFleet> {
  const stop = (): Promise<void> => Promise.resolve();
  const fleet = await TestFleet.open({ url, args: ['--broker', url], stop });
  onTestFinished(() => fleet.close(), 60_000);
  return fleet;
}

async function openBroker({ onTestFinished }: TestContext, port?: number): Promise<Mosquitto> {
  const started = await startMosquitto(port === undefined ? {} : { port });
  onTestFinished(() => started.stop());
  return started;
}

// Each waits for servers to notice: all at once.
describe.skipIf(!mosquittoAvailable())('a broker that is not there', { concurrent: true }, () => {
  it('at the start: servers serve alone, say so, and converge when it appears', async (context) => {
    const port = await freePort();
    const fleet = await opened(context, `mqtt://127.0.0.1:${port}`);
    await fleet.addReady(3);
    for (const [index, server] of fleet.servers.entries()) {
      expect(await server.client.health()).toBe('SERVING');
      expect(await server.client.health(FLEET_HEALTH)).toBe('NOT_SERVING');
      expect(server.logged('sem broker: atendendo sozinho')).toMatchObject({ nivel: 'warn' });
      expect(server.logged('broker fora de alcance')).toMatchObject({ nivel: 'warn' });
      expect(await server.client.insere('mesma', `de ${index}`)).toMatchObject({ versao: 1 });
      expect(await server.client.insere(`chave-${index}`, 'valor')).toMatchObject({ versao: 1 });
    }
    await openBroker(context, port);
    await fleet.converged();
    const answers = await Promise.all(fleet.servers.map(({ client }) => client.consulta('mesma')));
    expect(new Set(answers.map(({ valor }) => valor)).size).toBe(1);
    for (const { client } of fleet.servers) {
      expect(await client.health(FLEET_HEALTH)).toBe('SERVING');
      expect(await client.snapshot()).toHaveLength(4);
    }
  }, 300_000);

  it('for a while: servers go on, say so, and converge when it returns', async (context) => {
    const mosquitto = await openBroker(context);
    const fleet = await opened(context, mosquitto.url);
    const [a, b] = (await fleet.addReady(2)) as [ServerProcess, ServerProcess];
    const writers = [a, b].map((server, i) => new Writer(server, { name: `e${i}`, perSecond: 500 }));
    for (let outage = 0; outage < 2; outage++) {
      await mosquitto.kill();
      for (const [i, server] of [a, b].entries()) {
        await soon(
          'health tells that the broker has gone',
          async () => (await server.client.health(FLEET_HEALTH)) === 'NOT_SERVING',
        );
        const wanted = writers[i]!.acknowledged + 300;
        await soon('writes go on', () => writers[i]!.acknowledged >= wanted);
        expect(await server.client.health()).toBe('SERVING');
      }
      await mosquitto.restart();
      for (const { client } of [a, b]) {
        await soon(
          'health tells that the broker is back',
          async () => (await client.health(FLEET_HEALTH)) === 'SERVING',
        );
      }
    }
    await Promise.all(writers.map((writer) => writer.stop()));
    await fleet.converged();
    expect(writers.map(({ cutBy }) => cutBy)).toEqual([undefined, undefined]);
    for (const server of [a, b]) await verifyLedgers(writers, server);
    expect(a.logged('conexão com o broker perdida')).toMatchObject({ nivel: 'warn' });
  }, 300_000);

  it('for one part of the fleet: both parts go on, and nothing acknowledged is lost in the end', async (context) => {
    const mosquitto = await openBroker(context);
    const fleet = await opened(context, mosquitto.url);
    const relay = await Relay.open(mosquitto.port);
    context.onTestFinished(() => relay.close());
    const [a] = (await fleet.addReady(1)) as [ServerProcess];
    const apart = await fleet.add(['--broker', relay.url]);
    await apart.ready();
    await a.client.insere('dividida', 'antes');
    await fleet.converged();

    relay.cut();
    await soon('parted', async () => (await apart.client.health(FLEET_HEALTH)) === 'NOT_SERVING');
    const writers = [a, apart].map((server, i) => new Writer(server, { name: `lado${i}`, perSecond: 500 }));
    // Both give the same version to one key; and one side removes what the other adds to.
    expect(await a.client.insere('dividida', 'lado a')).toMatchObject({ versao: 2 });
    expect(await apart.client.insere('dividida', 'lado b')).toMatchObject({ versao: 2 });
    await a.client.remove('dividida', 1);
    await soon('both sides write', () => writers.every(({ acknowledged }) => acknowledged > 1000));
    await Promise.all(writers.map((writer) => writer.stop()));
    relay.heal();
    await fleet.converged();
    for (const server of fleet.servers) {
      await verifyLedgers(writers, server);
      expect((await server.client.consulta('dividida')).valor).toMatch(/^lado [ab]$/);
      expect(await server.client.consulta('dividida', 1)).toMatchObject({ versao: 0 });
    }
    // The one that the order hides is still there: removing the version removes both.
    expect(await apart.client.remove('dividida', 2)).toMatchObject({ versao: 2 });
    await fleet.converged();
    expect(await a.client.consulta('dividida')).toMatchObject({ versao: 0 });
    expect(await a.client.insere('dividida', 'adiante')).toMatchObject({ versao: 3 });
  }, 300_000);
});
