import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KvsClient } from '../../src/client/client.js';
import type { ClientOptions } from '../../src/client/client.js';
import { numberOf } from '../../src/client/fields.js';
import { ClientSession } from '../../src/client/session.js';
import { protoPath } from '../../src/files/proto-path.js';
import { kvsDefinition } from '../support/kvs-client.js';
import { freePort } from '../support/net.js';

type Unary = ServerUnaryCall<object, object>;

/** What a program that imports the client says. */
const CONSULTA = {
  ...{ file: 'kvs.proto', service: 'kvs.KVS', method: 'Consulta', writes: false },
  read: (message: object) => numberOf(message, 'versao'),
};

describe('the client as a library', () => {
  let server: Server;
  let port: number;
  /** Metadata of every call, and `discovery` for each question which servers there are. */
  const heard: string[] = [];

  beforeEach(async () => {
    heard.length = 0;
    server = new Server();
    server.addService(kvsDefinition, {
      Consulta: ({ metadata }: Unary, reply: sendUnaryData<object>) => {
        const names = ['authorization', 'kvs-sessao', 'kvs-confirmacao', 'kvs-confirmacao-prazo'];
        heard.push(names.map((name) => String(metadata.get(name)[0] ?? '-')).join(' '));
        const trailer = new Metadata();
        trailer.set('kvs-sessao', `s1.${heard.length}`);
        reply(null, { chave: 'k', valor: 'v', versao: 7 }, trailer);
      },
    });
    const frota = loadSync(protoPath('frota.proto'), { keepCase: true })['frota.Frota'];
    server.addService(frota as never, {
      Servidores: (_: Unary, reply: sendUnaryData<object>) => {
        heard.push('discovery');
        reply(null, { servidores: [{ endereco: `127.0.0.1:${port}`, atendendo: true }] });
      },
    });
    port = await new Promise((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
  });
  afterEach(() => {
    server.forceShutdown();
  });

  const at = (...ports: number[]) => ports.map((one) => ({ host: '127.0.0.1', port: one }));
  const options = (more: Partial<ClientOptions> = {}): ClientOptions => ({
    ...{ servers: at(port), discovers: false, timeoutMs: 5_000, token: undefined, tls: undefined },
    ...more,
  });
  const query = async (client: KvsClient) => {
    const versions: number[] = [];
    const outcome = await client.call(CONSULTA, { item: { chave: 'k' } }, (version) => {
      versions.push(version);
      return undefined;
    });
    return { ...outcome, versions };
  };

  it('asks once which servers there are, and carries the session from call to call', async () => {
    const session = new ClientSession('nova');
    const confirmations = { servers: 2, timeoutMs: 900 };
    const client = await KvsClient.open(options({ discovers: true, token: 't', session, confirmations }));
    expect(await query(client)).toMatchObject({ versions: [7], passed: [], server: `127.0.0.1:${port}` });
    expect(await query(client)).toMatchObject({ versions: [7] });
    client.close();
    expect(heard).toEqual(['discovery', 'Bearer t nova 2 900', 'Bearer t s1.2 2 900']);
    expect(session).toMatchObject({ token: 's1.3', isMoved: true });
  });

  it('goes on to the next server, and says which ones it passed', async () => {
    const dead = await freePort();
    const client = await KvsClient.open(options({ servers: at(dead, port) }));
    const outcomes = [await query(client), await query(client)];
    client.close();
    expect(outcomes.map(({ versions }) => versions)).toEqual([[7], [7]]);
    expect(outcomes.flatMap(({ passed }) => passed)).toContain(`127.0.0.1:${dead}`);
  });

  it('returns a failure as an outcome, and prints nothing', async () => {
    server.forceShutdown();
    const client = await KvsClient.open(options({ timeoutMs: 300 }));
    const { failed, versions } = await query(client);
    client.close();
    expect(versions).toEqual([]);
    expect(failed).toMatchObject({ fate: 'elsewhere', error: { code: status.UNAVAILABLE } });
  });

  it('does not call a server that may not be called, given or discovered', async () => {
    const assertServer = (): void => {
      throw new Error('não a este');
    };
    await expect(KvsClient.open(options({ assertServer }))).rejects.toThrow('não a este');
    let isFirst = true;
    const onlyFirst = (): void => {
      if (!isFirst) assertServer();
      isFirst = false;
    };
    const client = await KvsClient.open(options({ discovers: true, assertServer: onlyFirst }));
    await expect(query(client)).rejects.toThrow('não a este');
    client.close();
    expect(heard).toEqual(['discovery']);
  });
});
