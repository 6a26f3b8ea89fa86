import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';

/** A client written against `proto/` and the contracts: nothing of the product is in it. */

const LOADER = { keepCase: true, defaults: true, longs: Number, enums: String, oneofs: true } as const;

function service(file: string, name: string): ServiceDefinition {
  const path = fileURLToPath(new URL(`../../proto/${file}`, import.meta.url));
  return loadSync(path, LOADER)[name] as ServiceDefinition;
}

const kvs = service('kvs.proto', 'kvs.KVS');
const loja = service('loja.proto', 'frota.v1.Loja');
const health = service('grpc/health.proto', 'grpc.health.v1.Health');

/** Said of a request that was not done and never will be ([ERRORS](../../docs/ERRORS.md)). */
const NOT_DONE = new Set([
  ...[
    'SERVIDOR_ENTRANDO',
    'SERVIDOR_SAINDO',
    'SERVIDOR_PAROU',
    'SEM_MAIORIA',
    'SEM_LIDER',
    'SEM_CONFIRMACAO',
  ],
  ...['SESSAO_ADIANTE', 'RELOGIO_ADIANTADO', 'LIMITE_PEDIDOS', 'LIMITE_FILA', 'VERSAO_OUTRA', 'CONFLITO'],
]);

/** Found nothing, which is an answer. */
const NOTHING = new Set(['CHAVE_INEXISTENTE', 'VERSAO_INEXISTENTE']);

/** What a call asks beside its request. */
export interface CallTerms {
  readonly session?: string;
  readonly confirm?: number;
  readonly request?: string;
  readonly attempt?: number;
  readonly deadlineMs: number;
}

export interface CallResult {
  readonly outcome: 'ok' | 'failed' | 'unknown';
  readonly code?: string;
  readonly answer?: { readonly version: number; readonly value?: string };
  readonly confirmed?: boolean;
  /** The token to send next. */
  readonly session?: string;
}

interface Ended<T> {
  readonly reply: T | undefined;
  readonly error: ServiceError | undefined;
  readonly trailer: Metadata;
}

/** Calls of one server, by one connection. */
export class CaosClient {
  private readonly raw: Client;

  constructor(port: number) {
    this.raw = new Client(`127.0.0.1:${String(port)}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      // A call is made once: what becomes of it is what is recorded.
      'grpc.enable_retries': 0,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.min_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 500,
      // A frozen server must not be waited for longer than a fault lasts.
      'grpc.keepalive_time_ms': 20_000,
    });
  }

  close(): void {
    this.raw.close();
  }

  async insert(key: string, value: string, terms: CallTerms): Promise<CallResult> {
    const ended = await this.unary<{ versao: number }>(kvs, 'Insere', { chave: key, valor: value }, terms);
    return written(ended, terms, (reply) => ({ version: reply.versao, value }));
  }

  async get(key: string, terms: CallTerms): Promise<CallResult> {
    const ended = await this.unary<{ valor: string; versao: number }>(kvs, 'Consulta', { chave: key }, terms);
    return resultOf(ended, ({ valor, versao }) => {
      return versao === 0 ? { version: 0 } : { version: versao, value: valor };
    });
  }

  /** @param version all of the key if absent */
  async remove(key: string, version: number | undefined, terms: CallTerms): Promise<CallResult> {
    const request = version === undefined ? { chave: key } : { chave: key, versao: version };
    const ended = await this.unary<{ versao: number }>(kvs, 'Remove', request, terms);
    // Absent was everything or one version; both were there.
    return written(ended, terms, () => ({ version: version ?? 1 }));
  }

  /** Writes if the latest version is that one; 0: if there is none. */
  async compare(key: string, version: number, value: string, terms: CallTerms): Promise<CallResult> {
    const request = { chave: key, versao: version, valor: value };
    const ended = await this.unary<{ versao: number }>(loja, 'Compara', request, terms);
    return written(ended, terms, (line) => ({ version: line.versao, value }));
  }

  /** Every version of a key, as value and version. @throws if it is not told */
  async history(key: string, deadlineMs: number): Promise<readonly { value: string; version: number }[]> {
    const { path, requestSerialize, responseDeserialize } = methodOf(loja, 'Historico');
    const decode = responseDeserialize as (bytes: Buffer) => { valor: string; versao: number };
    return new Promise((resolve, reject) => {
      const rows: { value: string; version: number }[] = [];
      const call = this.raw.makeServerStreamRequest(
        path,
        requestSerialize,
        decode,
        { chave: key },
        {
          deadline: Date.now() + deadlineMs,
        },
      );
      call.on('data', ({ valor, versao }: { valor: string; versao: number }) =>
        rows.push({ value: valor, version: versao }),
      );
      call.on('error', reject);
      call.on('end', () => {
        resolve(rows);
      });
    });
  }

  /** What the server says of its health; of an unknown service `undefined`. */
  async health(name: string, deadlineMs: number): Promise<string | undefined> {
    const ended = await this.unary<{ status: string }>(health, 'Check', { service: name }, { deadlineMs });
    if (ended.reply !== undefined) return ended.reply.status;
    if (ended.error?.code === status.NOT_FOUND) return undefined;
    return ended.error?.details ?? 'nada';
  }

  /** Whether all servers agree, as this one sees it. */
  async agrees(deadlineMs: number): Promise<boolean> {
    const ended = await this.unary<{ de_acordo: boolean }>(loja, 'Estado', {}, { deadlineMs });
    return ended.reply?.de_acordo === true;
  }

  private unary<T>(
    definition: ServiceDefinition,
    name: string,
    request: object,
    { session, confirm, request: id, attempt, deadlineMs }: CallTerms,
  ): Promise<Ended<T>> {
    const { path, requestSerialize, responseDeserialize } = methodOf(definition, name);
    const metadata = new Metadata();
    if (session !== undefined) metadata.set('kvs-sessao', session);
    if (id !== undefined) metadata.set('kvs-pedido', id);
    if (id !== undefined) metadata.set('kvs-tentativa', String(attempt ?? 1));
    if (confirm !== undefined) metadata.set('kvs-confirmacao', String(confirm));
    if (confirm !== undefined) metadata.set('kvs-confirmacao-prazo', String(Math.round(deadlineMs / 2)));
    return new Promise((resolve) => {
      let reply: T | undefined;
      let error: ServiceError | undefined;
      const call = this.raw.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize as (bytes: Buffer) => T,
        request,
        metadata,
        { deadline: Date.now() + deadlineMs },
        (failure, value) => {
          if (failure === null) reply = value;
          else error = failure;
        },
      );
      // Comes after the callback.
      call.on('status', ({ metadata: trailer }: StatusObject) => {
        resolve({ reply, error, trailer });
      });
    });
  }
}

function methodOf(definition: ServiceDefinition, name: string): ServiceDefinition[string] {
  const found = definition[name];
  if (found === undefined) throw new Error(`no method ${name}`);
  return found;
}

function text(trailer: Metadata, name: string): string | undefined {
  return trailer.get(name)[0]?.toString();
}

/** The code of `kvs-erro`. */
function codeOf(trailer: Metadata): string | undefined {
  const told = text(trailer, 'kvs-erro');
  return told === undefined ? undefined : decodeURIComponent(told).split(':')[0];
}

function written<T>(
  ended: Ended<T>,
  { confirm }: CallTerms,
  answer: (reply: T) => { version: number; value?: string },
): CallResult {
  const result = resultOf(ended, answer);
  if (confirm === undefined) return result;
  if (result.code === 'CONFIRMACAO_PARCIAL') {
    // Done, and nobody need repeat it; others get it when they can. A removal of everything has no version.
    const version = Number(text(ended.trailer, 'kvs-versao') ?? '1');
    return { ...result, outcome: 'ok', answer: { version }, confirmed: false };
  }
  return result.outcome === 'ok' ? { ...result, confirmed: true } : result;
}

function resultOf<T>(
  { reply, error, trailer }: Ended<T>,
  answer: (reply: T) => { version: number; value?: string },
): CallResult {
  const code = codeOf(trailer);
  const token = text(trailer, 'kvs-sessao');
  const session = token === undefined ? {} : { session: token };
  if (reply !== undefined && code === undefined) return { outcome: 'ok', answer: answer(reply), ...session };
  if (code !== undefined) {
    if (NOTHING.has(code)) return { outcome: 'ok', answer: { version: 0 }, code, ...session };
    return { outcome: NOT_DONE.has(code) ? 'failed' : 'unknown', code, ...session };
  }
  // Not from the server: the connection, or the deadline.
  const isUnsent = error?.code === status.UNAVAILABLE && error.details.includes('No connection established');
  return { outcome: isUnsent ? 'failed' : 'unknown', code: status[error?.code ?? status.UNKNOWN] };
}
