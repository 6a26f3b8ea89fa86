import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestCertificates, pairArgs } from '../../support/certificates.js';
import { eventually } from '../../support/eventually.js';
import { HostileClient } from '../../support/hostile-client.js';
import type { Way } from '../../support/hostile-client.js';
import { ServerProcess } from '../../support/server-process.js';
import { turn } from './attack.js';
import type { Attack } from './attack.js';
import { SMUGGLING, http1Attacks } from './http1-attacks.js';
import { http1ReaderAttacks } from './http1-readers.js';
import { http2Attacks, plainRefusedCalls } from './http2-attacks.js';
import { TABLE_HEAD, measure, mostCpuSeconds, rowOf } from './measure.js';
import type { Measured } from './measure.js';

/** How long each attack lasts. With a longer time, the figures are printed as a table. */
const SECONDS = Number(process.env['KVS_ATTACK_SECONDS'] ?? 0.3);
const SHOWS = process.env['KVS_ATTACK_SECONDS'] !== undefined;
const ALONE = ['--broker', 'mqtt://127.0.0.1:1'];
const REPEATS = 2;
const MiB = 1024 * 1024;
/** Memory that an attack may take for a moment, */
const GROWTH_MIB = 300;
/** and all of them for good. */
const LASTING_MIB = 500;

const overTls = http2Attacks.filter(({ name }) =>
  [
    'preface and SETTINGS only',
    'rapid reset',
    'PING',
    'SETTINGS, empty',
    'empty DATA on an open call',
    'PRIORITY',
  ].includes(name),
);

const noAttack: Attack = {
  name: 'none',
  unit: 'call',
  run: async (run) => {
    while (!run.isOver()) await turn();
  },
};

/** Tries attacks on a server one after the other. */
function attacks(title: string, tried: readonly Attack[], start: () => Promise<[ServerProcess, Way]>): void {
  describe(title, () => {
    let server: ServerProcess;
    let way: Way;
    let plain: Measured;
    let honestMicros: number;
    let atFirst: number;
    const measured: Measured[] = [];

    beforeAll(async () => {
      [server, way] = await start();
      await eventually('the server serves', () => server.logged('atendendo'));
      // The first calls are slower than all others.
      await measure(server, way, plainRefusedCalls, 1_000);
      const alone = await measure(server, way, noAttack, 1_000);
      honestMicros = (alone.cpuSeconds * 1e6) / alone.honestCalls;
      plain = await measure(server, way, plainRefusedCalls, 1_000, honestMicros);
      atFirst = await server.residentBytes();
      measured.push(plain);
    }, 60_000);
    afterAll(async () => {
      await server.stop();
      if (!SHOWS) return;
      const rows = measured.map((one) => rowOf(one, plain.cpuMicrosPerUnit));
      process.stdout.write(`${[title, '', ...TABLE_HEAD, ...rows].join('\n')}\n`);
    });

    const mostFor = (attack: Attack, result: Measured): number =>
      mostCpuSeconds(attack, result, plain.cpuMicrosPerUnit);
    const isDear = (attack: Attack, result: Measured): boolean =>
      result.cpuSeconds >= mostFor(attack, result);

    it.each(tried)('$name', { timeout: 30_000 + 5_000 * SECONDS }, async (attack) => {
      let result = await measure(server, way, attack, SECONDS * 1e3, honestMicros);
      // A busy machine makes some measurement dear by chance; what is dear by itself is so every time.
      for (let again = 0; again < REPEATS && isDear(attack, result); again++)
        result = await measure(server, way, attack, SECONDS * 1e3, honestMicros);
      measured.push(result);
      expect(result.honestErrors).toBe(0);
      expect(result.honestCalls).toBeGreaterThan(0);
      expect(result.connections).toBeGreaterThan(0);
      expect(result.cpuSeconds).toBeLessThan(mostFor(attack, result));
      expect(result.growthMiB).toBeLessThan(GROWTH_MIB);
    });

    it('is well afterwards', async () => {
      expect(await server.client.health()).toBe('SERVING');
      for (let nth = 0; nth < 20; nth++) await server.client.insere('honesto', 'valor');
      expect(((await server.residentBytes()) - atFirst) / MiB).toBeLessThan(LASTING_MIB);
      expect(server.plain).toEqual([]);
    });
  });
}

attacks('hostile input', [...http2Attacks, ...http1Attacks, ...http1ReaderAttacks], async () => {
  const server = await ServerProcess.start({ fleet: 'hostil', args: ALONE });
  return [server, { port: server.port }];
});

let files: TestCertificates;
beforeAll(async () => {
  files = await TestCertificates.make();
});
afterAll(() => files.remove());

attacks('hostile input within TLS', overTls, async () => {
  const own = await files.server('servidor');
  const ca = await readFile(files.ca);
  const server = await ServerProcess.start({
    fleet: 'hostil-tls',
    args: [...ALONE, ...pairArgs(own)],
    security: { ca },
  });
  return [server, { port: server.port, ca }];
});

describe('requests of HTTP/1.1 whose end is not clear', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await ServerProcess.start({ fleet: 'contrabando', args: ALONE });
  });
  afterAll(() => server.stop());

  it.each(SMUGGLING)('%s: what comes behind is not answered', async (_, rest) => {
    const client = await HostileClient.open({ port: server.port }, false);
    const heard: Buffer[] = [];
    client.socket.on('data', (data: Buffer) => heard.push(data));
    const hidden = 'GET /saude HTTP/1.1\r\nhost: localhost\r\n\r\n';
    await client.send(Buffer.from(`POST / HTTP/1.1\r\nhost: localhost\r\n${rest}${hidden}`, 'latin1'));
    await eventually('it is cut', () => client.isClosed(), 10_000);
    const text = Buffer.concat(heard).toString();
    expect(text.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
    expect(text).toMatch(/^HTTP\/1\.1 4/);
  });
});
