import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFolder } from '../support/data-folder.js';
import { DoorClient, loadService } from '../support/door-client.js';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import type { FleetBroker } from '../support/e2e-fleet.js';
import { MovingWatcher } from '../support/e2e-watcher.js';
import { Writer } from '../support/e2e-writer.js';
import { startMosquitto } from '../support/mosquitto.js';
import type { ServerProcess } from '../support/server-process.js';

const SERVERS = 3;
const ROUNDS = 3;
/** Writes of each writer between two events: while they come, readers go from server to server. */
const STRETCH = 40;
const service = loadService('loja.proto', 'frota.v1.Loja');

describe('watches of a fleet whose servers are killed', () => {
  let fleet: TestFleet;
  let folders: DataFolder[];

  beforeEach(async () => {
    const mosquitto = await startMosquitto();
    const broker: FleetBroker = {
      url: mosquitto.url,
      args: ['--broker', mosquitto.url],
      stop: () => mosquitto.stop(),
    };
    fleet = await TestFleet.open(broker);
    folders = await Promise.all(Array.from({ length: SERVERS }, () => DataFolder.open()));
    await Promise.all(folders.map((folder) => fleet.add([...broker.args, ...folder.args])));
    await Promise.all(fleet.servers.map((server) => server.ready()));
  }, 120_000);
  afterEach(async () => {
    await fleet.close();
    for (const folder of folders) await folder.remove();
  });

  it('miss nothing and repeat nothing, wherever their readers go', async () => {
    const watchers = [new MovingWatcher(fleet.servers, '', 40), new MovingWatcher(fleet.servers, '', 300)];
    let names = 0;
    const employ = (server: ServerProcess): Writer =>
      new Writer(server, { name: `escritor${names++}`, perSecond: 80, keys: 24 });
    const writers = new Map(fleet.servers.map((server) => [server, employ(server)]));
    const progress = async (): Promise<void> => {
      const going = [...writers.values()].map((writer) => {
        const wanted = writer.acknowledged + STRETCH;
        return soon('writes go on', () => writer.acknowledged >= wanted);
      });
      await Promise.all(going);
    };
    for (let round = 0; round < ROUNDS; round++) {
      await progress();
      const victim = fleet.servers[round % SERVERS]!;
      const writer = writers.get(victim)!;
      await victim.kill9();
      await writer.stop();
      writers.delete(victim);
      // Others write while it is away.
      await Promise.all([progress(), victim.restart()]);
      await victim.ready();
      writers.set(victim, employ(victim));
    }
    await progress();
    for (const writer of writers.values()) await writer.stop();
    await fleet.converged();

    const there = await versionsOf(fleet.servers[0]!);
    for (const watcher of watchers) {
      await soon('the watcher was told everything', () => {
        const { present } = watcher;
        return present.length === there.length && present.every((name, i) => name === there[i]);
      });
      await watcher.stop();
      expect(watcher.repeated).toEqual([]);
      expect(watcher.moves).toBeGreaterThan(5);
      // Only what a server told in its last moment, and had not sent to any other, makes a watch begin anew.
      expect(watcher.restarts).toBeLessThanOrEqual(ROUNDS);
    }
  }, 180_000);
});

/** Every version that a server has, as the watchers name them. */
async function versionsOf({ port }: ServerProcess): Promise<string[]> {
  const client = new DoorClient(service, port);
  const names: string[] = [];
  const keys = await client.collect<{ chave: string }>('Lista', { so_chaves: true });
  for (const { chave } of keys)
    for (const { versao, origem } of await client.collect<{ versao: number; origem: string }>('Historico', {
      chave,
    }))
      names.push(`${chave}@${versao} ${origem}`);
  client.close();
  return names.sort();
}
