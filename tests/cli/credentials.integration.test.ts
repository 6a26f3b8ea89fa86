import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORE_OPTIONS } from '../../src/config/store-options.js';
import { startDoors } from '../../src/doors/start.js';
import type { Doors } from '../../src/doors/start.js';
import { tokenText } from '../../src/ports/access.js';
import { accessControl } from '../../src/security/access/control.js';
import { credential, secretOf, TableStand } from '../security/access/support.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { realTime } from '../support/real-time.js';
import { verbs } from '../support/verbs.js';
import { runHere } from './in-process.js';

const WRITES: readonly string[][] = [
  ['insere', 'a/k', 'v'],
  ['compara', 'a/k', '1', 'v'],
  ['expira', 'a/k', '60'],
  ['apara', 'a/k', '--sim'],
  ['remove', 'a/k', '--versao', '1'],
];
const READS: readonly string[][] = [
  ['consulta', 'a/k'],
  ['historico', 'a/k'],
  ['lista', 'a/'],
  ['conta', 'a/'],
  ['observa', 'a/k', '--inicio', 'tudo'],
];
const ADMINISTERED: readonly string[][] = [
  ['isola'],
  ['liga'],
  ['perde', '300'],
  ['adianta', '90s'],
  ['rastreia'],
];
const OTHERS: readonly string[][] = [['estado']];

let engine: MemoryEngine;
let access: TableStand;
let doors: Doors;
beforeAll(async () => {
  engine = new MemoryEngine();
  verbs(engine).insert('a/k', 'valor');
  access = new TableStand(
    await credential('jose', 'leitura', ['a/']),
    await credential('ana', 'escrita', ['b/']),
    await credential('raiz', 'administracao'),
  );
  const unused = () => {
    throw new Error('isolated');
  };
  doors = await startDoors({
    ...{ port: 0, engine, engineHealth: 'kvs.frota', time: realTime, logger: access.logger },
    access: accessControl(access.table),
    laboratory: { isolate: unused, reconnect: unused, lose: unused, shiftClock: unused, trace: unused },
  });
  doors.setServing(true);
});
afterAll(() => doors.stop(0));

/** Runs a command with a token: nothing is shown but one line, which says why. */
async function refused(words: readonly string[], token: string | undefined): Promise<[number, string]> {
  // Whoever fails once a second is told so each time.
  access.time.advance(10_000);
  const env = token === undefined ? {} : { KVS_TOKEN: token };
  const { code, stdout, stderr } = await runHere([...words, '-p', String(doors.port)], env);
  expect([words, stdout]).toEqual([words, '']);
  return [code, stderr];
}

describe('commands at a server with credentials', () => {
  it.each([...WRITES, ...READS, ...ADMINISTERED, ...OTHERS].map((words) => [words] as const))(
    'kvs %j without a good one: one line, exit code 4',
    async (words) => {
      const wrong = tokenText('jose', secretOf('outra'));
      for (const token of [undefined, wrong]) {
        const [code, stderr] = await refused(words, token);
        expect([code, stderr]).toEqual([4, expect.stringMatching(/^kvs: [^\n]*credencial[^\n]*\n$/)]);
        expect(stderr).not.toContain(secretOf('outra'));
      }
    },
  );

  it.each([
    ...WRITES.map((words) => ['jose', words] as const),
    ...[...WRITES, ...READS].map((words) => ['ana', words] as const),
    ...['jose', 'ana'].flatMap((who) => ADMINISTERED.map((words) => [who, words] as const)),
  ])('%s may not kvs %j: one line, exit code 4, and nothing is done', async (who, words) => {
    const before = engine.calls;
    const [code, stderr] = await refused(words, tokenText(who, secretOf(who)));
    expect([code, stderr]).toEqual([4, expect.stringMatching(/^kvs: [^\n]*credencial[^\n]*\n$/)]);
    expect(engine.calls).toBe(before);
  });

  it('names every command on the store', () => {
    const named = [...WRITES, ...READS, ...OTHERS].map(([name]) => name);
    expect(named.sort()).toEqual(Object.keys(STORE_OPTIONS).sort());
  });
});
