import { afterEach, describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { Kvs } from '../../../src/client/library/kvs.js';
import { openStandOn } from '../../support/doors.js';
import { MemoryEngine } from '../../support/memory-engine.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function opened() {
  const stand = await openStandOn(new MemoryEngine());
  const server = `127.0.0.1:${stand.doors.port}`;
  const kvs = new Kvs(server);
  closing.push(
    () => stand.close(),
    () => kvs.close(),
  );
  return { kvs, server };
}

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'no error',
    (error: unknown) => (error instanceof KvsError ? error.code : error),
  );

describe('what no type held', () => {
  const untyped = (kvs: Kvs) => kvs as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;

  it('is refused where it would become another text, and nothing is written', async () => {
    const { kvs } = await opened();
    const any = untyped(kvs);
    const wrong: [string, ...unknown[]][] = [
      ...([['put'], ['put', 'k'], ['put', 'k', 1], ['put', undefined, 'v'], ['put', 'k', null]] as const).map(
        (call): [string, ...unknown[]] => [...call],
      ),
      ['get', 1],
      ['compare', 'k', 0, 1],
      ['compare', undefined, 0, 'v'],
      ['remove', undefined],
      ['trim', null],
      ['expire', 1, 60],
      ['batch', [['k']]],
      ['batch', [null]],
      ['batch', 'kv'],
      ['count', { prefix: 1 }],
    ];
    for (const [name, ...given] of wrong) {
      expect([name, given, await codeOf(any[name]!.apply(kvs, given))]).toEqual([
        ...[name, given, 'PEDIDO_INVALIDO'],
      ]);
    }
    expect(await codeOf(kvs.list({ from: 1 as never }).toArray())).toBe('PEDIDO_INVALIDO');
    expect(await codeOf(kvs.history(1 as never).toArray())).toBe('PEDIDO_INVALIDO');
    expect(await codeOf(kvs.watch({ prefix: 1 as never }).next())).toBe('PEDIDO_INVALIDO');
    expect(await kvs.count()).toEqual({ keys: 0, versions: 0 });
  });

  it('is refused where an option would be passed over', async () => {
    const { kvs, server } = await opened();
    const any = untyped(kvs);
    const wrong: [string, ...unknown[]][] = [
      ['get', 'k', { versao: 1 }],
      ['get', 'k', { version: 1, back: 1 }],
      ['put', 'k', 'v', 60],
      ['put', 'k', 'v', { ttl: 60 }],
      ['put', 'k', 'v', { ttlSeconds: 1.5 }],
      ['put', 'k', 'v', { ttlSeconds: -1 }],
      ['put', 'k', 'v', { ttlSeconds: '60' }],
      ['expire', 'k', 2 ** 31],
      ['status', { timeout: 5 }],
    ];
    for (const [name, ...given] of wrong) {
      expect([name, given, await codeOf(any[name]!.apply(kvs, given))]).toEqual([
        ...[name, given, 'CONFIGURACAO'],
      ]);
    }
    expect(await codeOf(kvs.watch({ inicio: 'tudo' } as never).next())).toBe('CONFIGURACAO');
    expect(await kvs.count()).toEqual({ keys: 0, versions: 0 });
    expect(() => new Kvs({ server } as never)).toThrow(
      'server: opção desconhecida; há confirmations, discover, servers, session, timeoutMs, tls, token',
    );
    expect(() => new Kvs({ servers: server, tls: { cert: 'a.pem' } } as never)).toThrow('tls.cert: opção');
  });
});
