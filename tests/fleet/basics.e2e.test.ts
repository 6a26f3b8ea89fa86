import { afterAll, beforeAll, expect, it } from 'vitest';
import { onEveryBroker, soon, TestFleet } from '../support/e2e-fleet.js';
import type { Tupla } from '../support/kvs-client.js';
import type { ServerProcess } from '../support/server-process.js';

const ITEMS = 200_000;

onEveryBroker('three servers', (openBroker) => {
  let fleet: TestFleet;
  let a: ServerProcess;
  let b: ServerProcess;
  let c: ServerProcess;

  /** Waits until every server answers a query so. */
  const everywhere = async (chave: string, versao: number, wanted: Partial<Tupla>): Promise<void> => {
    for (const { client, port } of fleet.servers) {
      await soon(`${chave} at ${versao} on ${port} is ${JSON.stringify(wanted)}`, async () => {
        expect(await client.consulta(chave, versao)).toMatchObject(wanted);
        return true;
      });
    }
  };

  beforeAll(async () => {
    fleet = await TestFleet.open(await openBroker());
    [a, b, c] = (await fleet.addReady(3)) as [ServerProcess, ServerProcess, ServerProcess];
  }, 300_000);
  afterAll(async () => {
    await fleet.close();
  });

  it('shows on each what was written or removed on another, and goes on counting', async () => {
    expect(await a.client.insere('nome', 'primeiro')).toMatchObject({ versao: 1 });
    await everywhere('nome', 0, { valor: 'primeiro', versao: 1 });
    expect(await b.client.insere('nome', 'segundo')).toMatchObject({ versao: 2 });
    await everywhere('nome', 0, { valor: 'segundo', versao: 2 });
    expect(await c.client.insere('nome', 'terceiro')).toMatchObject({ versao: 3 });
    expect(await c.client.insere('outra', 'só uma')).toMatchObject({ versao: 1 });
    await everywhere('outra', 0, { valor: 'só uma', versao: 1 });
    await everywhere('nome', 2, { valor: 'segundo', versao: 2 });
    for (const { client } of fleet.servers) {
      expect(byKey(await client.snapshot(1))).toEqual([
        { chave: 'nome', valor: 'primeiro', versao: 1 },
        { chave: 'outra', valor: 'só uma', versao: 1 },
      ]);
      expect(byKey(await client.snapshot())).toEqual([
        { chave: 'nome', valor: 'terceiro', versao: 3 },
        { chave: 'outra', valor: 'só uma', versao: 1 },
      ]);
    }

    expect(await a.client.remove('nome', 2)).toMatchObject({ versao: 2 });
    await everywhere('nome', 2, { valor: 'primeiro', versao: 1 });
    for (const { client } of fleet.servers) {
      expect(await client.remove('nome', 2)).toMatchObject({ versao: -1 });
    }

    expect(await b.client.remove('nome')).toMatchObject({ versao: 0 });
    await everywhere('nome', 0, { chave: '', valor: '', versao: 0 });
    // One after the other, each on another server: none may begin again.
    let version = 3;
    for (const { client } of fleet.servers) {
      expect(await client.insere('nome', 'de novo')).toMatchObject({ versao: ++version });
      await everywhere('nome', 0, { valor: 'de novo', versao: version });
    }
    expect(await c.client.removeVarias(['nome', 'outra'])).toMatchObject({ resposta: [0, 0] });
    await fleet.converged();
  }, 300_000);

  it('carries streams of hundreds of thousands of items', async () => {
    const keys = Array.from({ length: ITEMS }, (_, i) => `fluxo-${i}`);
    const inserted = await a.client.insereVarias(keys.map((key, i) => [key, `valor ${i}`]));
    expect(inserted.erro).toBeUndefined();
    expect(inserted.resposta.every((version) => version === 1)).toBe(true);
    expect(inserted.resposta).toHaveLength(ITEMS);
    await fleet.converged();

    const read = await b.client.consultaVarias(keys);
    expect(read.resposta).toHaveLength(ITEMS);
    expect(
      read.resposta.findIndex(({ chave, valor, versao }, i) => {
        return chave !== keys[i] || valor !== `valor ${i}` || versao !== 1;
      }),
    ).toBe(-1);
    expect(await c.client.snapshot()).toHaveLength(ITEMS);

    // All but every tenth, from yet another server.
    const doomed = keys.filter((_, i) => i % 10 !== 0);
    const removed = await c.client.removeVarias(doomed.map((chave) => ({ chave, versao: 1 })));
    expect(removed.resposta).toHaveLength(doomed.length);
    expect(removed.resposta.every((version) => version === 1)).toBe(true);
    await fleet.converged();
    for (const { client } of fleet.servers) {
      const rows = await client.snapshot();
      expect(rows).toHaveLength(ITEMS / 10);
      expect(rows.every(({ chave }) => chave.endsWith('0'))).toBe(true);
    }
  }, 300_000);
});

function byKey<T extends { readonly chave: string }>(rows: readonly T[]): T[] {
  return [...rows].sort((x, y) => (x.chave < y.chave ? -1 : 1));
}
