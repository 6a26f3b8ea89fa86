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
import { fileURLToPath } from 'node:url';

export const LOADER = { keepCase: true, defaults: true, longs: String, enums: String, oneofs: true } as const;

/** A service of a file of the folder `proto`, as the loader gives it: its messages are protobufjs's. */
export function loadService(file: string, name: string): ServiceDefinition {
  return loadSync(fileURLToPath(new URL(`../../proto/${file}`, import.meta.url)), LOADER)[
    name
  ] as ServiceDefinition;
}

export function method(service: ServiceDefinition, name: string): ServiceDefinition[string] {
  const found = service[name];
  if (found === undefined) throw new Error(`no method ${name}`);
  return found;
}

/** `erro` is `kvs-erro`, decoded: `CODE: message`, or `index:CODE,…` for a stream. */
export interface Respondida<T> {
  readonly resposta: T;
  readonly erro: string | undefined;
}

function erroOf(metadata: Metadata): string | undefined {
  const [value] = metadata.get('kvs-erro');
  return value === undefined ? undefined : decodeURIComponent(value.toString());
}

/** The reason in the trailers of a failed call. */
export function reasonOf(error: unknown): string | undefined {
  return erroOf((error as ServiceError).metadata);
}

/** What a server asks of its clients beyond a connection. */
export interface DoorSecurity {
  /** Authorities (PEM) that vouch for the server: then TLS is spoken. */
  readonly ca?: Buffer;
  /** A credential, `kvs_NAME.SECRET`. */
  readonly token?: string;
}

/** A client of one service for tests. It shares nothing with the server. */
export class DoorClient {
  /** For calls that this class has no method for. */
  readonly raw: Client;
  /** Sent with every call. */
  readonly metadata = new Metadata();

  constructor(
    readonly service: ServiceDefinition,
    port: number,
    host = '127.0.0.1',
    { ca, token }: DoorSecurity = {},
  ) {
    if (token !== undefined) this.metadata.set('authorization', `Bearer ${token}`);
    // A channel of its own: tests that stop reading one must not slow another.
    const channel = ca === undefined ? credentials.createInsecure() : credentials.createSsl(ca);
    this.raw = new Client(`${host}:${String(port)}`, channel, {
      // The library sends an address as a server name otherwise, which Node.js warns of.
      ...(ca && { 'grpc.ssl_target_name_override': 'localhost' }),
      'grpc.use_local_subchannel_pool': 1,
      // Up to this buffer (1 MiB by default) a stream's write() accepts without waiting, and each message sent then
      // copies the list of those that wait: quadratic, 5,000 messages per second instead of 40,000.
      'grpc.per_rpc_retry_buffer_size': 4096,
    });
  }

  close(): void {
    this.raw.close();
  }

  /** An open bidirectional call. */
  open<Res>(name: string): ClientDuplexStream<object, Res> {
    const { path, requestSerialize, responseDeserialize } = method(this.service, name);
    return this.raw.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize as (bytes: Buffer) => Res,
      this.metadata,
    );
  }

  /** An open call whose answers stream. */
  openStream<Res>(name: string, request: object): ClientReadableStream<Res> {
    const { path, requestSerialize, responseDeserialize } = method(this.service, name);
    return this.raw.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize as (bytes: Buffer) => Res,
      request,
      this.metadata,
    );
  }

  /** All answers of a call whose answers stream. */
  collect<Res>(name: string, request: object): Promise<Res[]> {
    return new Promise((resolve, reject) => {
      const rows: Res[] = [];
      const call = this.openStream<Res>(name, request);
      call.on('data', (row: Res) => rows.push(row));
      call.on('error', reject);
      call.on('end', () => {
        resolve(rows);
      });
    });
  }

  /** @param request a message, or its exact bytes */
  unary<Res>(name: string, request: object, service = this.service): Promise<Respondida<Res>> {
    const { path, requestSerialize, responseDeserialize } = method(service, name);
    return new Promise((resolve, reject) => {
      let resposta: Res | undefined;
      const call = this.raw.makeUnaryRequest(
        path,
        Buffer.isBuffer(request) ? (bytes: Buffer) => bytes : requestSerialize,
        responseDeserialize as (bytes: Buffer) => Res,
        request as Buffer,
        this.metadata,
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

  /** Sends every request on one bidirectional call, and waits for its end. */
  async converse<Res>(name: string, pedidos: Iterable<object>): Promise<Respondida<Res[]>> {
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

function noop(): void {
  return undefined;
}

function drained(call: ClientDuplexStream<object, unknown>): Promise<void> {
  return new Promise((resolve) => call.once('drain', resolve));
}
