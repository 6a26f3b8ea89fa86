import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { Kvs } from '../../../src/client/library/kvs.js';
import type { KvsLine, KvsOptions } from '../../../src/client/library/public.js';
import { openStandOn } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { failure, LojaServers } from '../../support/loja-servers.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { freePort } from '../../support/net.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function client(options: string | readonly string[] | KvsOptions): Kvs {
  const kvs = new Kvs(options);
  closing.push(() => kvs.close());
  return kvs;
}

/** Servers of one store, with the real doors. */
async function stands(count: number) {
  const engine = new MemoryEngine();
  const open = await Promise.all(Array.from({ length: count }, () => openStandOn(engine)));
  closing.push(...open.map((stand) => () => stand.close()));
  const servers = open.map(({ doors }) => `127.0.0.1:${doors.port}`);
  return { engine, open, servers };
}

/** Servers that say what the test says. */
async function scripted(count: number) {
  const servers = await LojaServers.start(count);
  closing.push(() => {
    servers.stop();
  });
  return servers;
}

const values = (lines: readonly KvsLine[]): string[] => lines.map(({ value }) => value);
const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'no error',
    (error: unknown) => (error instanceof KvsError ? error.code : error),
  );

describe('the library, on the real doors', () => {
  it('does all that the store does', async () => {
    const { servers } = await stands(2);
    const kvs = client(servers);
    const began = Date.now();
    expect(await kvs.get('k')).toBeUndefined();
    expect(await kvs.put('k', 'ação')).toBe(1);
    expect(await kvs.put('k', '', { ttlSeconds: 3_600 })).toBe(2);
    const line = await kvs.get('k');
    expect(line).toMatchObject({ key: 'k', value: '', version: 2, isHead: true, isSibling: false });
    expect(line!.timestamp).toBeGreaterThanOrEqual(began);
    expect(line!.expiresAt).toBeGreaterThan(began + 3_000_000);
    const first = await kvs.get('k', { version: 1 });
    expect(first).toMatchObject({ value: 'ação', isHead: false });
    expect(first).not.toHaveProperty('expiresAt');
    expect(await kvs.get('k', { back: 1 })).toEqual(first);
    expect(await kvs.get('k', { at: new Date(first!.timestamp) })).toEqual(first);
    expect(values(await kvs.history('k').toArray())).toEqual(['ação', '']);

    expect(await kvs.compare('k', 2, 'outro')).toMatchObject({ version: 3, value: 'outro' });
    expect(await codeOf(kvs.compare('k', 2, 'tarde'))).toBe('VERSAO_OUTRA');
    expect(await kvs.compare('novo', 0, 'v')).toMatchObject({ version: 1 });
    await kvs.compare('novo', 1, null);
    expect(await kvs.get('novo')).toBeUndefined();

    expect(await kvs.expire('k', 60)).toMatchObject({ version: 4, value: 'outro' });
    expect(await kvs.expire('k', undefined)).not.toHaveProperty('expiresAt');
    expect(await codeOf(kvs.expire('nenhuma', 60))).toBe('CHAVE_INEXISTENTE');
    expect(await kvs.remove('k', { version: 1 })).toBe(1);
    expect(await kvs.remove('k', { version: 1 })).toBe(0);
    expect(await kvs.trim('k')).toMatchObject({ version: 5 });
    expect(await kvs.trim('nenhuma')).toBeUndefined();
    expect(await kvs.remove('k')).toBe(1);
    expect(await kvs.remove('k')).toBe(0);
    expect(await kvs.status()).toMatchObject({ agrees: true });
  });

  it('lists, counts, and writes in batches of any size', async () => {
    const { servers } = await stands(1);
    const kvs = client(servers);
    const numbers = Array.from({ length: 2_500 }, (_, at) => String(at).padStart(5, '0'));
    async function* pairs() {
      for (const n of numbers) {
        yield { key: `p/${n}`, value: n } as const;
        if (n === '01234') yield ['p/longa'.repeat(20_000), 'v'] as const;
        await Promise.resolve();
      }
    }
    const { versions, refusals } = await kvs.batch(pairs());
    expect(versions).toHaveLength(2_501);
    expect(versions[1_235]).toBeUndefined();
    expect(versions.filter((version) => version === 1)).toHaveLength(2_500);
    expect(refusals).toEqual([
      {
        index: 1_235,
        key: 'p/longa'.repeat(20_000),
        code: 'CHAVE_LONGA',
        message: expect.any(String) as string,
      },
    ]);
    expect(
      await kvs.batch(
        new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      ),
    ).toEqual({ versions: [1, 1], refusals: [] });
    expect(await kvs.batch([])).toEqual({ versions: [], refusals: [] });
    expect(await kvs.count({ prefix: 'p/' })).toEqual({ keys: 2_500, versions: 2_500 });
    expect(values(await kvs.list({ prefix: 'p/' }).toArray())).toEqual(numbers);
    expect(values(await kvs.list({ prefix: 'p/', limit: 3, after: 'p/00010' }).toArray())).toEqual([
      ...['00011', '00012', '00013'],
    ]);
    const keys = await kvs.list({ from: 'a', to: 'b', keysOnly: true }).toArray();
    expect(keys.map(({ key, value }) => [key, value])).toEqual([
      ['a', ''],
      ['b', ''],
    ]);
    expect(await kvs.list({ limit: 0 }).toArray()).toEqual([]);
    for await (const line of kvs.list()) {
      expect(line.key).toBe('a');
      break;
    }
  });

  it('watches over several servers, one of which stops', async () => {
    const { servers, open } = await stands(3);
    const kvs = client(servers);
    await using watch = kvs.watch({ prefix: 'casa/' });
    expect((await watch.next()).value).toMatchObject({ type: 'upToDate' });
    const told: string[] = [];
    const expected: string[] = [];
    for (let round = 0; round < 6; round++) {
      await kvs.put(`casa/${round}`, `${round}`);
      await kvs.put('rua', 'outra');
      expected.push(`insert casa/${round}`);
      if (round === 2) await open[0]!.doors.stop(0);
      if (round === 4) await open[1]!.doors.stop(0);
    }
    await kvs.remove('casa/0');
    expected.push('remove casa/0');
    while (told.length < expected.length) {
      const { value } = await watch.next();
      if (value?.line !== undefined) told.push(`${value.type} ${value.line.key}`);
    }
    expect(told).toEqual(expected);
    const again = kvs.watch({ prefix: 'casa/', from: { token: watch.token! } });
    await kvs.put('casa/x', 'x');
    const events = [(await again.next()).value, (await again.next()).value];
    expect(events.filter((event) => event?.line !== undefined)).toMatchObject([{ line: { key: 'casa/x' } }]);
    await again.close();
  });

  it('refuses what a server refuses, with its code and its words', async () => {
    const { servers, engine } = await stands(1);
    const kvs = client(servers);
    expect(await codeOf(kvs.put('k'.repeat(70_000), 'v'))).toBe('CHAVE_LONGA');
    engine.refusal = new KvsError('LIMITE_MEMORIA', 'não cabe mais');
    const error = await kvs.put('k', 'v').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KvsError);
    expect(error).toMatchObject({ code: 'LIMITE_MEMORIA', message: 'não cabe mais' });
    expect(await codeOf(kvs.list().toArray())).toBe('LIMITE_MEMORIA');
  });
});

describe('the library, where servers fail', () => {
  const LINE = { chave: 'k', valor: 'v', versao: 7, ts_ms: 5 };

  it('shares calls among servers, and passes those that are away until they are back', async () => {
    const servers = await scripted(3);
    const kvs = client(servers.addresses);
    const asked = new Set<string>();
    servers.answers.set('Le', () => LINE);
    const get = async (): Promise<void> => {
      expect(await kvs.get('k')).toMatchObject({ version: 7 });
    };
    for (let round = 0; round < 6; round++) await get();
    servers.kill(0);
    servers.kill(1);
    for (let round = 0; round < 6; round++) await get();
    await servers.begin(0);
    servers.kill(2);
    await get();
    expect(asked.size).toBe(0);
    servers.stop();
    expect(await codeOf(kvs.get('k', { timeoutMs: 300 }))).toBe('SEM_SERVIDOR');
  });

  it('repeats a put whose fate is unknown under its id, and nothing else that changes something', async () => {
    const servers = await scripted(2);
    const kvs = client(servers.addresses);
    const heard: string[] = [];
    servers.answers.set('GravaLote', (_, metadata) => {
      heard.push(['kvs-pedido', 'kvs-tentativa'].map((name) => String(metadata.get(name)[0])).join(' '));
      return heard.length === 1 ? failure('UNAVAILABLE') : { versoes: [3], recusas: [] };
    });
    // Whoever heeds an id says so; this server does not, so the outcome stays unknown.
    expect(await codeOf(kvs.put('k', 'v', { timeoutMs: 900 }))).toBe('RESULTADO_DESCONHECIDO');
    const [first, second] = heard.map((line) => line.split(' '));
    expect(first![0]).toMatch(/^[0-9a-z]+-[\w-]{11,}$/);
    expect(second![0]).toBe(first![0]);
    expect([first![1], second![1]]).toEqual(['1', '2']);
    servers.answers.set('Remove', () => {
      heard.push('remove');
      return failure('UNAVAILABLE');
    });
    heard.length = 0;
    expect(await codeOf(kvs.remove('k'))).toBe('RESULTADO_DESCONHECIDO');
    expect(heard).toEqual(['remove']);
  });

  it('goes on with a list after the last key', async () => {
    const servers = await scripted(3);
    servers.append(...Array.from({ length: 50 }, (_, at) => `k${String(at).padStart(2, '0')}`));
    servers.cut = (call, sent) => (call <= 4 && sent === 9 ? 'UNAVAILABLE' : undefined);
    const kvs = client(servers.addresses);
    const lines = await kvs.list().toArray();
    expect(lines.map(({ key }) => key)).toEqual(servers.log);
    expect(servers.opened).toBe(5);
    const some = await kvs.list({ limit: 20 }).toArray();
    expect(some.map(({ key }) => key)).toEqual(servers.log.slice(0, 20));
  });

  it('ends a call by its deadline and by its signal', async () => {
    const servers = await scripted(1);
    const kvs = client(servers.addresses);
    let asked = 0;
    servers.answers.set('Le', () => {
      asked++;
      return new Promise(() => undefined);
    });
    const beganMs = performance.now();
    expect(await codeOf(kvs.get('k', { timeoutMs: 150 }))).toBe('SEM_SERVIDOR');
    expect(performance.now() - beganMs).toBeLessThan(2_000);
    const controller = new AbortController();
    const call = kvs.get('k', { signal: controller.signal });
    await eventually('the server is asked', () => asked === 2);
    controller.abort(new Error('chega'));
    await expect(call).rejects.toThrow('chega');
    await expect(kvs.get('k', { signal: controller.signal })).rejects.toThrow('chega');
    await expect(kvs.list({ signal: controller.signal }).toArray()).rejects.toThrow('chega');
    expect(asked).toBe(2);
  });

  it('ends what is under way when it is closed, and takes no further calls', async () => {
    const servers = await scripted(1);
    const kvs = new Kvs(servers.addresses);
    let asked = 0;
    for (const name of ['Le', 'Remove']) {
      servers.answers.set(name, () => {
        asked++;
        return new Promise(() => undefined);
      });
    }
    const calls = [codeOf(kvs.get('k')), codeOf(kvs.remove('k'))];
    await eventually('the server is asked', () => asked === 2);
    await kvs[Symbol.asyncDispose]();
    expect(await Promise.all(calls)).toEqual(['SEM_SERVIDOR', 'RESULTADO_DESCONHECIDO']);
    expect(await codeOf(kvs.get('k'))).toBe('SEM_SERVIDOR');
    await kvs.close();
  });

  it('carries a session from call to call, one after the other', async () => {
    const servers = await scripted(2);
    const kvs = client({ servers: servers.addresses, token: () => Promise.resolve('t'), confirmations: 2 });
    const heard: string[] = [];
    servers.answers.set('Le', (_, metadata) => {
      const names = ['authorization', 'kvs-sessao', 'kvs-confirmacao', 'kvs-confirmacao-prazo'];
      heard.push(names.map((name) => String(metadata.get(name)[0] ?? '-')).join(' '));
      return LINE;
    });
    servers.sessions = true;
    await kvs.get('k');
    const [one, other] = [kvs.session(), kvs.session('s1.9')];
    await Promise.all([one.get('k'), one.get('k')]);
    expect(one.sessionToken).toBe('s1.2');
    await other.get('k');
    expect(kvs.sessionToken).toBeUndefined();
    expect(heard).toEqual([
      ...['Bearer t - 2 5000', 'Bearer t nova 2 5000', 'Bearer t s1.1 2 5000', 'Bearer t s1.9 2 5000'],
    ]);
  });

  it.each<[string, KvsOptions]>([
    ['an address without a port', { servers: 'localhost' }],
    ['no address', { servers: [] }],
    ['a port that is none', { servers: 'a:0' }],
    ['a timeout that is none', { timeoutMs: 0 }],
    ['too many confirmations', { confirmations: 256 }],
    ['a session that is none', { session: 'x' }],
  ])('refuses %s', (_what, options) => {
    expect(() => new Kvs(options)).toThrow(expect.objectContaining({ code: 'CONFIGURACAO' }) as Error);
  });

  it('sends no token in the clear to another machine, and names a TLS file that is missing', async () => {
    const far = client({ servers: 'example.invalid:9', token: 't' });
    expect(await codeOf(far.get('k'))).toBe('CONFIGURACAO');
    const ca = client({ servers: `127.0.0.1:${await freePort()}`, tls: { ca: '/nenhum/ca.pem' } });
    expect(await codeOf(ca.get('k'))).toBe('CONFIGURACAO');
    expect(await codeOf(ca.watch().next())).toBe('CONFIGURACAO');
    await pause(0);
  });
});
