import { afterEach, beforeEach, expect, it } from 'vitest';
import mqtt from 'mqtt';
import { DataFolder } from '../support/data-folder.js';
import { onEveryBroker, TestFleet } from '../support/e2e-fleet.js';
import type { ServerProcess } from '../support/server-process.js';

const GONE = 2_046;

/** With 2,047 origins, two first writes at once were one too many for the limit of before: the fleet forked. */
onEveryBroker('a fleet that thousands of servers have written to', (openBroker) => {
  let fleet: TestFleet;
  let folder: DataFolder;
  const written = new Map<string, string>();

  const write = async (server: ServerProcess, key: string): Promise<void> => {
    const value = `valor de ${key}`;
    expect(await server.client.insere(key, value)).toEqual({ versao: 1, erro: undefined });
    written.set(key, value);
  };
  const allHaveAll = async (): Promise<void> => {
    await fleet.converged();
    for (const server of fleet.live) {
      for (const [key, value] of written) expect((await server.client.consulta(key)).valor).toBe(value);
    }
  };

  beforeEach(async () => {
    fleet = await TestFleet.open(await openBroker());
    folder = await DataFolder.open();
    written.clear();
  });
  afterEach(async () => {
    await fleet.close();
    await folder.remove();
  });

  it('accepts first writes of any number of servers, over restarts and kill -9, and agrees', async () => {
    const [first] = (await fleet.addReady(1)) as [ServerProcess];
    await write(first, 'primeira');
    await writeAsTheGone(fleet, GONE);
    const last = `velha-${(GONE - 1) % 100}`;
    await expect.poll(async () => (await first.client.consulta(last)).versao, { timeout: 60_000 }).toBe(1);

    // Two first writes at once, one of them onto a disk.
    const durable = await fleet.add([...fleet.broker.args, ...folder.args]);
    const [second] = (await fleet.addReady(1)) as [ServerProcess];
    await durable.ready();
    await fleet.converged();
    await Promise.all([write(durable, 'com-disco'), write(second, 'sem-disco')]);
    await allHaveAll();

    // With a disk and without, killed and stopped.
    await durable.kill9();
    await durable.restart();
    await durable.ready();
    await write(durable, 'depois-de-morrer');
    await second.kill9();
    const [third] = (await fleet.addReady(1)) as [ServerProcess];
    await Promise.all([write(third, 'terceira'), write(first, 'ainda')]);
    await durable.stop();
    await durable.restart();
    await durable.ready();
    await Promise.all([write(durable, 'depois-de-parar'), write(third, 'por-fim')]);
    await allHaveAll();
  }, 300_000);
});

/** Each origin writes once and is gone; none has heard of another. */
async function writeAsTheGone({ name, broker }: TestFleet, count: number): Promise<void> {
  const client = await mqtt.connectAsync(broker.url, { protocolVersion: 4 });
  const batchOf = (i: number): Promise<unknown> => {
    const origem = `ida-${i}`;
    const chave = `velha-${i % 100}`;
    const mutacoes = [{ op: 'insere', chave, valor: `de ${origem}`, versao: 1, ts: 1_700_000_000_000 + i }];
    const lote = { formato: 1, tipo: 'lote', frota: name, origem, primeiro: 1, mutacoes };
    return client.publishAsync(`kvs/${name}/mutacoes/${origem}`, JSON.stringify(lote), { qos: 1 });
  };
  for (let i = 0; i < count; i += 100) {
    const many = Array.from({ length: Math.min(100, count - i) }, (_, at) => batchOf(i + at));
    await Promise.all(many);
  }
  await client.endAsync();
}
