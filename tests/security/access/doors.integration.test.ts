import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessControl } from '../../../src/security/access/control.js';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { tokenText } from '../../../src/ports/access.js';
import type { DoorClient } from '../../support/door-client.js';
import { loadService } from '../../support/door-client.js';
import { eventually } from '../../support/eventually.js';
import { connect, reasonOf } from '../../support/kvs-client.js';
import type { KvsClient } from '../../support/kvs-client.js';
import { KeyValueClient } from '../../support/keyvalue-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { describeService, listServices } from '../../support/reflection-client.js';
import { credential, secretOf, TableStand } from './support.js';
import { realTime } from '../../support/real-time.js';
import { verbs } from '../../support/verbs.js';

let engine: MemoryEngine;
let access: TableStand;
let doors: Doors;
const clients: DoorClient[] = [];

beforeEach(async () => {
  engine = new MemoryEngine();
  access = new TableStand(
    await credential('maria', 'escrita', ['a/']),
    await credential('jose', 'leitura', ['a/']),
    await credential('raiz', 'administracao'),
    await credential('srv', 'servidor'),
  );
  const { table, logger } = access;
  doors = await startDoors({
    ...{ port: 0, engine, engineHealth: 'kvs.frota', time: realTime, logger },
    access: accessControl(table),
  });
  doors.setServing(true);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await doors.stop(0);
});

function as<T extends DoorClient>(client: T, authorization: string | undefined): T {
  if (authorization !== undefined) client.metadata.set('authorization', authorization);
  clients.push(client);
  return client;
}

const bearer = (name: string, secret = secretOf(name)): string => `Bearer ${tokenText(name, secret)}`;
const kvs = (name: string): KvsClient => as(connect(doors.port), bearer(name));

/** `OK`, or the status of the refusal with the reason's code. */
async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    const { code } = error as { readonly code: number };
    return `${status[code] ?? ''} ${reasonOf(error)?.replace(/.*?([A-Z_]{6,}).*/s, '$1') ?? ''}`;
  }
}

const UNAUTHENTICATED = 'UNAUTHENTICATED NAO_AUTENTICADO';
const DENIED = 'PERMISSION_DENIED NAO_AUTORIZADO';

describe('the doors with credentials', () => {
  it('let nobody in without one, whatever the call, and change nothing', async () => {
    for (const authorization of [
      undefined,
      '',
      'Bearer',
      'Bearer x',
      'Basic bWFyaWE6eA==',
      bearer('maria', 'x'),
      bearer('ninguem'),
      bearer('maria').slice(7),
      `${bearer('maria')}, ${bearer('maria')}`,
    ]) {
      access.time.advance(10_000);
      const client = as(connect(doors.port), authorization);
      expect([authorization, await outcome(client.insere('a/k', 'valor'))]).toEqual([
        authorization,
        UNAUTHENTICATED,
      ]);
      expect(await outcome(client.consulta('a/k'))).toBe(UNAUTHENTICATED);
      expect(await outcome(client.insereVarias([['a/k', 'valor']]))).toBe(UNAUTHENTICATED);
      expect(await outcome(client.snapshot())).toBe(UNAUTHENTICATED);
    }
    expect(engine.calls).toBe(0);
  });

  it('let each do what it may', async () => {
    const [maria, jose, raiz, srv] = [kvs('maria'), kvs('jose'), kvs('raiz'), kvs('srv')];
    expect(await outcome(maria.insere('a/k', 'valor'))).toBe('OK');
    expect(await outcome(maria.insere('b/k', 'valor'))).toBe(DENIED);
    expect(await outcome(maria.insere('ab/', 'valor'))).toBe(DENIED);
    expect((await jose.consulta('a/k')).valor).toBe('valor');
    expect(await outcome(jose.consulta('b/k'))).toBe(DENIED);
    expect(await outcome(jose.insere('a/k', 'outro'))).toBe(DENIED);
    expect(await outcome(jose.remove('a/k'))).toBe(DENIED);
    expect(await outcome(raiz.insere('b/k', 'valor'))).toBe('OK');
    expect((await maria.snapshot()).map(({ chave }) => chave)).toEqual(['a/k']);
    expect((await raiz.snapshot()).map(({ chave }) => chave)).toEqual(['a/k', 'b/k']);
    for (const call of [srv.consulta('a/k'), srv.insere('a/k', 'valor'), srv.snapshot()]) {
      expect(await outcome(call)).toBe(DENIED);
    }
    expect(await outcome(jose.insereVarias([['a/x', 'valor']]))).toBe(DENIED);
    expect((await jose.consultaVarias(['a/k'])).resposta).toHaveLength(1);
    expect(access.table.refusals).toMatchObject({ NAO_AUTENTICADO: 0, NAO_AUTORIZADO: 9 });
    expect(verbs(engine).query('a/k', undefined)).toMatchObject({ value: 'valor', version: 1 });
  });

  it('hold for the time-versioned door, ranges too', async () => {
    const [maria, jose] = ['maria', 'jose'].map((name) =>
      as(new KeyValueClient(doors.port), bearer(name)),
    ) as [KeyValueClient, KeyValueClient];
    expect(await outcome(maria.put('a/k', 'valor'))).toBe('OK');
    expect(await outcome(maria.put('b/k', 'valor'))).toBe(DENIED);
    const range = (client: KeyValueClient, name: string, from: string, to: string): Promise<string> =>
      outcome(client.collect(name, { fr: { key: from }, to: { key: to } }));
    expect(await range(jose, 'GetRange', 'a/', 'a/z')).toBe('OK');
    expect(await range(jose, 'GetRange', 'a/', 'b')).toBe(DENIED);
    expect(await range(jose, 'DelRange', 'a/', 'a/z')).toBe(DENIED);
    // Also where there is nothing.
    expect(await range(jose, 'DelRange', 'a/x', 'a/z')).toBe(DENIED);
    expect(verbs(engine).query('a/k', undefined)?.value).toBe('valor');
    expect(await range(maria, 'DelRange', 'a/', 'a/z')).toBe('OK');
    expect(verbs(engine).query('a/k', undefined)).toBeUndefined();
  });

  it('health answers everybody; reflection and the list of servers only those who are known', async () => {
    const nobody = as(connect(doors.port), undefined);
    expect(await nobody.health()).toBe('SERVING');
    const frota = loadService('frota.proto', 'frota.Frota');
    const list = (client: DoorClient): Promise<string> => outcome(client.unary('Servidores', {}, frota));
    expect(await list(nobody)).toBe(UNAUTHENTICATED);
    expect(await list(kvs('srv'))).toBe('OK');
    expect(await list(kvs('jose'))).toBe('OK');
    expect(await outcome(listServices(nobody.raw))).toBe(UNAUTHENTICATED);
    expect(await outcome(describeService(nobody.raw, 'kvs.KVS'))).toBe(UNAUTHENTICATED);
  });

  it('a slow hash is made once for many calls', async () => {
    const maria = kvs('maria');
    await Promise.all(Array.from({ length: 100 }, () => maria.insere('a/k', 'valor')));
    expect(access.hashes).toBe(1);
  });
});

describe('wrong logins', () => {
  it(
    '10,000 of them over gRPC are limited, and a client that is known is served meanwhile',
    { timeout: 60_000 },
    async () => {
      const maria = kvs('maria');
      expect(await outcome(maria.insere('a/k', 'valor'))).toBe('OK');
      const attacker = as(connect(doors.port), undefined);
      const codes = new Map<string, number>();
      for (let round = 0; round < 100; round++) {
        const attempts = Array.from({ length: 100 }, (_, i) => {
          attacker.metadata.set('authorization', bearer('maria', `x${String(round * 100 + i)}`));
          return outcome(attacker.insere('a/k', 'mal'));
        });
        for (const code of await Promise.all(attempts)) codes.set(code, (codes.get(code) ?? 0) + 1);
        expect(await outcome(maria.insere('a/k', 'valor'))).toBe('OK');
      }
      expect([...codes.keys()].sort()).toEqual(['RESOURCE_EXHAUSTED LIMITE_TENTATIVAS', UNAUTHENTICATED]);
      expect(codes.get(UNAUTHENTICATED)).toBeLessThan(20);
      expect(access.hashes).toBeLessThan(20);
      expect(verbs(engine).query('a/k', undefined)).toMatchObject({ version: 101, value: 'valor' });
      const { NAO_AUTENTICADO, LIMITE_TENTATIVAS } = access.table.refusals;
      expect(NAO_AUTENTICADO + LIMITE_TENTATIVAS).toBe(10_000);
    },
  );
});

describe('a server that stops', () => {
  it('tells calls whose callers it is still looking up', async () => {
    let open = (): void => undefined;
    access.gate = new Promise((resolve) => (open = resolve));
    const call = kvs('maria').open('InsereVarias');
    const ended = new Promise<{ code: status }>((resolve) => call.on('status', resolve));
    call.on('error', () => undefined).resume();
    await eventually('it is looked up', () => access.hashes > 0 && doors.usage().openCalls === 1);
    const stopped = doors.stop(60_000);
    open();
    expect((await ended).code).toBe(status.UNAVAILABLE);
    await stopped;
  });
});
