import { setTimeout as pause } from 'node:timers/promises';
import { DataFolder } from '../support/data-folder.js';
import { afterAll, describe, expect, it } from 'vitest';
import { newRequestId } from '../../src/client/request-id.js';
import { limits } from '../../src/core/limits.js';
import { defaultFleetTuning } from '../../src/engines/fleet/replication/tuning.js';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import { freshKey, KeyFile } from '../support/fleet-keys.js';
import { freePort } from '../support/net.js';
import { earlierProgramsAvailable, earlierProgram } from '../support/earlier-programs.js';
import { addressOf, insert, versionOf, versionsOf } from '../support/repeated-inserts.js';
import { presentProgram, runKvs } from '../support/server-process.js';

const PATIENCE_MS = 480_000;

/** Nearly all of the time they wait for servers to find each other, and to be old enough: all of them do so at once. */
const AT_ONCE = { concurrent: true };

const available = await earlierProgramsAvailable();

/** A server of today and one of an earlier commit; the one that starts first has the broker. */
describe.skipIf(!available).each([
  { before: 'previous', first: 'old', sealed: true },
  { before: 'previous', first: 'new', sealed: false },
  { before: 'oldFormats', first: 'old', sealed: false },
  { before: 'oldFormats', first: 'new', sealed: true },
] as const)(
  'the $first server of a mixed fleet holds the broker ($before, sealed: $sealed)',
  AT_ONCE,
  ({ before, first, sealed }) => {
    const fleets: TestFleet[] = [];
    let keyFile: KeyFile | undefined;
    afterAll(async () => {
      for (const fleet of fleets) await fleet.close();
      await keyFile?.remove();
    });

    it(
      'both take writes and removals, and know requests from each other',
      { timeout: PATIENCE_MS },
      async () => {
        const old = await earlierProgram(before);
        const programs = first === 'old' ? [old, presentProgram] : [presentProgram, old];
        const port = await freePort();
        const keys = sealed ? [freshKey()] : [];
        keyFile = sealed ? await KeyFile.open(...keys) : undefined;
        const args = ['--broker-local', `127.0.0.1:${port}`, ...(keyFile?.args ?? [])];
        const broker = { url: `mqtt://127.0.0.1:${port}`, args, stop: () => Promise.resolve() };
        const fleet = await TestFleet.open(broker, 'presence', keys);
        fleets.push(fleet);
        const [a, b] = [await fleet.add(args, programs[0]), await fleet.add(args, programs[1])];
        await Promise.all([a.ready(), b.ready()]);
        expect([a.hostsBroker, b.hostsBroker]).toEqual([true, false]);
        await pause(limits.requestSkewMs + 100);

        expect(await a.client.insere('chave', 'de a')).toMatchObject({ versao: 1 });
        await soon('b has it', async () => (await b.client.consulta('chave')).versao === 1);
        expect(await b.client.insere('chave', 'de b')).toMatchObject({ versao: 2 });
        await soon('a has it', async () => (await a.client.consulta('chave')).versao === 2);
        expect(await a.client.remove('chave', 1)).toMatchObject({ versao: 1 });
        await fleet.converged();
        for (const server of fleet.servers) expect(await versionsOf(server, 'chave')).toEqual([2]);

        // An attempt at either is known to the other.
        for (const [at, again] of [[a, b] as const, [b, a] as const]) {
          const id = newRequestId();
          const key = `pedido em ${at.port}`;
          expect(versionOf(await insert([addressOf(at)], key, 'valor', id))).toBe(1);
          await soon('the other has it', async () => (await again.client.consulta(key)).versao === 1);
          expect(versionOf(await insert([addressOf(again)], key, 'valor', id))).toBe(1);
        }
        await fleet.converged();

        // One that starts takes the state of the other, whole; the one with the broker too.
        for (const server of [b, a]) {
          await server.stop();
          await server.restart();
          await server.ready();
          await fleet.converged();
          expect(await versionsOf(server, 'chave')).toEqual([2]);
        }
      },
    );
  },
);

/** Starts one that takes the whole state of the server, which has a folder, page by page. */
async function takesState(
  fleet: TestFleet,
  args: readonly string[],
  program: string,
  versions = [1],
): Promise<void> {
  const taker = await fleet.add(args, program);
  await taker.ready();
  expect(taker.logged('estado recebido')).toBeDefined();
  expect(await versionsOf(taker, 'chave')).toEqual(versions);
  await fleet.converged();
  await taker.kill9();
}

/** Starts a program on a folder that it does not know, and returns what it says. */
async function refusal(fleet: TestFleet, args: readonly string[], program: string): Promise<string> {
  const { ended, plain, child } = runKvs(['servidor', '0', '--frota', fleet.name, ...args], program);
  expect(await ended).not.toBe(0);
  expect(child.signalCode).toBeNull();
  return plain.join();
}

describe.skipIf(!available).each([
  { before: 'previous', knows: 'os formatos 1 e 2' },
  { before: 'oldFormats', knows: 'o formato 1' },
] as const)('a folder of before ($before)', AT_ONCE, ({ before, knows }) => {
  it(
    'is taken up with its state and its log, and then refused by the program of before, which is filled by peers',
    { timeout: PATIENCE_MS },
    async () => {
      const old = await earlierProgram(before);
      const port = await freePort();
      const args = ['--broker-local', `127.0.0.1:${port}`];
      const [folder, empty] = [await DataFolder.open(), await DataFolder.open()];
      const fleet = await TestFleet.open({
        ...{ url: `mqtt://127.0.0.1:${port}`, args, stop: () => Promise.resolve() },
      });
      const large = 'x'.repeat(limits.valueBytes);
      const ids: string[] = [];
      try {
        const server = await fleet.add([...args, ...folder.args], old);
        await server.ready();
        await pause(limits.requestSkewMs + 100);
        // The second round is written by the present program into what the first one left.
        for (const ends of ['stops', 'is killed'] as const) {
          // The log is folded into the state; what comes after that lies in the log.
          for (
            let chars = 0;
            chars <= defaultFleetTuning.journalLogBytes + large.length;
            chars += large.length
          )
            await server.client.insere('grande', large);
          await server.client.remove('grande');
          expect(await server.client.insere('chave', `com ${ids.length}`)).toMatchObject({
            versao: ids.length + 1,
          });
          const id = newRequestId();
          expect(versionOf(await insert([addressOf(server)], `pedido ${ids.length}`, 'valor', id))).toBe(1);
          ids.push(id);
          await (ends === 'stops' ? server.stop() : server.kill9());
          await server.restart({ program: presentProgram });
          await server.ready();
          expect(await versionsOf(server, 'chave')).toEqual(ids.map((_, number) => number + 1));
          expect((await server.client.consulta('grande')).versao).toBe(0);
          for (const [number, known] of ids.entries())
            expect(versionOf(await insert([addressOf(server)], `pedido ${number}`, 'valor', known))).toBe(1);
        }
        await server.kill9();
        expect(await refusal(fleet, [...args, ...folder.args], old)).toContain(
          `formato 3, e este programa conhece ${knows}`,
        );
        await server.restart();
        await server.ready();
        expect(await versionsOf(server, 'chave')).toEqual([1, 2]);
        // Whoever must go back starts it on an empty folder.
        await takesState(fleet, [...args, ...empty.args], old, [1, 2]);
      } finally {
        await fleet.close();
        await folder.remove();
        await empty.remove();
      }
    },
  );
});
