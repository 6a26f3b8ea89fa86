import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { newRequestId } from '../../src/client/request-id.js';
import { limits } from '../../src/core/limits.js';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import { freePort } from '../support/net.js';
import { previousProgram } from '../support/previous-build.js';
import { addressOf, insert, versionOf, versionsOf } from '../support/repeated-inserts.js';
import { presentProgram } from '../support/server-process.js';

const PATIENCE_MS = 240_000;

/** A server of today and one of the commit before; the one that starts first has the broker. */
describe.each(['old', 'new'] as const)('the %s server of a mixed fleet holds the broker', (first) => {
  const fleets: TestFleet[] = [];
  afterAll(async () => {
    for (const fleet of fleets) await fleet.close();
  });

  it(
    'both take writes and removals, and know requests from each other',
    { timeout: PATIENCE_MS },
    async () => {
      const old = await previousProgram();
      const programs = first === 'old' ? [old, presentProgram] : [presentProgram, old];
      const port = await freePort();
      const args = ['--broker-local', `127.0.0.1:${port}`];
      const fleet = await TestFleet.open({
        ...{ url: `mqtt://127.0.0.1:${port}`, args, stop: () => Promise.resolve() },
      });
      fleets.push(fleet);
      const [a, b] = [await fleet.add(args, programs[0]), await fleet.add(args, programs[1])];
      await Promise.all([a.ready(), b.ready()]);
      expect([a.hostsBroker, b.hostsBroker]).toEqual([true, false]);
      await pause(limits.requestSkewMs + 100);

      expect(await a.client.insere('chave', 'de a')).toMatchObject({ versao: 1 });
      await soon('b has it', async () => (await b.client.consulta('chave')).versao === 1);
      expect(await b.client.insere('chave', 'de b')).toMatchObject({ versao: 2 });
      await soon('a has it', async () => (await a.client.consulta('chave')).versao === 2);
      expect(await a.client.remove('chave', 1)).toMatchObject({ versao: 1 });
      await fleet.converged();
      for (const server of fleet.servers) expect(await versionsOf(server, 'chave')).toEqual([2]);

      // An attempt at either is known to the other.
      for (const [at, again] of [[a, b] as const, [b, a] as const]) {
        const id = newRequestId();
        const key = `pedido em ${at.port}`;
        expect(versionOf(await insert([addressOf(at)], key, 'valor', id))).toBe(1);
        await soon('the other has it', async () => (await again.client.consulta(key)).versao === 1);
        expect(versionOf(await insert([addressOf(again)], key, 'valor', id))).toBe(1);
      }
      await fleet.converged();

      // One that starts takes the state of the other, whole.
      await b.stop();
      await b.restart();
      await b.ready();
      await fleet.converged();
      expect(await versionsOf(b, 'chave')).toEqual([2]);
    },
  );
});
