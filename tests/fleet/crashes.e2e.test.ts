import { afterEach, beforeEach, expect, it } from 'vitest';
import { onEveryBroker, soon, TestFleet } from '../support/e2e-fleet.js';
import { verifyCounters, verifyLedgers, Writer } from '../support/e2e-writer.js';
import type { ServerProcess } from '../support/server-process.js';

const ROUNDS = 4;
const SHARED = ['disputada-1', 'disputada-2', 'disputada-3'];
const WRITES_PER_ROUND = 600;

onEveryBroker('kill -9 and restart while others write', (openBroker) => {
  let fleet: TestFleet;

  beforeEach(async () => {
    fleet = await TestFleet.open(await openBroker(), 'everything');
    await fleet.addReady(3);
  }, 300_000);
  afterEach(async () => {
    await fleet.close();
  });

  it('loses nothing of the survivors, repeats no dot, and counts on', async () => {
    // Each incarnation has a writer of its own, with keys of its own.
    const writers = new Map<ServerProcess, Writer>();
    const survivors: Writer[] = [];
    const casualties: Writer[] = [];
    let names = 0;
    const employ = (server: ServerProcess): void => {
      const name = `escritor${names++}`;
      writers.set(server, new Writer(server, { name, perSecond: 400, keys: 80, sharedKeys: SHARED }));
    };
    fleet.servers.forEach(employ);
    const progress = async (): Promise<void> => {
      for (const [server, writer] of writers) {
        const wanted = writer.acknowledged + WRITES_PER_ROUND / 3;
        await soon(`writes go on at ${server.port}`, () => writer.acknowledged >= wanted);
      }
    };

    for (let round = 0; round < ROUNDS; round++) {
      await progress();
      // Every other time the one with the broker, where it is one of the servers.
      const holder = fleet.servers.find((server) => server.hostsBroker);
      const victim = (round % 2 === 0 ? holder : undefined) ?? fleet.servers[round % 3]!;
      const casualty = writers.get(victim)!;
      await victim.kill9();
      await casualty.stop();
      writers.delete(victim);
      casualties.push(casualty);
      await progress();
      await victim.restart();
      if (round === 1) {
        // Once more before it has joined.
        await victim.kill9();
        await victim.restart();
      }
      await victim.ready();
      employ(victim);
    }
    await progress();
    for (const writer of writers.values()) await writer.stop();
    survivors.push(...writers.values());

    await fleet.converged();
    expect(survivors.map(({ cutBy }) => cutBy)).toEqual([undefined, undefined, undefined]);
    for (const server of fleet.servers) await verifyLedgers(survivors, server);
    // What the dead had been told may be lost, but not changed: no promise was broken while they lived.
    expect(casualties.flatMap(({ problems }) => problems)).toEqual([]);
    const [first, ...others] = await Promise.all(fleet.servers.map(({ client }) => rowsOf(client)));
    for (const rows of others) expect(rows).toEqual(first);
    // One server after the other goes on counting where the one before stopped.
    for (const server of fleet.servers) {
      await verifyCounters(survivors, server);
      await fleet.converged();
    }
    for (const server of fleet.servers) await verifyLedgers(survivors, server);
    expect(fleet.observer.dots).toBeGreaterThan(ROUNDS * WRITES_PER_ROUND);
  }, 300_000);
});

async function rowsOf(client: ServerProcess['client']): Promise<string[]> {
  const rows = await client.snapshot();
  return rows.map(({ chave, valor, versao }) => `${chave} ${versao} ${valor}`).sort();
}
