import {
  Client,
  credentials,
  Metadata,
  status as Status,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { protoPath as healthProtoPath } from 'grpc-health-check';
import { fileURLToPath } from 'node:url';

/** A client of `kvs.KVS` for tests. It shares nothing with the server: the messages are protobufjs's. */

export interface Tupla {
  readonly chave: string;
  readonly valor: string;
  readonly versao: number;
}

/** `erro` is `kvs-erro`, decoded: `CODE: message`, or `index:CODE,…` for a stream. */
export interface Respondida<T> {
  readonly resposta: T;
  readonly erro: string | undefined;
}

type Chave = string | { readonly chave: string; readonly versao?: number };

const LOADER = { keepCase: true, defaults: true, longs: String, enums: String, oneofs: true } as const;
const protoFile = fileURLToPath(new URL('../../proto/kvs.proto', import.meta.url));

/** Both services as the loader gives them, for tests that need a method's path or codec. */
export const kvsDefinition = loadSync(protoFile, LOADER)['kvs.KVS'] as ServiceDefinition;
const healthDefinition = loadSync(healthProtoPath, LOADER)['grpc.health.v1.Health'] as ServiceDefinition;

function method(service: ServiceDefinition, name: string): ServiceDefinition[string] {
  const found = service[name];
  if (found === undefined) throw new Error(`no method ${name}`);
  return found;
}

function erroOf(metadata: Metadata): string | undefined {
  const [value] = metadata.get('kvs-erro');
  return value === undefined ? undefined : decodeURIComponent(value.toString());
}

/** The reason in the trailers of a failed call. */
export function reasonOf(error: unknown): string | undefined {
  return erroOf((error as ServiceError).metadata);
}

function asKeyVersion(chave: Chave): object {
  return typeof chave === 'string' ? { chave } : chave;
}

export class KvsClient {
  /** For calls that this class has no method for. */
  readonly raw: Client;

  constructor(port: number, host = '127.0.0.1') {
    // A channel of its own: tests that stop reading one must not slow another.
    this.raw = new Client(`${host}:${String(port)}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      // Up to this buffer (1 MiB by default) a stream's write() accepts without waiting, and each message sent then
      // copies the list of those that wait: quadratic, 5,000 messages per second instead of 40,000.
      'grpc.per_rpc_retry_buffer_size': 4096,
    });
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
    return new Promise((resolve, reject) => {
      const rows: Tupla[] = [];
      const call = this.openSnapshot(versao);
      call.on('data', (row: Tupla) => rows.push(row));
      call.on('error', reject);
      call.on('end', () => {
        resolve(rows);
      });
    });
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
    const { path, requestSerialize, responseDeserialize } = method(kvsDefinition, 'Snapshot');
    return this.raw.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize as (bytes: Buffer) => Tupla,
      { versao },
    );
  }

  /** An open bidirectional call. */
  open<Res>(name: string): ClientDuplexStream<object, Res> {
    const { path, requestSerialize, responseDeserialize } = method(kvsDefinition, name);
    return this.raw.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize as (bytes: Buffer) => Res,
      new Metadata(),
    );
  }

  /** A unary call whose request is exactly these bytes. */
  insereBytes(bytes: Buffer, name = 'Insere'): Promise<Respondida<Record<string, unknown>>> {
    return this.unary<Record<string, unknown>>(name, bytes);
  }

  close(): void {
    this.raw.close();
  }

  private unary<Res>(name: string, request: object, service = kvsDefinition): Promise<Respondida<Res>> {
    const { path, requestSerialize, responseDeserialize } = method(service, name);
    return new Promise((resolve, reject) => {
      let resposta: Res | undefined;
      const call = this.raw.makeUnaryRequest(
        path,
        Buffer.isBuffer(request) ? (bytes: Buffer) => bytes : requestSerialize,
        responseDeserialize as (bytes: Buffer) => Res,
        request as Buffer,
        (error, value) => {
          if (error !== null) reject(error);
          else resposta = value;
        },
      );
      // Emitted after the callback of the answer.
      call.on('status', (status: StatusObject) => {
        if (resposta !== undefined) resolve({ resposta, erro: erroOf(status.metadata) });
      });
    });
  }

  private async converse<Res>(name: string, pedidos: Iterable<object>): Promise<Respondida<Res[]>> {
    const call = this.open<Res>(name);
    const answers: Res[] = [];
    const progress = { over: false };
    const ended = new Promise<Respondida<Res[]>>((resolve, reject) => {
      call.on('data', (answer: Res) => answers.push(answer));
      call.on('error', (error) => {
        progress.over = true;
        reject(error);
      });
      call.on('status', (status: StatusObject) => {
        progress.over = true;
        if (status.code === Status.OK) resolve({ resposta: answers, erro: erroOf(status.metadata) });
      });
    });
    // Handled below; a rejection while this side still writes must not count as unhandled.
    ended.catch(() => undefined);
    for (const pedido of pedidos) {
      if (progress.over) break;
      if (!call.write(pedido)) await Promise.race([ended.then(noop, noop), drained(call)]);
    }
    call.end();
    return ended;
  }
}

/** Opens a client of the server on this port of 127.0.0.1. Connects at the first call. */
export function connect(port: number): KvsClient {
  return new KvsClient(port);
}

function noop(): void {
  return undefined;
}

function drained(call: ClientDuplexStream<object, unknown>): Promise<void> {
  return new Promise((resolve) => call.once('drain', resolve));
}

function numbers(answered: Respondida<{ versao: number }[]>): Respondida<number[]> {
  return { resposta: answered.resposta.map((answer) => answer.versao), erro: answered.erro };
}

function* map<T, U>(items: Iterable<T>, change: (item: T) => U): Iterable<U> {
  for (const item of items) yield change(item);
}
