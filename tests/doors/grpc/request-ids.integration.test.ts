import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attempt } from '../../../src/core/attempt.js';
import type { Answers, Capabilities, OfKind, Write } from '../../../src/ports/engine.js';
import { openStand, openStandOn, type Stand } from '../../support/doors.js';
import { loadService, method, reasonOf } from '../../support/door-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';

const ID = 'loyw42lb-uofmadjpzjpn';

/** Notes the attempts that it is given. */
class NotingEngine extends MemoryEngine {
  override readonly capabilities: Capabilities = {
    ...new MemoryEngine().capabilities,
    remembersRequests: true,
  };
  readonly attempts: (Attempt | undefined)[] = [];

  override write<K extends Write['kind']>(write: OfKind<Write, K>): Answers[K] {
    if ('attempt' in write) this.attempts.push(write.attempt);
    return super.write<K>(write);
  }
}

describe('request ids at the doors', () => {
  let stand: Stand<NotingEngine>;
  beforeAll(async () => {
    stand = await openStandOn(new NotingEngine());
  });
  afterAll(() => stand.close());

  const loja = loadService('loja.proto', 'frota.v1.Loja');
  const call = (
    name: string,
    request: object,
    given: Readonly<Record<string, string>>,
    service = stand.client.service,
  ) => {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(given)) metadata.set(key, value);
    const { client } = stand;
    const { path, requestSerialize, responseDeserialize } = method(service, name);
    return new Promise<Metadata>((resolve, reject) => {
      let failed: ServiceError | null = null;
      client.raw
        .makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, (error) => {
          failed = error;
        })
        .on('status', (last: StatusObject) => {
          if (failed) reject(failed);
          else resolve(last.metadata);
        });
    });
  };
  const insere = (given: Readonly<Record<string, string>>) =>
    call('Insere', { chave: 'chave', valor: 'valor' }, given);

  it('reach the engine, and come back', async () => {
    const seen = stand.engine.attempts.length;
    expect((await insere({ 'kvs-pedido': ID })).get('kvs-pedido')).toEqual([ID]);
    expect((await insere({ 'kvs-pedido': ID, 'kvs-tentativa': '3' })).get('kvs-pedido')).toEqual([ID]);
    expect((await insere({})).get('kvs-pedido')).toEqual([]);
    expect(stand.engine.attempts.slice(seen)).toEqual([
      { id: ID, number: 1 },
      { id: ID, number: 3 },
      undefined,
    ]);
  });

  it('reach the engine with a batch of one pair, and are refused with another', async () => {
    const seen = stand.engine.attempts.length;
    const pair = { chave: 'k', valor: '' };
    const batch = (...pares: object[]) => call('GravaLote', { pares }, { 'kvs-pedido': ID }, loja);
    expect((await batch(pair)).get('kvs-pedido')).toEqual([ID]);
    for (const pairs of [[], [pair, pair]]) {
      const error = await batch(...pairs).catch((thrown: unknown) => thrown);
      expect(reasonOf(error)).toMatch(/^NAO_SUPORTADO: /);
    }
    expect(stand.engine.attempts.slice(seen)).toEqual([{ id: ID, number: 1 }]);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['empty', { 'kvs-pedido': '' }],
    ['without a time', { 'kvs-pedido': 'uofmadjpzjpnabc' }],
    ['too short', { 'kvs-pedido': 'loyw42lb-curto' }],
    ['too long', { 'kvs-pedido': `loyw42lb-${'a'.repeat(49)}` }],
    ['attempt 0', { 'kvs-pedido': ID, 'kvs-tentativa': '0' }],
    ['an attempt that is no number', { 'kvs-pedido': ID, 'kvs-tentativa': '1x' }],
    ['an attempt that is too great', { 'kvs-pedido': ID, 'kvs-tentativa': '1000001' }],
  ])('are refused if they are malformed: %s', async (_what, given) => {
    const seen = stand.engine.attempts.length;
    const error = await insere(given).catch((thrown: unknown) => thrown as ServiceError);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(reasonOf(error)).toMatch(/^PEDIDO_INVALIDO: /);
    expect(stand.engine.attempts).toHaveLength(seen);
  });

  it.each([
    ['Consulta', { chave: 'chave' }],
    ['Remove', { chave: 'chave' }],
  ])('are refused by what does not heed them: %s', async (name, request) => {
    await insere({});
    const error = await call(name, request, { 'kvs-pedido': ID }).catch((thrown: unknown) => thrown);
    expect(reasonOf(error)).toMatch(/^NAO_SUPORTADO: /);
    expect((await stand.client.consulta('chave')).valor).toBe('valor');
  });

  it('are refused by an engine that does not remember them, before anything is done', async () => {
    const other = await openStand();
    const metadata = new Metadata();
    metadata.set('kvs-pedido', ID);
    const { path, requestSerialize, responseDeserialize } = method(other.client.service, 'Insere');
    const request = { chave: 'chave', valor: 'valor' };
    const error = await new Promise((resolve) => {
      other.client.raw.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        resolve,
      );
    });
    expect(reasonOf(error)).toMatch(/^NAO_SUPORTADO: /);
    expect((await other.client.consulta('chave')).versao).toBe(0);
    await other.close();
  });

  it('are refused by streams before anything is done', async () => {
    const { client, engine } = stand;
    const seen = engine.attempts.length;
    const { path, requestSerialize, responseDeserialize } = method(client.service, 'InsereVarias');
    const metadata = new Metadata();
    metadata.set('kvs-pedido', ID);
    const stream = client.raw.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    const ended = new Promise<ServiceError>((resolve) => stream.on('error', resolve));
    stream.on('data', () => undefined);
    stream.write({ chave: 'chave', valor: 'valor' });
    expect(reasonOf(await ended)).toMatch(/^NAO_SUPORTADO: /);
    expect(engine.attempts).toHaveLength(seen);
  });
});
