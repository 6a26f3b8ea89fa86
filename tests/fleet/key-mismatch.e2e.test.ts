import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { freshKey, KeyFile } from '../support/fleet-keys.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import { ServerProcess } from '../support/server-process.js';

const WITHOUT = 'outros servidores desta frota usam uma chave e este não';
const NAKED = 'há servidores desta frota sem chave';
const OTHER = 'há servidores desta frota com outra chave';

describe.skipIf(!mosquittoAvailable())('fleet keys that do not match', () => {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it(
    'no key, a key and another: each says what it sees and names the option; health as if it heard nobody',
    { timeout: 120_000 },
    async () => {
      const broker = await startMosquitto();
      cleanups.push(() => broker.stop());
      const key = await KeyFile.open(freshKey());
      const otherKey = await KeyFile.open(freshKey());
      cleanups.push(
        () => key.remove(),
        () => otherKey.remove(),
      );
      const open = async (args: readonly string[]): Promise<ServerProcess> => {
        const server = await ServerProcess.start({
          fleet: 'chaves',
          args: ['--broker', broker.url, ...args],
        });
        cleanups.push(async () => {
          if (server.running) await server.kill9();
        });
        await server.ready();
        return server;
      };
      const health = async (server: ServerProcess, expected: string): Promise<void> => {
        await eventually(
          `health of ${server.origin} is ${expected}`,
          async () => (await server.client.health('kvs.frota')) === expected,
          20_000,
        );
      };
      const says = async (server: ServerProcess, text: string): Promise<void> => {
        await eventually(`a server says: ${text}`, () => server.logged(text) !== undefined, 20_000);
        expect(server.logged(text)).toMatchObject({ nivel: 'warn' });
        expect(server.logged(text)?.mensagem).toContain('--chave-frota');
      };
      const keyed = await open(key.args);
      const naked = await open([]);
      await says(naked, WITHOUT);
      await says(keyed, NAKED);
      await health(naked, 'NOT_SERVING');
      await health(keyed, 'NOT_SERVING');
      expect(await naked.client.health()).toBe('SERVING');
      // With somebody to hear, a stranger on the broker changes nothing of that.
      const second = await open(key.args);
      await health(keyed, 'SERVING');
      await health(second, 'SERVING');
      const other = await open(otherKey.args);
      await says(other, OTHER);
      await says(keyed, OTHER);
      // Not for each message.
      expect(keyed.log.filter(({ mensagem }) => mensagem.startsWith(NAKED)).length).toBeLessThan(3);
    },
  );
});
