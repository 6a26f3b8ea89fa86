import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { reasonOf } from '../support/kvs-client.js';
import { freePort } from '../support/net.js';
import { ServerProcess } from '../support/server-process.js';

const PAUSE_MS = 2_000;

describe('a server that was paused', () => {
  let server: ServerProcess | undefined;
  afterEach(async () => {
    if (server?.running) await server.kill9();
  });

  it(
    'refuses what waited at its door, calls and streams, and serves soon after',
    { timeout: 90_000 },
    async () => {
      const broker = `127.0.0.1:${await freePort()}`;
      server = await ServerProcess.start({ fleet: 'parada', args: ['--broker-local', broker] });
      await server.ready();
      const { client } = server;
      expect(await client.insere('nome', 'antes')).toMatchObject({ versao: 1 });
      server.freeze();
      const began = performance.now();
      const waiting = Array.from({ length: 50 }, (_, i) =>
        client.insere('nome', `durante ${i}`).then(
          () => 'feito',
          (error: unknown) => reasonOf(error) ?? 'sem motivo',
        ),
      );
      const stream = client
        .insereVarias([
          ['outra', 'durante'],
          ['outra', 'também'],
        ])
        .then(
          () => 'feito',
          (error: unknown) => reasonOf(error) ?? 'sem motivo',
        );
      await eventually('the pause is long enough', () => performance.now() - began > PAUSE_MS);
      server.thaw();
      for (const reason of await Promise.all([...waiting, stream])) expect(reason).toMatch(/SERVIDOR_PAROU/);
      // What is sent from now on is carried out, on the same connection.
      expect(await client.insere('nome', 'depois')).toMatchObject({ versao: 2 });
      expect(await client.consulta('outra')).toMatchObject({ versao: 0 });
      expect(await client.health()).toBe('SERVING');
      const said = server.logged('o processo esteve parado');
      expect(Number(said?.['paradoMs'])).toBeGreaterThan(PAUSE_MS - 500);
    },
  );
});
