import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Client,
  connectivityState,
  credentials,
  logVerbosity,
  Metadata,
  setLogVerbosity,
} from '@grpc/grpc-js';
import type { ClientReadableStream, MethodDefinition, ServiceError, StatusObject } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { callFailure, REASON_METADATA } from './failure.js';
import type { Failure } from './failure.js';
import type { Target } from './request.js';

/** A method of a service in a file of `proto`, and how to read its answers. */
export interface Rpc<Reply> {
  readonly file: string;
  readonly service: string;
  readonly method: string;
  /** Whether it changes anything: nobody can tell whether a call without an answer did. */
  readonly writes: boolean;
  readonly read: (message: object) => Reply;
}

/** What is sent, in the field names of the service. */
export type Sent = { readonly item: object } | { readonly items: readonly object[] };

/** How a call ended: the reasons in its trailing metadata, still encoded, and the failure if there was one. */
export interface Outcome {
  readonly reasons: string | undefined;
  readonly failure: Failure | undefined;
}

/** Takes the replies of a call one by one. A promise asks to wait before the next: the reader of our output is slow. */
export type Sink<Reply> = (reply: Reply) => Promise<void> | undefined;

/** One call under way. */
interface Call<Reply> {
  readonly client: Client;
  readonly method: MethodDefinition<object, object>;
  readonly target: Target;
  readonly read: (message: object) => Reply;
  readonly sink: Sink<Reply>;
  /** The failure that an error means. */
  readonly explain: (error: ServiceError) => Failure;
}

/**
 * Makes one call and hands its replies to `sink`, in order. Never rejects for what a server does: that is in the
 * outcome. A unary call must end within the time; a stream must give a sign of life within it, again and again.
 */
export async function invoke<Reply>(
  target: Target,
  { writes, read, ...named }: Rpc<Reply>,
  sent: Sent,
  sink: Sink<Reply>,
): Promise<Outcome> {
  // Whatever matters comes back as an error: the library's own lines would only confuse the output.
  setLogVerbosity(logVerbosity.NONE);
  const method = methodOf(named);
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const client = new Client(`${host}:${target.port}`, credentials.createInsecure(), {
    'grpc.enable_retries': 0,
    // A proxy in the environment is for the web, not for a server of the fleet.
    'grpc.enable_http_proxy': 0,
    'grpc.max_receive_message_length': -1,
  });
  const explain = (error: ServiceError): Failure => callFailure(error, target, writes && connected(client));
  const call: Call<Reply> = { client, method, target, read, sink, explain };
  try {
    if ('item' in sent && !method.responseStream) return await unaryCall(call, sent.item);
    return await streamCall(call, sent);
  } finally {
    client.close();
  }
}

/** Whether there is or was a connection: without one nothing can have been sent. */
function connected(client: Client): boolean {
  const state = client.getChannel().getConnectivityState(false);
  return state === connectivityState.READY || state === connectivityState.IDLE;
}

function unaryCall<Reply>(
  { client, method, target, read, sink, explain }: Call<Reply>,
  item: object,
): Promise<Outcome> {
  const { path, requestSerialize, responseDeserialize } = method;
  return new Promise((resolve) => {
    let error: ServiceError | null = null;
    const options = { deadline: Date.now() + target.timeoutMs };
    const metadata = new Metadata();
    const unary = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      item,
      metadata,
      options,
      (failed, reply) => {
        error = failed;
        if (failed === null && reply !== undefined) void sink(read(reply));
      },
    );
    // Comes after the callback, and carries the trailing metadata.
    unary.on('status', (status: StatusObject) => {
      const failure = error === null ? undefined : explain(error);
      resolve({ reasons: reasonsOf(status.metadata), failure });
    });
  });
}

async function streamCall<Reply>(
  { client, method, target, read, sink, explain }: Call<Reply>,
  sent: Sent,
): Promise<Outcome> {
  const { path, requestSerialize, responseDeserialize } = method;
  let stream: ClientReadableStream<object>;
  if ('items' in sent) {
    const duplex = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    void writeAll(duplex, sent.items);
    stream = duplex;
  } else {
    stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, sent.item);
  }
  let reasons: string | undefined;
  stream.on('status', (status: StatusObject) => {
    reasons = reasonsOf(status.metadata);
  });
  const watch = (): NodeJS.Timeout => setTimeout(() => stream.cancel(), target.timeoutMs);
  let watchdog = watch();
  try {
    for await (const reply of stream as AsyncIterable<object>) {
      const busy = sink(read(reply));
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
    return { reasons, failure: explain(error) };
  } finally {
    clearTimeout(watchdog);
  }
}

interface RequestStream {
  write(item: object): boolean;
  on(event: 'drain' | 'close', listener: () => void): this;
  off(event: 'drain' | 'close', listener: () => void): this;
  end(): void;
  readonly destroyed: boolean;
}

/** Writes as fast as the server reads. Ends early with the stream. */
async function writeAll(stream: RequestStream, items: readonly object[]): Promise<void> {
  for (const item of items) {
    if (stream.destroyed) return;
    if (stream.write(item)) continue;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        stream.off('drain', goOn).off('close', goOn);
        resolve();
      };
      stream.on('drain', goOn).on('close', goOn);
    });
  }
  stream.end();
}

/** A text field of a message; empty if it has none. 64-bit numbers are texts too: a number could not hold them all. */
export function textOf(message: object, field: string): string {
  const value = valueOf(message, field);
  return typeof value === 'string' ? value : '';
}

/** A 32-bit number field of a message; 0 if it has none. */
export function numberOf(message: object, field: string): number {
  const value = valueOf(message, field);
  return typeof value === 'number' ? value : 0;
}

function valueOf(message: object, field: string): unknown {
  return new Map<string, unknown>(Object.entries(message)).get(field);
}

function methodOf({ file, service, method }: Pick<Rpc<unknown>, 'file' | 'service' | 'method'>) {
  const methods = loadSync(protoPath(file), { keepCase: true, longs: String, defaults: true })[service];
  const found = Object.entries(methods ?? {}).find(([name]) => name === method);
  if (found === undefined) throw new Error(`proto/${file}: no method ${service}/${method}`);
  return found[1] as MethodDefinition<object, object>;
}

/** The folder `proto` stands beside `src`, and above the build. */
function protoPath(file: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'proto', file))) {
    if (folder === dirname(folder)) throw new Error(`proto/${file} not found`);
    folder = dirname(folder);
  }
  return join(folder, 'proto', file);
}

function reasonsOf(metadata: Metadata): string | undefined {
  return metadata.get(REASON_METADATA)[0]?.toString();
}

function isServiceError(error: unknown): error is ServiceError {
  return (
    error instanceof Error && 'code' in error && 'metadata' in error && error.metadata instanceof Metadata
  );
}
