import { Client, credentials, Metadata } from '@grpc/grpc-js';

import { loadedService, loadProto } from '../../src/doors/grpc/protos.js';

const service = loadedService(loadProto('kvs.proto'), 'kvs.KVS');

/** A client of one server over one connection of its own, with the library's own messages. */
export class KvsClient {
  private readonly client: Client;

  /** @param ca who signed the server's certificate, in PEM: with it, the client speaks TLS */
  constructor(port: number, ca?: string) {
    const how = ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(ca));
    this.client = new Client(`127.0.0.1:${port}`, how, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
    });
  }

  /** The new version; −1 on an error of the request. @throws ServiceError */
  async insert(chave: string, valor: string): Promise<number> {
    return (await this.call<{ readonly versao: number }>('Insere', { chave, valor })).versao;
  }

  /** The latest version of a key; 0 if there is none. @throws ServiceError */
  async latest(chave: string): Promise<number> {
    return (await this.call<{ readonly versao: number }>('Consulta', { chave })).versao;
  }

  /** Inserts, and begins a session with it: its token. @throws ServiceError */
  session(chave: string, valor: string): Promise<string> {
    const method = service['Insere'];
    if (method === undefined) throw new Error('no method Insere');
    const { path, requestSerialize, responseDeserialize } = method;
    const metadata = new Metadata();
    metadata.set('kvs-sessao', 'nova');
    return new Promise((resolve, reject) => {
      const request = { chave, valor };
      this.client
        .makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, (error) => {
          if (error !== null) reject(error);
        })
        .on('status', (status) => {
          const [token] = status.metadata.get('kvs-sessao');
          if (token === undefined) reject(new Error('no token'));
          else resolve(token.toString());
        });
    });
  }

  close(): void {
    this.client.close();
  }

  private call<Answer>(name: string, request: object): Promise<Answer> {
    const method = service[name];
    if (method === undefined) throw new Error(`no method ${name}`);
    const { path, requestSerialize, responseDeserialize } = method;
    return new Promise((resolve, reject) => {
      const decode = responseDeserialize as (bytes: Buffer) => Answer;
      this.client.makeUnaryRequest(path, requestSerialize, decode, request, (error, answer) => {
        if (error !== null || answer === undefined) reject(error ?? new Error('no answer'));
        else resolve(answer);
      });
    });
  }
}
