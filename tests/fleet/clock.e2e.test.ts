import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { reasonOf } from '../support/kvs-client.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import { ServerProcess } from '../support/server-process.js';
import { WrongClock } from '../support/wrong-clock.js';

const HOUR_MS = 3_600_000;
const AHEAD = 'o relógio deste servidor está adiantado da frota';
const AHEAD_NO_MORE = 'o relógio deste servidor não está mais adiantado';

async function refusal(server: ServerProcess): Promise<string | undefined> {
  return server.client.insere('nome', 'valor').then(
    () => undefined,
    (error: unknown) => reasonOf(error),
  );
}

describe.skipIf(!mosquittoAvailable())('a wrong clock', () => {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it(
    'an hour ahead it refuses writes and says so; set right, it takes them again without peer or broker',
    { timeout: 90_000 },
    async () => {
      const broker = await startMosquitto();
      cleanups.push(() => broker.stop());
      const clock = await WrongClock.open(HOUR_MS);
      cleanups.push(() => clock.remove());
      const open = async (env: Readonly<Record<string, string>>): Promise<ServerProcess> => {
        const server = await ServerProcess.start({ fleet: 'relogio', args: ['--broker', broker.url], env });
        cleanups.push(async () => {
          if (server.running) await server.kill9();
        });
        await server.ready();
        return server;
      };
      const right = await open({});
      const wrong = await open(clock.env);
      await eventually('the clock is found out', () => wrong.logged(AHEAD) !== undefined);
      expect(await refusal(wrong)).toMatch(/^RELOGIO_ADIANTADO: .*3600 s adiante/);
      expect(await wrong.client.consulta('nome')).toMatchObject({ versao: 0 });
      // As with a full disk: reads go on, so the server serves, and what writes depend on is not well.
      await eventually(
        'health says so',
        async () => (await wrong.client.health('kvs.frota')) === 'NOT_SERVING',
      );
      expect(await wrong.client.health()).toBe('SERVING');
      expect(await refusal(right)).toBeUndefined();
      expect(await right.client.health('kvs.frota')).toBe('SERVING');

      await right.kill9();
      await broker.kill();
      expect(wrong.logged(AHEAD_NO_MORE)).toBeUndefined();
      await clock.set(0);
      await eventually('it takes writes again', async () => (await refusal(wrong)) === undefined, 8_000);
      await eventually('it says so', () => wrong.logged(AHEAD_NO_MORE) !== undefined, 8_000);
    },
  );
});
