import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, credentials, logVerbosity, Metadata, setLogVerbosity } from '@grpc/grpc-js';
import type { ClientReadableStream, MethodDefinition, ServiceError, StatusObject } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { callFailure, REASON_METADATA } from './failure.js';
import type { Failure } from './failure.js';
import type { Operation, Request, Target } from './request.js';

/** An answer in the field names of the door: those of `Tupla`; a `Versao` has only `versao`. */
export interface Reply {
  readonly chave: string;
  readonly valor: string;
  readonly versao: number;
}

/** How a call ended: the reasons in its trailing metadata, still encoded, and the failure if there was one. */
export interface Outcome {
  readonly reasons: string | undefined;
  readonly failure: Failure | undefined;
}

/** Takes the replies of a call one by one. A promise asks to wait before the next: the reader of our output is slow. */
export type ReplySink = (reply: Reply) => Promise<void> | undefined;

const RPC: Readonly<Record<Operation, string>> = {
  insere: 'Insere',
  consulta: 'Consulta',
  remove: 'Remove',
  'insere-v': 'InsereVarias',
  'consulta-v': 'ConsultaVarias',
  'remove-v': 'RemoveVarias',
  snapshot: 'Snapshot',
};

/**
 * Sends one request and hands its replies to `sink`, in order. Never rejects for what a server does: that is in the
 * outcome. A unary call must end within the time; a stream must give a sign of life within it, again and again.
 */
export async function call(target: Target, request: Request, sink: ReplySink): Promise<Outcome> {
  // Whatever matters comes back as an error: the library's own lines would only confuse the output.
  setLogVerbosity(logVerbosity.NONE);
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const client = new Client(`${host}:${target.port}`, credentials.createInsecure(), {
    'grpc.enable_retries': 0,
    // A proxy in the environment is for the web, not for a server of the fleet.
    'grpc.enable_http_proxy': 0,
    'grpc.max_receive_message_length': -1,
  });
  try {
    return 'items' in request || request.operation === 'snapshot'
      ? await streamCall(client, target, request, sink)
      : await unaryCall(client, target, request, sink);
  } finally {
    client.close();
  }
}

function unaryCall(
  client: Client,
  target: Target,
  request: Extract<Request, { operation: 'insere' | 'consulta' | 'remove' }>,
  sink: ReplySink,
): Promise<Outcome> {
  const { path, requestSerialize, responseDeserialize } = methodOf(request.operation);
  return new Promise((resolve) => {
    let error: ServiceError | null = null;
    const options = { deadline: Date.now() + target.timeoutMs };
    const metadata = new Metadata();
    const unary = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request.item,
      metadata,
      options,
      (failed, reply) => {
        error = failed;
        if (failed === null && reply !== undefined) void sink(replyOf(reply));
      },
    );
    // Comes after the callback, and carries the trailing metadata.
    unary.on('status', (status: StatusObject) => {
      const failure = error === null ? undefined : callFailure(error, target);
      resolve({ reasons: reasonsOf(status.metadata), failure });
    });
  });
}

async function streamCall(
  client: Client,
  target: Target,
  request: Exclude<Request, { operation: 'insere' | 'consulta' | 'remove' }>,
  sink: ReplySink,
): Promise<Outcome> {
  const { path, requestSerialize, responseDeserialize } = methodOf(request.operation);
  let stream: ClientReadableStream<object>;
  if ('items' in request) {
    const duplex = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    void writeAll(duplex, request.items);
    stream = duplex;
  } else {
    stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request.item);
  }
  let reasons: string | undefined;
  stream.on('status', (status: StatusObject) => {
    reasons = reasonsOf(status.metadata);
  });
  const watch = (): NodeJS.Timeout => setTimeout(() => stream.cancel(), target.timeoutMs);
  let watchdog = watch();
  try {
    for await (const reply of stream as AsyncIterable<object>) {
      const busy = sink(replyOf(reply));
      if (busy === undefined) {
        watchdog.refresh();
        continue;
      }
      // While our own output is slow the server has nothing to prove.
      clearTimeout(watchdog);
      await busy;
      watchdog = watch();
    }
    return { reasons, failure: undefined };
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return { reasons, failure: callFailure(error, target) };
  } finally {
    clearTimeout(watchdog);
  }
}

interface RequestStream {
  write(item: object): boolean;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  end(): void;
  readonly destroyed: boolean;
}

/** Writes as fast as the server reads. Ends early with the stream. */
async function writeAll(stream: RequestStream, items: readonly object[]): Promise<void> {
  for (const item of items) {
    if (stream.destroyed) return;
    if (stream.write(item)) continue;
    await new Promise<void>((resolve) => {
      stream.once('drain', resolve);
      stream.once('close', resolve);
    });
  }
  stream.end();
}

type Method = MethodDefinition<object, object>;

function methodOf(operation: Operation): Method {
  const options = { keepCase: true, longs: Number, defaults: true };
  const service = loadSync(protoPath(), options)['kvs.KVS'];
  const method =
    service === undefined ? undefined : Object.entries(service).find(([name]) => name === RPC[operation]);
  if (method === undefined) throw new Error(`proto/kvs.proto: no method ${RPC[operation]}`);
  return method[1] as Method;
}

/** The folder `proto` stands beside `src`, and above the build. */
function protoPath(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'proto', 'kvs.proto'))) {
    if (folder === dirname(folder)) throw new Error('proto/kvs.proto not found');
    folder = dirname(folder);
  }
  return join(folder, 'proto', 'kvs.proto');
}

function replyOf(message: object): Reply {
  const fields = new Map<string, unknown>(Object.entries(message));
  const text = (name: string): string => {
    const value = fields.get(name);
    return typeof value === 'string' ? value : '';
  };
  const version = fields.get('versao');
  return { chave: text('chave'), valor: text('valor'), versao: typeof version === 'number' ? version : 0 };
}

function reasonsOf(metadata: Metadata): string | undefined {
  return metadata.get(REASON_METADATA)[0]?.toString();
}

function isServiceError(error: unknown): error is ServiceError {
  return (
    error instanceof Error && 'code' in error && 'metadata' in error && error.metadata instanceof Metadata
  );
}
