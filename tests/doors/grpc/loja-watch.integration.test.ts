import { status } from '@grpc/grpc-js';
import type { ClientReadableStream, StatusObject } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { portLimits } from '../../../src/doors/port/limits.js';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { tokenText } from '../../../src/ports/access.js';
import { accessControl } from '../../../src/security/access/control.js';
import { DoorClient, loadService } from '../../support/door-client.js';
import { openStandOn } from '../../support/doors.js';
import type { Stand } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { realTime } from '../../support/real-time.js';
import { credential, fileOf, secretOf, TableStand } from '../../security/access/support.js';

const service = loadService('loja.proto', 'frota.v1.Loja');

interface Evento {
  readonly tipo: string;
  readonly linha: { readonly chave: string; readonly valor: string; readonly versao: number } | null;
  readonly token: string;
}

/** A watch that is under way. */
class Watching {
  readonly events: Evento[] = [];
  readonly ended: Promise<StatusObject>;
  readonly call: ClientReadableStream<Evento>;

  constructor(client: DoorClient, request: object) {
    this.call = client.openStream<Evento>('Observa', request);
    this.call.on('data', (event: Evento) => this.events.push(event)).on('error', () => undefined);
    this.ended = new Promise((resolve) => this.call.on('status', resolve));
  }

  /** `tipo chave versao` of each event so far. */
  get told(): string[] {
    return this.events.map(({ tipo, linha }) =>
      linha === null ? tipo : `${tipo} ${linha.chave} ${String(linha.versao)}`,
    );
  }

  async until(count: number): Promise<string[]> {
    await eventually(`${String(count)} events`, () => this.events.length >= count);
    return this.told;
  }
}

const trailer = (ended: StatusObject, name: string): string | undefined =>
  ended.metadata.get(name)[0]?.toString();

describe('Observa', () => {
  let engine: MemoryEngine;
  let stand: Stand<MemoryEngine>;
  let client: DoorClient;

  beforeEach(async () => {
    engine = new MemoryEngine();
    stand = await openStandOn(engine);
    client = new DoorClient(service, stand.doors.port);
  });
  afterEach(async () => {
    client.close();
    await stand.close();
  });

  const insert = (key: string, value = 'v'): unknown => engine.write({ kind: 'insert', key, value });
  const watch = (request: object): Watching => new Watching(client, request);

  it('tells what is there and what comes, of a key, of a prefix, of all', async () => {
    insert('a/1');
    insert('b/1');
    const [all, prefix, key] = [
      watch({ tudo: true }),
      watch({ prefixo: 'a/', tudo: true }),
      watch({ chave: 'b/1' }),
    ];
    expect(await all.until(3)).toEqual(['PRESENTE a/1 1', 'PRESENTE b/1 1', 'EM_DIA']);
    expect(await prefix.until(2)).toEqual(['PRESENTE a/1 1', 'EM_DIA']);
    expect(await key.until(1)).toEqual(['EM_DIA']);
    insert('a/1', 'outro');
    insert('b/1');
    engine.write({ kind: 'remove', key: 'b/1' });
    expect((await all.until(7)).slice(3)).toEqual([
      ...['INSERE a/1 2', 'INSERE b/1 2', 'REMOVE b/1 1', 'REMOVE b/1 2'],
    ]);
    expect((await prefix.until(3)).slice(2)).toEqual(['INSERE a/1 2']);
    expect((await key.until(4)).slice(1)).toEqual(['INSERE b/1 2', 'REMOVE b/1 1', 'REMOVE b/1 2']);
    expect(all.events[3]).toMatchObject({ linha: { valor: 'outro' } });
    expect(all.events[5]).toMatchObject({ linha: { valor: '' } });
    for (const { call } of [all, prefix, key]) call.cancel();
  });

  it('goes on from a token, and starts over where it cannot', async () => {
    const first = watch({});
    await first.until(1);
    insert('a');
    insert('b');
    await first.until(3);
    first.call.cancel();
    const again = watch({ token: first.events[1]!.token });
    expect((await again.until(1))[0]).toBe('INSERE b 1');
    again.call.cancel();
    const other = watch({ token: 'de-outro-lugar' });
    expect(await other.until(4)).toEqual(['RECOMECA', 'PRESENTE a 1', 'PRESENTE b 1', 'EM_DIA']);
    other.call.cancel();
  });

  it('is of a key or of a prefix, not of both', async () => {
    const { code } = await watch({ chave: 'a', prefixo: 'b' }).ended;
    expect(code).toBe(status.INVALID_ARGUMENT);
  });

  it('lets go of the engine as soon as its client leaves, while it waits', async () => {
    const watches = [watch({}), watch({ chave: 'a' })];
    for (const each of watches) await each.until(1);
    expect(engine.watches.watching).toBe(2);
    watches[0]!.call.cancel();
    await eventually('one is gone', () => engine.watches.watching === 1);
    watches[1]!.call.cancel();
    await eventually('none is left', () => engine.watches.watching === 0);
  });

  it('ends with UNAVAILABLE and its last token when the server stops', async () => {
    const [quiet, busy] = [watch({}), watch({})];
    await quiet.until(1);
    await busy.until(1);
    insert('a');
    await busy.until(2);
    const stopped = stand.doors.stop(60_000);
    for (const each of [quiet, busy]) {
      const ended = await each.ended;
      expect(ended.code).toBe(status.UNAVAILABLE);
      expect(decodeURIComponent(trailer(ended, 'kvs-erro') ?? '')).toMatch(/^SERVIDOR_SAINDO: /);
      expect(trailer(ended, 'kvs-token')).toBe(each.events.at(-1)!.token);
    }
    await stopped;
    expect(engine.watches.watching).toBe(0);
  });

  it('ends a reader that is too slow with its last token', async () => {
    engine.watches.keep = 4;
    const slow = watch({});
    await slow.until(1);
    slow.call.pause();
    const value = 'x'.repeat(60_000);
    for (let i = 0; i < 200; i++) {
      insert('a', value);
      await new Promise((resolve) => setImmediate(resolve));
    }
    slow.call.resume();
    const ended = await slow.ended;
    expect(ended.code).toBe(status.ABORTED);
    expect(decodeURIComponent(trailer(ended, 'kvs-erro') ?? '')).toMatch(/^LEITOR_LENTO: /);
    await eventually('the last event', () => slow.events.at(-1)?.token === trailer(ended, 'kvs-token'));
    expect(slow.events.length).toBeLessThan(200);
  });

  it('an engine that ends it says why', async () => {
    const watched = watch({});
    await watched.until(1);
    engine.watches.endAll(new KvsError('SEM_MAIORIA', 'sem maioria'));
    expect((await watched.ended).code).toBe(status.UNAVAILABLE);
  });

  it(`a thousand on one connection, which takes ${portLimits.streamsPerConnection}`, async () => {
    const watches = Array.from({ length: 1000 }, (_, i) => watch({ chave: `k${String(i)}` }));
    await eventually('all watch', () => engine.watches.watching === 1000);
    for (const each of watches) await each.until(1);
    for (let i = 0; i < 1000; i += 100) insert(`k${String(i)}`);
    for (const [i, each] of watches.entries()) if (i % 100 === 0) await each.until(2);
    expect(watches.reduce((sum, { events }) => sum + events.length, 0)).toBe(1010);
    // Others are served on the same connection.
    expect(await client.unary('Conta', {})).toMatchObject({ resposta: { chaves: '10' } });
  });
});

describe('Observa with credentials', () => {
  let engine: MemoryEngine;
  let access: TableStand;
  let doors: Doors;
  const clients: DoorClient[] = [];
  const [jose, raiz] = [credential('jose', 'leitura', ['a/']), credential('raiz', 'administracao')];

  beforeEach(async () => {
    engine = new MemoryEngine();
    access = new TableStand(await jose, await raiz);
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

  const as = (name: string): DoorClient => {
    const client = new DoorClient(service, doors.port, '127.0.0.1', {
      token: tokenText(name, secretOf(name)),
    });
    clients.push(client);
    return client;
  };

  it('is for the prefixes of its reader', async () => {
    const client = as('jose');
    const mine = new Watching(client, { prefixo: 'a/' });
    await mine.until(1);
    for (const request of [{}, { prefixo: 'a' }, { chave: 'b' }, { tudo: true }, { token: 'unico.0' }]) {
      expect((await new Watching(client, request).ended).code).toBe(status.PERMISSION_DENIED);
    }
    engine.write({ kind: 'insert', key: 'b/1', value: 'v' });
    engine.write({ kind: 'insert', key: 'a/1', value: 'v' });
    expect((await mine.until(2))[1]).toBe('INSERE a/1 1');
  });

  it('tells nothing more once the credential is revoked, and lets go of the engine', async () => {
    const [mine, other] = [new Watching(as('jose'), { prefixo: 'a/' }), new Watching(as('raiz'), {})];
    await mine.until(1);
    await other.until(1);
    access.table.replace(fileOf(await raiz));
    engine.write({ kind: 'insert', key: 'a/1', value: 'segredo' });
    const ended = await mine.ended;
    expect(ended.code).toBe(status.UNAUTHENTICATED);
    expect(mine.told).toEqual(['EM_DIA']);
    expect((await other.until(2))[1]).toBe('INSERE a/1 1');
    await eventually('one watches', () => engine.watches.watching === 1);
  });

  it('a reader that leaves while it waits is let go of behind the guard too', async () => {
    const mine = new Watching(as('jose'), { prefixo: 'a/' });
    await mine.until(1);
    mine.call.cancel();
    await eventually('nobody watches', () => engine.watches.watching === 0);
  });
});
