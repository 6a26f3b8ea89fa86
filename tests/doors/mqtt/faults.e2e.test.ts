import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import mqtt from 'mqtt';
import { newRequestId } from '../../../src/client/request-id.js';
import { soon, TestFleet } from '../../support/e2e-fleet.js';
import { Relay } from '../../support/e2e-proxy.js';
import { MirrorWatcher, mirrored, VersionWatcher } from '../../support/mirror-watcher.js';
import { mosquittoAvailable } from '../../support/mosquitto.js';
import { FaithfulWriter, MqttAsker } from '../../support/mqtt-asker.js';
import { lastingMosquitto } from '../../support/mqtt-stands.js';
import type { ServerProcess } from '../../support/server-process.js';

/**
 * The server that acts dies, freezes, loses its broker, or the broker does, while clients ask and publish: nothing that was
 * answered is lost (but by a death) or done twice, and the mirror of 10,000 keys is right again afterwards.
 */

const ACTS = 'MQTT: este servidor grava e responde';
const YIELDS = 'MQTT: outro servidor passa a gravar';
const KEYS = 10_000;
/** 1,000 messages a second: so many at once, 50 times a second. */
const AT_ONCE = 20;
const EVERY_MS = 20;
/** Messages of the flood to each QoS. */
const FLOOD = 1_000;

/** Writes a number to each key, through one server. */
async function writeAll(server: ServerProcess, keys: number, number: number): Promise<void> {
  const pairs = Array.from({ length: keys }, (_, i) => [`casa/${String(i)}`, String(number)] as const);
  await server.client.insereVarias(pairs);
}

/** Faults after which what a server had under way, which does not know that another one acts, may show once. */
const MAY_SHOW_ONCE: ReadonlySet<string> = new Set([
  'frozen, and thawed',
  'cut off its broker, with writes on both sides',
]);

/**
 * A server without a disk that dies takes with it what it has answered and not told the others: of each writer, which waits for
 * one answer at a time, one value at most.
 */
const MAY_LOSE_ONE: ReadonlySet<string> = new Set(['killed with -9']);

const UNKNOWN = { codigo: 'RESULTADO_DESCONHECIDO' };

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
  let versions: VersionWatcher;
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
    await writeAll(fleet.servers[0] as ServerProcess, KEYS, 1_000_000);
    asker = await MqttAsker.open(broker.port, fleet.name);
    watcher = await MirrorWatcher.open(broker.port, fleet.name);
    versions = await VersionWatcher.open(broker.port, fleet.name);
    await soon('one server acts', acting);
  }, 120_000);
  afterAll(async () => {
    asker.close();
    watcher.close();
    versions.close();
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
      await writeAll(one, 300, 8_000_000);
      await soon('the other one acts', () => acts(other(one)));
      await writeAll(other(one), 600, 9_000_000);
      relays.get(one)?.heal();
    },
    'with a broker that is started again': () => broker.restart(),
    'with a broker that is started again and has forgotten everything': () => broker.restartEmpty(),
  };

  /** Removes a key with a request id; and says afterwards, when there is something newer, whether it is done again. */
  const removeOnce = async (
    one: ServerProcess,
    key: string,
  ): Promise<{ isNotDoneAgain(): Promise<void> }> => {
    const chave = `uma-vez/${key}`;
    await one.client.insere(chave, 'primeiro');
    const question = { op: 'remove', chave, pedido: newRequestId() };
    const done = { chave, removidas: 1 };
    // A server that has just begun to act cannot know.
    const first = await asker.ask(question);
    expect([done, UNKNOWN]).toContainEqual(first['codigo'] === undefined ? first : UNKNOWN);
    await one.client.insere(chave, 'segundo');
    return {
      isNotDoneAgain: async () => {
        const again = await asker.ask({ ...question, tentativa: 2 });
        expect([done, UNKNOWN]).toContainEqual(
          again['codigo'] === undefined ? again : { codigo: again['codigo'] },
        );
        expect(await asker.ask({ op: 'consulta', chave })).toMatchObject({ valor: 'segundo' });
      },
    };
  };
  let sent = 0;

  it.each(Object.entries(FAULTS))(
    'the one that acts is %s',
    async (what, fault) => {
      const one = await soon('exactly one acts', acting);
      const key = `fiel/${String(Object.keys(FAULTS).indexOf(what))}`;
      const writers = [1, 2, 3].map((each) => new FaithfulWriter(asker, `${key}/${String(each)}`));
      const removed = await removeOnce(one, key);
      const heard = watcher.messages;
      versions.takeBack();
      const flood = setInterval(() => {
        for (let i = 0; i < AT_ONCE; i++)
          watcher.write(`casa/${String(++sent % 500)}`, String(2_000_000 + sent));
      }, EVERY_MS);
      try {
        await soon('answers before', () => writers.every(({ answered }) => answered.length > 3));
        await soon('values before', () => watcher.messages > heard + 200);
        await fault(one);
      } finally {
        clearInterval(flood);
      }
      const before = writers.map(({ answered }) => answered.length);
      await soon('answers again', () => writers.every(({ answered }, i) => answered.length > before[i]! + 3));
      await Promise.all(writers.map((writer) => writer.end()));
      await fleet.converged();
      await soon('exactly one acts afterwards', acting);
      await removed.isNotDoneAgain();
      for (const writer of writers) {
        const question = { op: 'historico', chave: writer.key, limite: 1_000 };
        const { linhas } = (await asker.ask(question)) as unknown as { linhas: readonly { valor: string }[] };
        const there = new Set(linhas.map(({ valor }) => valor));
        const lost = writer.answered.filter((value) => !there.has(value));
        expect(lost.length, lost.join()).toBeLessThanOrEqual(MAY_LOSE_ONE.has(what) ? 1 : 0);
        const kept = writer.answered.filter((value) => there.has(value));
        expect(linhas.map(({ valor }) => valor).sort()).toEqual(kept.sort());
      }
      const [any] = fleet.live as [ServerProcess];
      expect(await mirrored(what, broker.port, fleet.name, any.client)).toBeGreaterThanOrEqual(KEYS);
      expect(versions.messages).toBeGreaterThan(0);
      const back = [...versions.takeBack()];
      expect(back.filter(([, steps]) => !MAY_SHOW_ONCE.has(what) || steps.length > 1)).toEqual([]);
    },
    120_000,
  );

  it('1,000 messages a second at every QoS: what `pede` acknowledges meanwhile is there, and memory is bounded', async () => {
    const one = await soon('exactly one acts', acting);
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${String(broker.port)}`);
    const writer = new FaithfulWriter(asker, 'fiel/enchente');
    watcher.older.length = 0;
    let [number, rounds] = [0, 0];
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        for (rounds++; number < Math.min(3 * FLOOD, rounds * AT_ONCE); number++) {
          const qos = (number % 3) as 0 | 1 | 2;
          const own = Math.floor(number / 3);
          const topic = `kvs/${fleet.name}/grava/enchente/${String(qos)}/${String(own % 100)}`;
          client.publish(topic, String(1_000_000 + own), { qos });
        }
        if (number < 3 * FLOOD) return;
        clearInterval(timer);
        resolve();
      }, EVERY_MS);
    });
    await client.endAsync();
    await soon('answers', () => writer.answered.length > 3);
    await writer.end();
    // Done in order, so that the last message of each key is its last version.
    const last = FLOOD - 1;
    for (const qos of [0, 1, 2]) {
      const chave = `enchente/${String(qos)}/${String(last % 100)}`;
      await soon('the last message', async () => {
        return (await asker.ask({ op: 'consulta', chave }))['valor'] === String(1_000_000 + last);
      });
      expect((await asker.ask({ op: 'consulta', chave }))['versao']).toBe(FLOOD / 100);
    }
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
  }, 120_000);
});
