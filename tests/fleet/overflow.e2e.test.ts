import { describe, expect, it } from 'vitest';
import mqtt from 'mqtt';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import type { ServerProcess } from '../support/server-process.js';

const INSERTS = 16_000;
describe.skipIf(!mosquittoAvailable())('Mosquitto at its default limits', () => {
  it('drops what overflows the queue of a server, and the fleet converges all the same', async () => {
    // How often figures are published is no limit; all those stay as they are.
    const broker = await startMosquitto({ conf: 'allow_anonymous true\nsys_interval 1\n' });
    const fleet = await TestFleet.open({
      url: broker.url,
      args: ['--broker', broker.url],
      stop: () => broker.stop(),
    });
    const [a, b, slow] = (await fleet.addReady(3)) as [ServerProcess, ServerProcess, ServerProcess];
    const figures = await mqtt.connectAsync(broker.url, { protocolVersion: 4 });
    let dropped = 0;
    figures.on('message', (_topic, payload) => {
      dropped = Number(payload.toString());
    });
    await figures.subscribeAsync('$SYS/broker/publish/messages/dropped');

    slow.freeze();
    let next = 0;
    let frozen = true;
    // One call at a time on each, so that nearly each insert is a batch, and a message, of its own.
    const lane = async ({ client }: ServerProcess): Promise<void> => {
      while (next < INSERTS) {
        const i = next++;
        expect(await client.insere(`rajada-${i}`, `valor ${i}`)).toMatchObject({ versao: 1 });
        // Before its keep-alive runs out: it must notice by itself what it missed.
        if (dropped > 0 && frozen) {
          frozen = false;
          slow.thaw();
        }
      }
    };
    await Promise.all([a, b].map(lane));
    await soon('the broker has dropped messages', () => dropped > 0);
    slow.thaw();
    await fleet.converged();
    expect(dropped).toBeGreaterThan(0);
    for (const { client } of fleet.servers) {
      const keys = Array.from({ length: INSERTS }, (_, i) => `rajada-${i}`);
      const { resposta } = await client.consultaVarias(keys);
      expect(resposta.findIndex(({ valor, versao }, i) => valor !== `valor ${i}` || versao !== 1)).toBe(-1);
    }
    await figures.endAsync(true);
    await fleet.close();
  }, 300_000);
});
