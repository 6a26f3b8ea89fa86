import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answers, OfKind, Write } from '../../../src/ports/engine.js';
import { loadService, method, reasonOf } from '../../support/door-client.js';
import { openStandOn, type Stand } from '../../support/doors.js';
import { MemoryEngine } from '../../support/memory-engine.js';

/** Notes how long each write is to live. */
class NotingEngine extends MemoryEngine {
  ttls: (number | undefined)[] = [];

  override write<K extends Write['kind']>(write: OfKind<Write, K>): Answers[K] {
    if ('ttlMs' in write) this.ttls.push(write.ttlMs);
    return super.write<K>(write);
  }
}

const KVS = loadService('kvs.proto', 'kvs.KVS');
const TIMED = loadService('KeyValueStore.proto', 'KeyValueStore');
const PROJECT = loadService('project_KeyValueStore.proto', 'project.KeyValueStore');
const HEADS = loadService('kvstore.proto', 'kvstore.KvStore');
const COPY = loadService('copia.proto', 'kvs.Copia');

describe('kvs-ttl at the gRPC doors', () => {
  let stand: Stand<NotingEngine>;
  beforeAll(async () => {
    stand = await openStandOn(new NotingEngine());
  });
  afterAll(() => stand.close());

  const ttl = (text: string): Metadata => {
    const metadata = new Metadata();
    metadata.set('kvs-ttl', text);
    return metadata;
  };

  /** @returns the trailing metadata */
  const unary = (service: ServiceDefinition, name: string, request: object, metadata: Metadata) => {
    const { path, requestSerialize, responseDeserialize } = method(service, name);
    return new Promise<Metadata>((resolve, reject) => {
      let failed: ServiceError | null = null;
      stand.client.raw
        .makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, (error) => {
          failed = error;
        })
        .on('status', (last: StatusObject) => {
          if (failed) reject(failed);
          else resolve(last.metadata);
        });
    });
  };

  const stream = (service: ServiceDefinition, name: string, requests: object[], metadata: Metadata) => {
    const { path, requestSerialize, responseDeserialize } = method(service, name);
    const call = stand.client.raw.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
    );
    call.on('data', () => undefined);
    const ended = new Promise<Metadata>((resolve, reject) => {
      call.on('error', reject);
      call.on('status', (last: StatusObject) => {
        if (last.code === status.OK) resolve(last.metadata);
      });
    });
    for (const request of requests) call.write(request);
    call.end();
    return ended;
  };

  const KEYED = { chave: 'chave', valor: 'valor' };
  const PAIR = { key: 'chave', val: 'valor' };

  it.each<[string, ServiceDefinition, string, object]>([
    ['kvs.KVS/Insere', KVS, 'Insere', KEYED],
    ['KeyValueStore/Put', TIMED, 'Put', PAIR],
    ['project.KeyValueStore/Put', PROJECT, 'Put', PAIR],
    ['kvstore.KvStore/Put', HEADS, 'Put', { key: 'chave', value: 'valor' }],
  ])('reaches the engine, and comes back: %s', async (_what, service, name, request) => {
    stand.engine.ttls = [];
    expect((await unary(service, name, request, ttl('7'))).get('kvs-ttl')).toEqual(['7']);
    expect((await unary(service, name, request, new Metadata())).get('kvs-ttl')).toEqual([]);
    expect(stand.engine.ttls).toEqual([7_000, undefined]);
    for (const text of ['0', 'abc']) {
      const error = await unary(service, name, request, ttl(text)).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
      expect(reasonOf(error)).toMatch(/^PEDIDO_INVALIDO: kvs-ttl: esperado um inteiro de segundos/);
    }
    expect(stand.engine.ttls).toHaveLength(2);
  });

  it.each<[string, ServiceDefinition, string, object]>([
    ['kvs.KVS/InsereVarias', KVS, 'InsereVarias', KEYED],
    ['KeyValueStore/PutAll', TIMED, 'PutAll', PAIR],
    ['project.KeyValueStore/PutAll', PROJECT, 'PutAll', PAIR],
  ])('holds for each insert of a stream: %s', async (_what, service, name, request) => {
    stand.engine.ttls = [];
    expect((await stream(service, name, [request, request], ttl('7'))).get('kvs-ttl')).toEqual(['7']);
    expect(stand.engine.ttls).toEqual([7_000, 7_000]);
    const error = await stream(service, name, [request], ttl('0')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(stand.engine.ttls).toHaveLength(2);
  });

  it('is refused by imports, whose versions have instants of their own', async () => {
    const row = { chave: 'copia', valor: 'valor', versao: 1, ts: 5 };
    const error = await stream(COPY, 'Importa', [row], ttl('7')).catch((thrown: unknown) => thrown);
    expect(reasonOf(error)).toBe('NAO_SUPORTADO: aqui kvs-ttl não vale: só em inserções');
  });

  it('means nothing to reads and removals', async () => {
    await stand.client.insere('chave', 'valor');
    await unary(KVS, 'Consulta', { chave: 'chave' }, ttl('abc'));
    expect((await unary(KVS, 'Remove', { chave: 'chave' }, ttl('7'))).get('kvs-ttl')).toEqual([]);
  });

  it('of an import is the instant of each version; what has expired is not taken, and is told', async () => {
    const { path, requestSerialize, responseDeserialize } = method(COPY, 'Importa');
    const call = stand.client.raw.makeBidiStreamRequest(
      ...([path, requestSerialize, responseDeserialize, new Metadata()] as const),
    );
    const outcomes: unknown[] = [];
    call.on('data', (answer: object) => outcomes.push((answer as { situacao: string }).situacao));
    const ended = new Promise<void>((resolve, reject) => call.on('end', resolve).on('error', reject));
    const row = (chave: string, expira?: number) => {
      return { chave, valor: 'valor', versao: 1, ts: 5, ...(expira !== undefined && { expira }) };
    };
    stand.engine.ttls = [];
    for (const one of [row('imp1'), row('imp2', 7), row('imp3', Date.now() + 60_000)]) call.write(one);
    call.end();
    await ended;
    expect(outcomes).toEqual(['RENUMERADA', 'EXPIRADA', 'RENUMERADA']);
    expect(stand.engine.ttls[0]).toBeUndefined();
    expect(stand.engine.ttls[1]).toBeGreaterThan(50_000);
    expect(stand.engine.ttls[1]).toBeLessThanOrEqual(60_000);
    expect((await stand.client.consulta('imp2')).versao).toBe(0);
  });
});
