import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { mosquittoAvailable, startMosquitto } from '../../support/mosquitto.js';
import { natsAvailable, startNats } from '../../support/nats.js';
import { freePort } from '../../support/net.js';
import { ServerProcess } from '../../support/server-process.js';
import { isInstalled, PYTHON } from '../../interop/clients.js';

/** Programs that others wrote use the door, each in the MQTT that it speaks, on every kind of broker. */

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('programs/client.py', import.meta.url));

const paho = isInstalled(
  'Eclipse Paho',
  'python3-paho-mqtt',
  () => spawnSync(PYTHON, ['-c', 'import paho.mqtt.client'], { stdio: 'ignore' }).status === 0,
);

interface Broker {
  readonly port: number;
  /** How a server is told of it. */
  readonly args: readonly string[];
  stop(): Promise<void>;
}

/** Each kind of broker, what it speaks and up to which QoS. */
const BROKERS = {
  Mosquitto: {
    ...{ isThere: mosquittoAvailable, protocols: [4, 5], qos: 2 },
    start: async (): Promise<Broker> => {
      const { port, url, stop } = await startMosquitto();
      return { port, args: ['--broker', url], stop };
    },
  },
  embutido: {
    ...{ isThere: () => true, protocols: [4], qos: 2 },
    start: async (): Promise<Broker> => {
      const port = await freePort();
      return { port, args: ['--broker-local', `127.0.0.1:${String(port)}`], stop: () => Promise.resolve() };
    },
  },
  NATS: {
    ...{ isThere: natsAvailable, protocols: [4], qos: 1 },
    start: async (): Promise<Broker> => {
      const { nodes, stop } = await startNats();
      const { url } = nodes[0]!;
      return { port: Number(new URL(url).port), args: ['--broker', url], stop };
    },
  },
} as const;

describe.each(Object.entries(BROKERS))('%s', (_name, { isThere, protocols, qos, start }) => {
  describe.skipIf(!isThere())('the door of MQTT', () => {
    let broker: Broker;
    let server: ServerProcess;
    beforeAll(async () => {
      broker = await start();
      server = await ServerProcess.start({ fleet: 'padrao', args: ['--mqtt', ...broker.args] });
      await eventually('it acts', () => server.logged('MQTT: este servidor'), 30_000);
    }, 90_000);
    afterAll(async () => {
      await server.stop();
      await broker.stop();
    });

    it.runIf(paho).each(protocols)('a program of Eclipse Paho, protocol %d', async (protocol) => {
      const { stdout } = await run(PYTHON, [PROGRAM, String(broker.port), String(protocol), String(qos)]);
      const levels = Array.from({ length: qos + 1 }, (_, level) => level);
      expect(JSON.parse(stdout)).toEqual({
        ...Object.fromEntries(levels.map((level) => [`valor ${String(level)}`, `em QoS ${String(level)}`])),
        ...(protocol === 5 &&
          Object.fromEntries(
            levels.flatMap((level): (readonly [string, unknown])[] => [
              [`propriedades ${String(level)}`, ['ts', 'versao']],
              [`versao ${String(level)}`, '1'],
            ]),
          )),
        recusa: 'CHAVE_INVALIDA',
        insere: 2,
        historico: ['em QoS 0', 'de novo'],
        nada: 'CHAVE_INEXISTENTE',
        removido: '',
      });
    });

    it('mosquitto_rr asks and is answered, as far as the broker lets it', async () => {
      const question = JSON.stringify({ op: 'insere', chave: 'rr/1', valor: 'perguntado' });
      const rr = async (words: readonly string[]): Promise<unknown> => {
        const { stdout } = await run('mosquitto_rr', [
          '-p',
          String(broker.port),
          '-W',
          '20',
          '-q',
          '1',
          ...words,
        ]);
        return JSON.parse(stdout);
      };
      const place = (id: string): string[] => [
        '-t',
        `kvs/padrao/pede/rr/${id}`,
        '-e',
        `kvs/padrao/resposta/rr/${id}`,
      ];
      expect(await rr(['-V', 'mqttv311', ...place('1'), '-m', question])).toMatchObject({ versao: 1 });
      if (!protocols.includes(5)) return;
      const at5 = ['-V', 'mqttv5', '-e', 'rr/resposta', '-t', 'kvs/padrao/pede'];
      expect(await rr([...at5, '-m', question])).toMatchObject({ versao: 2 });
      expect(await rr(['-V', 'mqttv5', ...place('3'), '-m', question])).toMatchObject({ versao: 3 });
    });
  });
});
