import { afterAll, beforeAll, expect, it } from 'vitest';
import { bulkInsert } from '../support/e2e-bulk.js';
import { onEveryBroker, soon, TestFleet } from '../support/e2e-fleet.js';
import { verifyLedgers, Writer } from '../support/e2e-writer.js';
import type { ServerProcess } from '../support/server-process.js';

/** What the fleet holds before anybody joins. */
const ENTRIES = 1_000_000;
const WRITES_PER_SECOND = 2_000;
const CATCH_UP_MS_MAX = 200_000;

onEveryBroker('joining a large fleet under writes', (openBroker) => {
  const entries = ENTRIES;
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.open(await openBroker());
    const [a, b] = (await fleet.addReady(2)) as [ServerProcess, ServerProcess];
    const startMs = performance.now();
    await Promise.all([
      bulkInsert(a.port, half('par', entries / 2)),
      bulkInsert(b.port, half('impar', entries / 2)),
    ]);
    report(`${entries} entries inserted`, startMs);
    await fleet.converged();
    report('and on both servers', startMs);
  }, 300_000);
  afterAll(async () => {
    await fleet.close();
  });

  it('catches up completely while others write', async () => {
    const [a] = fleet.servers as [ServerProcess];
    const writer = new Writer(a, { name: 'durante', perSecond: WRITES_PER_SECOND });
    const startMs = performance.now();
    const joiner = await fleet.add();
    expect(await joiner.client.health()).toBe('NOT_SERVING');
    await expect(joiner.client.consulta('par-1')).rejects.toThrow(/UNAVAILABLE/);
    const acknowledgedBefore = writer.acknowledged;
    await joiner.ready(CATCH_UP_MS_MAX);
    const ms = report(`joined ${entries} entries under writes`, startMs);
    const meanwhile = writer.acknowledged - acknowledgedBefore;
    const perSecond = Math.round(meanwhile / (ms / 1000));
    process.stdout.write(`  meanwhile ${perSecond} writes/s\n`);
    // Sustained: the machine may be slow, but the writer was never starved.
    expect(perSecond).toBeGreaterThan(WRITES_PER_SECOND / 10);
    expect(joiner.logged('estado recebido')).toBeDefined();
    // It serves once it has everything that was there when it joined.
    expect(await joiner.client.consulta(`par-${entries / 2 - 1}`)).toMatchObject({ versao: 1 });
    await writer.stop();
    await fleet.converged();
    expect(writer.cutBy).toBeUndefined();
    await verifyLedgers([writer], joiner);
    expect((await joiner.client.snapshot()).length).toBeGreaterThanOrEqual(entries);
  }, 300_000);

  it('catches up from another when its giver is killed between two pages', async () => {
    // Three givers; the writer must not be on the one that is killed, so there are writers on all.
    const writers = new Map(
      fleet.live.map((server, index) => [
        server,
        new Writer(server, { name: `escritor${index}`, perSecond: WRITES_PER_SECOND / 3 }),
      ]),
    );
    const startMs = performance.now();
    const joiner = await fleet.add();
    const begun = await soon('a transfer has begun', () => joiner.logged('transferência de estado iniciada'));
    const giver = fleet.live.find((server) => server !== joiner && server.origin === begun['de']);
    expect(giver).toBeDefined();
    await giver?.kill9();
    expect(joiner.logged('estado recebido')).toBeUndefined();
    expect(await joiner.client.health()).toBe('NOT_SERVING');
    await joiner.ready(CATCH_UP_MS_MAX);
    report('joined though the giver was killed', startMs);
    expect(joiner.logged('transferência de estado descartada')).toMatchObject({ de: giver?.origin });
    expect(joiner.logged('estado recebido')?.['de']).not.toBe(giver?.origin);
    await Promise.all([...writers.values()].map((writer) => writer.stop()));
    await fleet.converged();
    const survivors = [...writers].filter(([server]) => server !== giver).map(([, writer]) => writer);
    expect(survivors.map(({ cutBy }) => cutBy)).toEqual([undefined, undefined]);
    for (const server of fleet.live) await verifyLedgers(survivors, server);
  }, 300_000);
});

function* half(prefix: string, count: number): Iterable<readonly [string, string]> {
  for (let i = 0; i < count; i++) yield [`${prefix}-${i}`, `valor de ${prefix} ${i}`];
}

/** Prints how long something took; such times are part of what is promised. */
function report(what: string, startMs: number): number {
  const ms = Math.round(performance.now() - startMs);
  process.stdout.write(`  ${what}: ${ms} ms\n`);
  return ms;
}
