import { describe, it } from 'vitest';
import type { TestContext } from 'vitest';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import type { ServerProcess } from '../support/server-process.js';

const OPEN = 'allow_anonymous true\n';
const LARGE = 'x'.repeat(60_000);
/** Together far beyond the limit, each far below it. */
const SMALL = Array.from({ length: 80 }, (_, i): [string, string] => [
  `pequena-${i}`,
  `${i}:`.padEnd(9_000, 'y'),
]);

/** Two servers on a broker with this line in its configuration. */
async function open({ onTestFinished }: TestContext, conf: string) {
  const broker = await startMosquitto({ conf: `${OPEN}${conf}\n` });
  const { url } = broker;
  const fleet = await TestFleet.open({ url, args: ['--broker', url], stop: () => broker.stop() });
  onTestFinished(() => fleet.close(['a escrita da chave']), 60_000);
  const [writer, reader] = (await fleet.addReady(2)) as [ServerProcess, ServerProcess];
  return { broker, writer, reader };
}

describe.skipIf(!mosquittoAvailable())(
  'a broker that carries less than a batch',
  { concurrent: true },
  () => {
    // The first drops in silence what it has acknowledged, the second cuts whoever sends it.
    it.for(['message_size_limit 20000', 'max_packet_size 20000'])(
      '%s: smaller batches, the limit named, and all arrives once it is raised',
      { timeout: 300_000 },
      async (conf, context) => {
        const { expect } = context;
        const { broker, writer, reader } = await open(context, conf);
        await writer.client.insereVarias(SMALL);
        await soon('many in one turn arrive', async () => {
          const { resposta } = await reader.client.consultaVarias(SMALL.map(([key]) => key));
          return resposta.every(({ valor }, i) => valor === SMALL[i]?.[1]);
        });
        const found = await soon('the limit is named', () => writer.logged('o broker não entrega mensagens'));
        expect(found['levaBytes']).toBeGreaterThan(18_000);
        expect(found['levaBytes']).toBeLessThanOrEqual(20_000);
        expect(found.mensagem).toMatch(/message_size_limit.*max_packet_size.*max_payload/);

        await writer.client.insere('grande', LARGE);
        await writer.client.insere('depois', 'valor');
        const named = await soon('the key is named', () => writer.logged('a escrita da chave "grande"'));
        expect(named['bytes']).toBeGreaterThan(60_000);
        expect(named['limiteBytes']).toBeLessThanOrEqual(20_000);
        await soon('health says so', async () => (await writer.client.health('kvs.frota')) === 'NOT_SERVING');
        expect(await writer.client.health()).toBe('SERVING');
        // What was written later waits for what was written before.
        expect((await reader.client.consulta('depois')).versao).toBe(0);
        await reader.client.insere('outro', 'passa');
        await soon('others go on', async () => (await writer.client.consulta('outro')).versao === 1);
        // Looking for the limit took a few connections, not one after the other without end.
        const lost = writer.log.filter(({ mensagem }) => mensagem === 'conexão com o broker perdida');
        expect(lost.length).toBeLessThan(15);

        await broker.restart(OPEN);
        await soon('all arrives', async () => (await reader.client.consulta('depois')).versao === 1);
        expect((await reader.client.consulta('grande')).valor).toBe(LARGE);
        await soon('health again', async () => (await writer.client.health('kvs.frota')) === 'SERVING');
        expect(writer.log.filter(({ mensagem }) => mensagem.startsWith('a escrita da chave'))).toHaveLength(
          1,
        );
      },
    );
  },
);
