import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KvsError } from '../../../src/core/errors.js';
import { limits } from '../../../src/core/limits.js';
import { openStand, openStandOn, type Stand } from '../../support/doors.js';
import { openLoopbackPair } from '../../support/fleet-pair.js';
import { KvStoreClient, type ConcurrentVersion } from '../../support/kvstore-client.js';
import { AsyncMemoryEngine, type MemoryEngine } from '../../support/memory-engine.js';
import { listServices } from '../../support/reflection-client.js';
import { verbs } from '../../support/verbs.js';

/** Whether a version's clock has seen everything that another's has. */
function includes(a: ConcurrentVersion, b: ConcurrentVersion): boolean {
  return [...b.clock].every(([node, counter]) => (a.clock.get(node) ?? 0n) >= counter);
}

describe('kvstore.KvStore', () => {
  let stand: Stand<MemoryEngine>;
  let client: KvStoreClient;
  beforeEach(async () => {
    stand = await openStand();
    client = new KvStoreClient(stand.doors.port);
  });
  afterEach(async () => {
    client.close();
    await stand.close();
  });

  it('answers a put with success, and a get with the value, its writer, its clock and its time', async () => {
    for (const text of ['', 'x', '__proto__', '😀', 'x'.repeat(limits.keyBytes)]) {
      expect(await client.put(text, text)).toEqual({ success: true, error_message: '' });
      const { timestamp } = verbs(stand.engine).query(text, undefined)!;
      expect(await client.get(text)).toEqual({
        versions: [
          { value: text, clock: new Map([['unico', 1n]]), timestamp: BigInt(timestamp), writer: 'unico' },
        ],
        error_message: '',
      });
    }
  });

  it('shows nothing of what is not there, which is no error', async () => {
    expect(await client.get('nada')).toEqual({ versions: [], error_message: '' });
    await client.put('chave', 'valor');
    await stand.client.remove('chave');
    expect(await client.get('chave')).toEqual({ versions: [], error_message: '' });
  });

  it('shows the data of the other doors', async () => {
    await stand.client.insere('chave', 'valor');
    expect((await client.get('chave')).versions).toMatchObject([{ value: 'valor' }]);
    await client.put('chave', 'outro');
    expect(await stand.client.consulta('chave')).toMatchObject({ valor: 'outro', versao: 2 });
  });

  it('says in the answer what is wrong with a request', async () => {
    const long = 'x'.repeat(limits.keyBytes + 1);
    const refused = { key: await client.put(long, 'v'), value: await client.put('k', long) };
    expect([refused.key.success, refused.value.success]).toEqual([false, false]);
    expect(refused.key.error_message).toMatch(/^CHAVE_LONGA: /);
    expect(refused.value.error_message).toMatch(/^VALOR_LONGO: /);
    const got = await client.get(long);
    expect(got.versions).toEqual([]);
    expect(got.error_message).toMatch(/^CHAVE_LONGA: /);
    const bytes = await client.unary<{ error_message: string }>('Put', Buffer.from('0a02ff61', 'hex'));
    expect(bytes.resposta.error_message).toMatch(/^CHAVE_INVALIDA: /);
    expect(stand.engine.calls).toBe(0);
  });

  it('ends a call with a status when the server cannot serve it', async () => {
    stand.engine.refusal = new KvsError('SERVIDOR_ENTRANDO', 'ainda não');
    await expect(client.put('k', 'v')).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await expect(client.get('k')).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await expect(client.unary('Get', Buffer.from('0aff', 'hex'))).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
  });
});

it('shows one version at most on an engine that keeps no concurrent writes', async () => {
  const stand = await openStandOn(new AsyncMemoryEngine());
  const client = new KvStoreClient(stand.doors.port);
  expect(await client.get('k')).toEqual({ versions: [], error_message: '' });
  for (const value of ['um', 'dois']) {
    expect(await client.put('k', value)).toEqual({ success: true, error_message: '' });
  }
  expect((await client.get('k')).versions).toMatchObject([
    { value: 'dois', clock: new Map([['unico', 2n]]), writer: 'unico' },
  ]);
  expect(await listServices(stand.client.raw)).toContain('kvstore.KvStore');
  expect(await stand.client.health('kvstore.KvStore')).toBe('SERVING');
  client.close();
  await stand.close();
});

it('shows both values of two servers that could not see each other, until a write that has seen both', async () => {
  const pair = await openLoopbackPair();
  const stands = [await openStandOn(pair.engine), await openStandOn(pair.second)] as const;
  const [a, b] = [new KvStoreClient(stands[0].doors.port), new KvStoreClient(stands[1].doors.port)];
  try {
    await a.put('chave', 'antes');
    await pair.settle();
    pair.network.split = true;
    await a.put('chave', 'daqui');
    await b.put('chave', 'de lá');
    expect((await a.get('chave')).versions.map(({ value }) => value)).toEqual(['daqui']);
    expect((await b.get('chave')).versions.map(({ value }) => value)).toEqual(['de lá']);
    pair.network.split = false;
    await pair.settle();
    for (const client of [a, b]) {
      const versions = (await client.get('chave')).versions.toSorted((x, y) => (x.value < y.value ? -1 : 1));
      expect(versions.map(({ value, writer }) => [value, writer])).toEqual([
        ['daqui', 'oA'],
        ['de lá', 'oB'],
      ]);
      const [x, y] = versions as [ConcurrentVersion, ConcurrentVersion];
      expect([includes(x, y), includes(y, x)]).toEqual([false, false]);
    }
    await b.put('chave', 'depois');
    await pair.settle();
    for (const client of [a, b]) {
      const { versions } = await client.get('chave');
      expect(versions.map(({ value }) => value)).toEqual(['depois']);
      expect([...versions[0]!.clock.keys()].sort()).toEqual(['oA', 'oB']);
    }
  } finally {
    for (const closing of [a, b, ...stands, pair]) await closing.close();
  }
});
