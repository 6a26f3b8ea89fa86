import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.js';
import { asInTopic } from '../../../src/core/topic-key.js';
import { eventually } from '../../support/eventually.js';
import { publishRaw } from '../../support/hostile-mqtt.js';
import type { RawMessage } from '../../support/hostile-mqtt.js';
import { mirrored } from '../../support/mirror-watcher.js';
import { MqttAsker } from '../../support/mqtt-asker.js';
import { MQTT_STANDS } from '../../support/mqtt-stands.js';
import type { MqttStand } from '../../support/mqtt-stands.js';
import type { ServerProcess } from '../../support/server-process.js';

/** Whatever a client publishes, the server that acts goes on, on the same connections, and the mirror is right. */

const ACTS = 'MQTT: este servidor grava e responde';
const YIELDS = 'MQTT: outro servidor passa a gravar';

/** Topics after `kvs/<frota>/`. */
const TOPICS: Readonly<Record<string, readonly (string | Buffer)[]>> = {
  'levels that are empty': [
    'grava',
    'grava/',
    'grava//',
    'grava///a//',
    'remove',
    'remove/',
    'remove//',
    '/',
    '',
  ],
  'many levels': [`grava/${'a/'.repeat(149)}b`, `grava/${'a/'.repeat(150)}b`, `grava/${'/'.repeat(190)}`],
  'codes that are broken': [
    ...['%', '%%', '%z', '%zz', '%2', '%2f', '%2F', '%41', '%E2%82', '%C3%28', '%00', '%ff', 'a%25%'],
  ].map((rest) => `grava/hostil/${rest}`),
  'what is no UTF-8, or nothing to see': [
    Buffer.from([0x67, 0x72, 0x61, 0x76, 0x61, 0x2f, 0xff, 0xfe]),
    Buffer.from([0x67, 0x72, 0x61, 0x76, 0x61, 0x2f, 0xed, 0xa0, 0x80]),
    ...[
      'grava/\u0001',
      'grava/\u0000',
      'grava/\u007f',
      'grava/\ufffe',
      'grava/\ufeffa',
      'grava/\u202ea',
      'grava/😀',
    ],
  ],
  wildcards: ['grava/#', 'grava/+', 'grava/a+b', 'remove/#'],
  'names of others': [
    ...['$kvs/x', '$SYS/x', '$share/g/x', '__proto__', 'constructor'].map((rest) => `grava/${rest}`),
    ...['valor/hostil/1', 'valor/', 'espelho', 'recusa/hostil/1', 'resposta/a/b', 'resposta', 'nada/disso'],
  ],
  'questions that are none': [
    'pede/',
    'pede//',
    'pede/a',
    'pede/a/',
    'pede//b',
    'pede/a/b/c',
    'pede/a/b',
    'pede',
  ],
};

/** Payloads, each to `grava/`, to `remove/`, as a question and as a value of the mirror. */
const PAYLOADS: Readonly<Record<string, string | Buffer>> = {
  nothing: '',
  'no UTF-8': Buffer.from([0xff, 0xfe, 0x80]),
  NUL: '\u0000',
  'the longest value': 'v'.repeat(limits.valueBytes),
  'one byte more': 'v'.repeat(limits.valueBytes + 1),
  'a megabyte': 'v'.repeat(1024 * 1024),
  'deep JSON': '['.repeat(20_000),
  'JSON of a prototype': '{"op":"insere","chave":"hostil/p","valor":"x","__proto__":{"op":"remove"}}',
  'a number beyond all': '9'.repeat(10_000),
  'a removal of version 0': '0',
};

// They wait for brokers and servers most of the time: all stands at once, on each one test after the other.
describe.each(Object.entries(MQTT_STANDS))(
  '%s: hostile clients',
  { concurrent: true, timeout: 180_000 },
  (name, { isThere, retainsAnything, open }) => {
    describe.skipIf(!isThere())('the door', { concurrent: false }, () => {
      const isNats = name.endsWith('NATS');
      let stand: MqttStand;
      let server: ServerProcess;
      let asker: MqttAsker;
      const topicOf = (rest: string | Buffer): string | Buffer => {
        const root = `kvs/${stand.fleet}/`;
        return typeof rest === 'string' ? root + rest : Buffer.concat([Buffer.from(root), rest]);
      };
      const publish = (rest: string | Buffer, payload?: string | Buffer, retain?: boolean): Promise<void> => {
        const message: RawMessage = { topic: topicOf(rest) };
        return publishRaw(stand.port, {
          ...message,
          ...(payload !== undefined && { payload }),
          ...(retain !== undefined && { retain }),
        });
      };
      /** Each on a connection of its own, since a broker may cut whoever publishes so. */
      const publishAll = async (
        messages: readonly (readonly [string | Buffer, (string | Buffer)?, boolean?])[],
      ): Promise<void> => {
        await Promise.all(messages.map((message) => publish(...message)));
      };
      let number = 0;
      /** What was published before is dealt with: messages are done in the order in which they come. */
      const works = async (): Promise<void> => {
        const chave = `prova/${String(++number)}`;
        expect(await asker.ask({ op: 'insere', chave, valor: 'sim' })).toMatchObject({ chave, valor: 'sim' });
        await publish(`grava/${chave}`, 'também');
        await eventually(
          'a write on a topic',
          async () => (await asker.ask({ op: 'consulta', chave }))['valor'] === 'também',
          60_000,
        );
      };
      const leftOver = async (): Promise<void> => {
        await publish('grava/antiga/1', 'do ano passado', true);
        await publish('remove/fica', '*', true);
      };

      beforeAll(async () => {
        stand = await open();
        // Published before any server was there, where the broker is.
        if (retainsAnything) await leftOver();
        server = await stand.start();
        await eventually('it acts', () => server.logged(ACTS), 60_000);
        asker = await MqttAsker.open(stand.port, stand.fleet);
        if (!retainsAnything) await leftOver().then(() => asker.ask({ op: 'remove', chave: 'antiga/1' }));
      }, 300_000);
      afterAll(async () => {
        asker.close();
        await stand.close();
      }, 120_000);

      it('writes that a broker has retained are never carried out', async () => {
        await server.client.insere('fica', 'sim');
        const untouched = async (): Promise<void> => {
          await works();
          expect(await asker.ask({ op: 'consulta', chave: 'fica' })).toMatchObject({
            valor: 'sim',
            versao: 1,
          });
          expect(await asker.ask({ op: 'consulta', chave: 'antiga/1' })).toMatchObject({
            codigo: 'CHAVE_INEXISTENTE',
          });
        };
        await untouched();
        if (stand.restartBroker === undefined) return;
        const before = server.countLogged(ACTS);
        await stand.restartBroker();
        await eventually('it acts again', () => server.countLogged(ACTS) > before, 60_000);
        await untouched();
      });

      it.each(Object.entries(TOPICS))('topics: %s', async (_what, topics) => {
        await publishAll(topics.map((topic) => [topic]));
        await publishAll(topics.map((topic) => [topic, '{"op":"consulta","chave":"a"}', true]));
        await works();
      });

      // The nodes of a NATS cluster end when somebody publishes to such a topic with QoS 1: a server must not.
      it('topics: the longest', async () => {
        const fill = (part: string): string => {
          const start = `kvs/${stand.fleet}/${part}/`;
          return start + 'k'.repeat(65_535 - start.length);
        };
        await Promise.all(
          ['grava', 'remove', 'pede/a'].map((part) => publishRaw(stand.port, { topic: fill(part) })),
        );
        await server.client.insere('k'.repeat(limits.keyBytes - 100), 'x');
        await works();
      });

      it('topics: outside of the tree', async () => {
        const topics = ['$', '$SYS/x', '/', 'kvs', 'kvs/'];
        const fleets = [`/kvs/${stand.fleet}/grava/a`, `kvs/${stand.fleet}`];
        await Promise.all([...topics, ...fleets].map((topic) => publishRaw(stand.port, { topic })));
        await works();
      });

      it.each(Object.entries(PAYLOADS))('payloads: %s', async (_what, payload) => {
        const topics = [
          'grava/hostil/carga',
          'remove/hostil/carga',
          'pede/hostil/1',
          'pede',
          'valor/hostil/2',
        ];
        await publishAll(topics.map((topic) => [topic, payload]));
        await works();
      });

      it('keys that no broker, or not this one, carries as topics do not keep the others from being shown', async () => {
        await server.client.insereVarias([
          ...['com.ponto', 'com espaço', 'a\u0001b', 'a+b#c%d', '/', '//a/', '*', '>'].map(
            (key) => [key, 'x'] as const,
          ),
          ['fundo/'.repeat(200), 'x'],
        ]);
        await works();
        const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${String(stand.port)}`);
        const seen = new Set<string>();
        client.on('message', (topic) => seen.add(topic));
        await client.subscribeAsync(`kvs/${stand.fleet}/valor/#`, { qos: 1 });
        await eventually(
          'the last key',
          () => seen.has(`kvs/${stand.fleet}/valor/prova/${String(number)}`),
          60_000,
        );
        client.end(true);
      });

      it('afterwards it still has the connection of the beginning, and has said no error', async () => {
        expect(server.running).toBe(true);
        expect(server.log.filter(({ nivel }) => nivel === 'error')).toEqual([]);
        const restarts = stand.restartBroker === undefined ? 0 : 1;
        expect(server.countLogged(YIELDS)).toBe(restarts);
        expect(server.countLogged(ACTS)).toBe(restarts + 1);
        expect(await server.residentBytes()).toBeLessThan(400 * 1024 * 1024);
      });

      it.skipIf(isNats)('the broker retains what the store says, and nothing else', async () => {
        await server.client.removeVarias(['a\u0001b', '', 'fundo/'.repeat(200)]);
        const decoding = {
          snapshot: async () =>
            (await server.client.snapshot())
              .filter(({ chave }) => chave.length < 64_000)
              .map((row) => ({
                ...row,
                chave: asInTopic(row.chave),
              })),
        } as unknown as ServerProcess['client'];
        expect(await mirrored('everything', stand.port, stand.fleet, decoding)).toBeGreaterThan(10);
      });
    });
  },
);
