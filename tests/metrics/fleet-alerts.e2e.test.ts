import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ClassicLevel } from 'classic-level';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataFolder, fillDisk } from '../support/data-folder.js';
import { eventually } from '../support/eventually.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import type { Mosquitto } from '../support/mosquitto.js';
import { earlierProgram, earlierProgramsAvailable } from '../support/earlier-programs.js';
import { Prometheus, prometheusAvailable } from '../support/prometheus.js';
import { ServerProcess } from '../support/server-process.js';
import { WrongClock } from '../support/wrong-clock.js';

const run = promisify(execFile);
const available = prometheusAvailable() && mosquittoAvailable();
const hasEarlier = await earlierProgramsAvailable();
const HOUR_MS = 3_600_000;

/** One fleet of real servers, and real faults, one server each: all at once, since most of it is waiting. */
describe.skipIf(!available)('alerts about a server of a fleet', { timeout: 90_000 }, () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  let broker: Mosquitto;
  let prometheus: Prometheus;
  let frozen: ServerProcess;
  let killed: ServerProcess;
  let durable: ServerProcess;
  let wrong: ServerProcess;
  let folder: DataFolder;
  const at = ({ port }: ServerProcess): string => `127.0.0.1:${port}`;

  const open = async (
    args: readonly string[] = [],
    more: Partial<Parameters<typeof ServerProcess.start>[0]> = {},
  ): Promise<ServerProcess> => {
    const server = await ServerProcess.start({
      ...{ fleet: 'alertas', args: ['--broker', broker.url, ...args] },
      ...more,
    });
    cleanups.push(async () => {
      if (server.frozen) server.thaw();
      if (server.running) await server.kill9();
    });
    await server.ready();
    return server;
  };

  beforeAll(async () => {
    broker = await startMosquitto();
    cleanups.push(() => broker.stop());
    folder = await DataFolder.open();
    cleanups.push(() => folder.remove());
    const clock = await WrongClock.open(0);
    cleanups.push(() => clock.remove());
    [frozen, killed, durable, wrong] = await Promise.all([
      open(),
      open(),
      open(folder.args),
      open([], { env: clock.env }),
    ]);
    const servers = [frozen, killed, durable, wrong];
    prometheus = await Prometheus.start({ 'kvs-frota': { targets: servers.map(at) } });
    cleanups.push(() => prometheus.stop());
    await prometheus.scrapes(4);
    await frozen.client.insere('chave', 'verdade');
    await eventually('all have it', async () => {
      const rows = await Promise.all(servers.map(({ client }) => client.consulta('chave')));
      return rows.every(({ valor }) => valor === 'verdade');
    });
    await clock.set(HOUR_MS);
  }, 60_000);
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }, 30_000);

  it.concurrent('the clock an hour ahead', async () => {
    await prometheus.fires('KvsRelogioAdiantado', { instance: at(wrong) });
    await prometheus.fires('KvsCondicaoRuim', { instance: at(wrong), condition: 'kvs.frota' });
  });

  it.concurrent('the process stopped for two seconds, and short of descriptors', async () => {
    frozen.freeze();
    const missed = `sum_over_time((1 - up{instance="${at(frozen)}"})[20s:1s])`;
    await eventually('two scrapes miss it', async () => ((await prometheus.value(missed)) ?? 0) >= 2);
    frozen.thaw();
    await prometheus.fires('KvsLacoBloqueado', { instance: at(frozen) });
    const open = (await readdir(`/proc/${frozen.pid}/fd`)).length;
    await run('prlimit', [`--pid=${frozen.pid}`, `--nofile=${Math.ceil(open * 1.1)}:`]);
    await prometheus.fires('KvsPoucosDescritores', { instance: at(frozen) });
  });

  it.concurrent('killed, and killed again and again', async () => {
    const instance = at(killed);
    await killed.kill9();
    await prometheus.fires('KvsServidorFora', { instance });
    for (let start = 0; start < 3; start++) {
      const before = await prometheus.value(`kvs_process_start_time_seconds{instance="${instance}"}`);
      if (killed.running) await killed.kill9();
      await killed.restart();
      await eventually(
        'the new process is scraped',
        async () => {
          const now = await prometheus.value(`kvs_process_start_time_seconds{instance="${instance}"}`);
          return now !== undefined && now !== before;
        },
        30_000,
      );
    }
    await prometheus.fires('KvsServidorReinicia', { instance });
  });

  it.concurrent('the data folder changed by hand while stopped; then a full disk', async () => {
    await durable.stop();
    expect(await tamper(folder.path, 'verdade', 'mentira')).toBe(1);
    await durable.restart();
    await prometheus.fires('KvsDivergencia');
    await durable.ready();
    await fillDisk(durable.pid, true);
    await expect(durable.client.insere('outra', 'valor')).rejects.toThrow('o disco dos dados está cheio');
    await prometheus.fires('KvsDiscoRecusa', { instance: at(durable) });
    await fillDisk(durable.pid, false);
  });

  it.skipIf(!hasEarlier).concurrent('a server of an earlier version in the fleet', async () => {
    await open([], { program: await earlierProgram('previous') });
    await prometheus.fires('KvsServidorAntigo', { instance: at(frozen) });
  });
});

/** Replaces a text by one of the same length wherever a folder of `--dados` has it. @returns how many records had it */
async function tamper(folder: string, from: string, to: string): Promise<number> {
  const database = new ClassicLevel<Buffer, Buffer>(folder, {
    ...{ keyEncoding: 'buffer', valueEncoding: 'buffer' },
  });
  let found = 0;
  for await (const [key, value] of database.iterator()) {
    if (!value.includes(from)) continue;
    found++;
    await database.put(key, Buffer.from(value.toString('latin1').replaceAll(from, to), 'latin1'));
  }
  await database.close();
  return found;
}
