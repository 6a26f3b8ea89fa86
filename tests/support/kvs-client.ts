import type { ClientReadableStream } from '@grpc/grpc-js';
import { DoorClient, loadService, method, type DoorSecurity, type Respondida } from './door-client.js';

export { reasonOf } from './door-client.js';

/** A client of `kvs.KVS` for tests. It shares nothing with the server: the messages are protobufjs's. */

export interface Tupla {
  readonly chave: string;
  readonly valor: string;
  readonly versao: number;
}

type Chave = string | { readonly chave: string; readonly versao?: number };

/** The service as the loader gives it, for tests that need a method's path or codec. */
export const kvsDefinition = loadService('kvs.proto', 'kvs.KVS');
const healthDefinition = loadService('grpc/health.proto', 'grpc.health.v1.Health');

function asKeyVersion(chave: Chave): object {
  return typeof chave === 'string' ? { chave } : chave;
}

export class KvsClient extends DoorClient {
  constructor(port: number, host?: string, security?: DoorSecurity) {
    super(kvsDefinition, port, host, security);
  }

  async insere(chave: string, valor: string): Promise<{ versao: number; erro: string | undefined }> {
    const { resposta, erro } = await this.unary<{ versao: number }>('Insere', { chave, valor });
    return { versao: resposta.versao, erro };
  }

  async consulta(chave: string, versao?: number): Promise<Tupla & { erro: string | undefined }> {
    const { resposta, erro } = await this.unary<Tupla>(
      'Consulta',
      asKeyVersion(versao === undefined ? chave : { chave, versao }),
    );
    return { ...resposta, erro };
  }

  async remove(chave: string, versao?: number): Promise<{ versao: number; erro: string | undefined }> {
    const { resposta, erro } = await this.unary<{ versao: number }>(
      'Remove',
      asKeyVersion(versao === undefined ? chave : { chave, versao }),
    );
    return { versao: resposta.versao, erro };
  }

  async insereVarias(pares: Iterable<readonly [string, string]>): Promise<Respondida<number[]>> {
    const pedidos = map(pares, ([chave, valor]) => ({ chave, valor }));
    return numbers(await this.converse<{ versao: number }>('InsereVarias', pedidos));
  }

  consultaVarias(chaves: Iterable<Chave>): Promise<Respondida<Tupla[]>> {
    return this.converse<Tupla>('ConsultaVarias', map(chaves, asKeyVersion));
  }

  async removeVarias(chaves: Iterable<Chave>): Promise<Respondida<number[]>> {
    return numbers(await this.converse<{ versao: number }>('RemoveVarias', map(chaves, asKeyVersion)));
  }

  snapshot(versao = 0): Promise<Tupla[]> {
    return this.collect<Tupla>('Snapshot', { versao });
  }

  /** `SERVING`, `NOT_SERVING`, …; rejects with NOT_FOUND for an unknown service. */
  async health(service = ''): Promise<string> {
    const { resposta } = await this.unary<{ status: string }>('Check', { service }, healthDefinition);
    return resposta.status;
  }

  /** An open `Health/Watch`. */
  watchHealth(service = ''): ClientReadableStream<{ status: string }> {
    const { path, requestSerialize, responseDeserialize } = method(healthDefinition, 'Watch');
    return this.raw.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize as (bytes: Buffer) => { status: string },
      { service },
    );
  }

  openSnapshot(versao: number): ClientReadableStream<Tupla> {
    return this.openStream<Tupla>('Snapshot', { versao });
  }

  /** A unary call whose request is exactly these bytes. */
  insereBytes(bytes: Buffer, name = 'Insere'): Promise<Respondida<Record<string, unknown>>> {
    return this.unary<Record<string, unknown>>(name, bytes);
  }
}

/** Opens a client of the server on this port of 127.0.0.1. Connects at the first call. */
export function connect(port: number): KvsClient {
  return new KvsClient(port);
}

function numbers(answered: Respondida<{ versao: number }[]>): Respondida<number[]> {
  return { resposta: answered.resposta.map((answer) => answer.versao), erro: answered.erro };
}

function* map<T, U>(items: Iterable<T>, change: (item: T) => U): Iterable<U> {
  for (const item of items) yield change(item);
}
