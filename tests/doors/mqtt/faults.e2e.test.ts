import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import mqtt from 'mqtt';
import { soon, TestFleet } from '../../support/e2e-fleet.js';
import { Relay } from '../../support/e2e-proxy.js';
import { MirrorWatcher, mirrored } from '../../support/mirror-watcher.js';
import { mosquittoAvailable } from '../../support/mosquitto.js';
import { FaithfulWriter, MqttAsker } from '../../support/mqtt-asker.js';
import { lastingMosquitto } from '../../support/mqtt-stands.js';
import type { ServerProcess } from '../../support/server-process.js';

/** The server that acts dies, freezes, loses its broker, or the broker does: nothing that was answered is lost or done twice. */

const ACTS = 'MQTT: este servidor grava e responde';
const YIELDS = 'MQTT: outro servidor passa a gravar';
/** Messages to each QoS, and how many are sent at once, 50 times a second. */
const FLOOD = 3_000;
const AT_ONCE = 20;

const acts = ({ running, frozen, log }: ServerProcess): boolean =>
  running &&
  !frozen &&
  log
    .filter(({ mensagem }) => mensagem.startsWith(ACTS) || mensagem.startsWith(YIELDS))
    .at(-1)
    ?.mensagem.startsWith(ACTS) === true;

describe.skipIf(!mosquittoAvailable())('the door of MQTT under faults, on Mosquitto', () => {
  let broker: Awaited<ReturnType<typeof lastingMosquitto>>;
  let fleet: TestFleet;
  let asker: MqttAsker;
  let watcher: MirrorWatcher;
  const relays = new Map<ServerProcess, Relay>();
  const acting = (): ServerProcess | undefined => {
    const all = fleet.live.filter(acts);
    return all.length === 1 ? all[0] : undefined;
  };
  const other = (than: ServerProcess): ServerProcess =>
    fleet.live.find((each) => each !== than) as ServerProcess;

  beforeAll(async () => {
    broker = await lastingMosquitto();
    fleet = await TestFleet.open({ url: broker.url, args: [], stop: broker.close });
    for (let i = 0; i < 2; i++) {
      const relay = await Relay.open(broker.port);
      relays.set(await fleet.add(['--broker', relay.url, '--mqtt']), relay);
    }
    await Promise.all(fleet.servers.map((server) => server.ready()));
    asker = await MqttAsker.open(broker.port, fleet.name);
    watcher = await MirrorWatcher.open(broker.port, fleet.name);
    await soon('one server acts', acting);
  }, 120_000);
  afterAll(async () => {
    asker.close();
    watcher.close();
    for (const server of fleet.servers) if (server.frozen) server.thaw();
    for (const relay of relays.values()) await relay.close();
    await fleet.close();
  }, 60_000);

  /** Each begins where one server acts. */
  const FAULTS: Readonly<Record<string, (one: ServerProcess) => Promise<void>>> = {
    'killed with -9': async (one) => {
      await one.kill9();
      await soon('the other one acts', () => fleet.live.some(acts));
      await one.restart();
      await one.ready();
    },
    'frozen, and thawed': async (one) => {
      one.freeze();
      await soon('the other one acts', () => acts(other(one)));
      one.thaw();
    },
    'cut off its broker, with writes on both sides': async (one) => {
      relays.get(one)?.cut();
      await one.client.insere('parte/um', '1');
      await soon('the other one acts', () => acts(other(one)));
      await other(one).client.insere('parte/dois', '2');
      relays.get(one)?.heal();
    },
    'with a broker that is started again': () => broker.restart(),
    'with a broker that is started again and has forgotten everything': () => broker.restartEmpty(),
  };

  it.each(Object.entries(FAULTS))(
    'the one that acts is %s',
    async (what, fault) => {
      const one = await soon('exactly one acts', acting);
      const key = `fiel/${String(Object.keys(FAULTS).indexOf(what))}`;
      const writers = [1, 2, 3].map((each) => new FaithfulWriter(asker, `${key}/${String(each)}`));
      await soon('answers before', () => writers.every(({ answered }) => answered.length > 3));
      await fault(one);
      const before = writers.map(({ answered }) => answered.length);
      await soon('answers again', () => writers.every(({ answered }, i) => answered.length > before[i]! + 3));
      await Promise.all(writers.map((writer) => writer.end()));
      await fleet.converged();
      await soon('exactly one acts afterwards', acting);
      for (const writer of writers) {
        const question = { op: 'historico', chave: writer.key, limite: 1_000 };
        const { linhas } = (await asker.ask(question)) as unknown as { linhas: readonly { valor: string }[] };
        expect(linhas.map(({ valor }) => valor).sort()).toEqual([...writer.answered].sort());
      }
      const [any] = fleet.live as [ServerProcess];
      await mirrored(what, broker.port, fleet.name, any.client);
    },
    120_000,
  );

  it.each([0, 1, 2] as const)(
    '1,000 messages a second at QoS %d: what `pede` acknowledges meanwhile is there, and memory is bounded',
    async (qos) => {
      const one = await soon('exactly one acts', acting);
      const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${String(broker.port)}`);
      const writer = new FaithfulWriter(asker, `fiel/qos-${String(qos)}`);
      watcher.older.length = 0;
      let sent = 0;
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          for (let i = 0; i < AT_ONCE; i++, sent++) {
            const topic = `kvs/${fleet.name}/grava/enchente/${String(qos)}/${String(sent % 100)}`;
            client.publish(topic, String(1_000_000 + sent), { qos });
          }
          if (sent < FLOOD) return;
          clearInterval(timer);
          resolve();
        }, 20);
      });
      await client.endAsync();
      await soon('answers', () => writer.answered.length > 3);
      await writer.end();
      // Done in order, so that the last message of each key is its last version.
      const last = FLOOD - 1;
      const chave = `enchente/${String(qos)}/${String(last % 100)}`;
      await soon('the last message', async () => {
        return (await asker.ask({ op: 'consulta', chave }))['valor'] === String(1_000_000 + last);
      });
      const { versao } = await asker.ask({ op: 'consulta', chave });
      expect(versao).toBe(FLOOD / 100);
      const { linhas } = (await asker.ask({
        op: 'historico',
        chave: writer.key,
        limite: 1_000,
      })) as unknown as {
        linhas: readonly { valor: string }[];
      };
      expect(linhas.map(({ valor }) => valor)).toEqual(writer.answered);
      expect(watcher.older).toEqual([]);
      await mirrored('the last values', broker.port, fleet.name, one.client);
      for (const server of fleet.live) expect(await server.residentBytes()).toBeLessThan(400 * 1024 * 1024);
    },
    120_000,
  );
});
