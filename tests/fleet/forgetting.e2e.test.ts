import { afterAll, describe, expect, it } from 'vitest';
import { defaultFleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { DataFolder } from '../support/data-folder.js';
import { bulkInsert, bulkRemove } from '../support/e2e-bulk.js';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import { freePort } from '../support/net.js';

const KEYS = defaultFleetTuning.floorEmptyKeys + 2_000;
const PATIENCE_MS = 240_000;

function* names(): Generator<string> {
  for (let i = 0; i < KEYS; i++) yield `chave-${i}`;
}

function* pairs(): Generator<readonly [string, string]> {
  for (const name of names()) yield [name, 'valor'];
}

/** Real servers, and more removed keys than a fleet remembers. */
describe('a fleet with too many removed keys', () => {
  let fleet: TestFleet | undefined;
  let folder: DataFolder | undefined;
  afterAll(async () => {
    await fleet?.close();
    await folder?.remove();
  });

  it(
    'forgets them everywhere, and uses no number twice, also over kill -9 and for who joins',
    async () => {
      folder = await DataFolder.open();
      const port = await freePort();
      const args = ['--broker-local', `127.0.0.1:${port}`];
      fleet = await TestFleet.open({ url: `mqtt://127.0.0.1:${port}`, args, stop: () => Promise.resolve() });
      const a = await fleet.add(args);
      const b = await fleet.add([...args, ...folder.args]);
      await Promise.all([a.ready(), b.ready()]);

      for (let version = 1; version <= 5; version++)
        expect(await a.client.insere('vai e volta', 'valor')).toMatchObject({ versao: version });
      await a.client.remove('vai e volta');
      expect(await bulkInsert(a.port, pairs())).toBe(KEYS);
      expect(await bulkRemove(a.port, names())).toBe(KEYS);

      // Once the floor of its part has risen, a key that was never seen begins above it.
      const first = async (): Promise<number> =>
        (await b.client.insere(`nova ${Math.random()}`, 'valor')).versao;
      await soon('floors have risen', async () => (await first()) > 1);
      await fleet.converged();
      const again = (await b.client.insere('vai e volta', 'valor')).versao;
      expect(again).toBeGreaterThan(5);
      const used = (await b.client.insere('chave-7', 'valor')).versao;
      expect(used).toBeGreaterThan(1);
      await b.client.remove('chave-7');
      await fleet.converged();

      await b.kill9();
      await b.restart();
      await b.ready();
      const later = (await b.client.insere('chave-7', 'valor')).versao;
      expect(later).toBeGreaterThan(used);

      const c = await fleet.add(args);
      await c.ready();
      await fleet.converged();
      expect(await c.client.consulta('chave-7')).toMatchObject({ versao: later });
      expect((await c.client.insere('chave-8', 'valor')).versao).toBeGreaterThan(1);
      await fleet.converged();
      const started = c.logged('atendendo');
      expect(started?.['chaves']).toBeLessThan(KEYS);
    },
    PATIENCE_MS,
  );
});
