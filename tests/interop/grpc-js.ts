import { readFileSync } from 'node:fs';
import { Client, compressionAlgorithms, credentials, Metadata } from '@grpc/grpc-js';
import type { ClientDuplexStream, ServiceError, StatusObject } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import type { MethodDefinition, PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';
import type { Caller, CallerOptions, CallOrder, HeldCall, Outcome } from './clients.js';

type AnyMethod = MethodDefinition<object, Record<string, unknown>>;
type AnyCall = ClientDuplexStream<object, Record<string, unknown>>;

/** Makes calls with grpc-js, in this process. */
export class GrpcJsCaller implements Caller {
  private readonly loaded: PackageDefinition;
  private readonly plain: Client;
  private readonly compressing: Client;

  constructor({ descriptors, port, ca, keepaliveMs }: CallerOptions) {
    const names = { longs: String, enums: String, bytes: String, defaults: true };
    this.loaded = loadFileDescriptorSetFromBuffer(descriptors, names);
    const open = (algorithm: compressionAlgorithms): Client =>
      new Client(
        `localhost:${port}`,
        ca === undefined ? credentials.createInsecure() : credentials.createSsl(readFileSync(ca)),
        {
          'grpc.use_local_subchannel_pool': 1,
          'grpc.enable_http_proxy': 0,
          'grpc.default_compression_algorithm': algorithm,
          ...(keepaliveMs !== undefined && {
            'grpc.keepalive_time_ms': keepaliveMs,
            'grpc.keepalive_permit_without_calls': 1,
          }),
        },
      );
    this.plain = open(compressionAlgorithms.identity);
    this.compressing = open(compressionAlgorithms.gzip);
  }

  call(order: CallOrder): Promise<Outcome> {
    return this.hold(order).outcome;
  }

  hold(order: CallOrder): HeldCall {
    const method = this.methodOf(order);
    const answers: Record<string, unknown>[] = [];
    let initial: Record<string, string> = {};
    const call = this.begin(order, method, (answer) => {
      answers.push(answer);
      if (answers.length === order.cancelAfter) call.cancel();
    });
    call.on('metadata', (metadata: Metadata) => (initial = flat(metadata)));
    const outcome = new Promise<Outcome>((resolve) => {
      // Of a call with one answer, it comes after the answer.
      call.on('status', ({ code, details, metadata }: StatusObject) => {
        setImmediate(() => {
          resolve({ code, details, answers, initial, trailers: flat(metadata) });
        });
      });
    });
    if (order.cancelAfter === 0) setTimeout(() => call.cancel(), 50);
    let release = (): void => undefined;
    if (method.requestStream) release = this.send(call, order);
    return { outcome, answered: () => answers.length, release };
  }

  close(): Promise<void> {
    this.plain.close();
    this.compressing.close();
    return Promise.resolve();
  }

  private methodOf({ rpc, as = rpc.slice(1) }: CallOrder): AnyMethod {
    const [service = '', name = ''] = as.split('/');
    return (this.loaded[service] as ServiceDefinition)[name] as AnyMethod;
  }

  private begin(
    { rpc, requests, metadata, timeoutMs, compressed }: CallOrder,
    { requestStream, responseStream, requestSerialize: encode, responseDeserialize: decode }: AnyMethod,
    take: (answer: Record<string, unknown>) => void,
  ): AnyCall {
    const client = compressed === true ? this.compressing : this.plain;
    const sent = new Metadata();
    for (const [key, value] of Object.entries(metadata ?? {})) {
      sent.set(key, key.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
    }
    const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
    const [first = {}] = requests;
    const onOnly = (error: ServiceError | null, answer?: Record<string, unknown>): void => {
      if (error === null && answer !== undefined) take(answer);
    };
    if (!responseStream) {
      const only = requestStream
        ? client.makeClientStreamRequest(rpc, encode, decode, sent, options, onOnly)
        : client.makeUnaryRequest(rpc, encode, decode, first, sent, options, onOnly);
      return only as unknown as AnyCall;
    }
    const many = requestStream
      ? client.makeBidiStreamRequest(rpc, encode, decode, sent, options)
      : client.makeServerStreamRequest(rpc, encode, decode, first, sent, options);
    many.on('data', take);
    many.on('error', () => undefined);
    return many as unknown as AnyCall;
  }

  /** @returns a function that half-closes the call, if it is held */
  private send(call: AnyCall, { requests, inTurn, held }: CallOrder): () => void {
    const end = (): void => {
      if (held !== true) call.end();
    };
    if (inTurn === true) {
      const left = [...requests];
      const next = (): void => {
        const request = left.shift();
        if (request === undefined) end();
        else call.write(request);
      };
      call.on('data', next);
      next();
    } else {
      for (const request of requests) call.write(request);
      end();
    }
    return () => {
      call.end();
    };
  }
}

function flat(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(
    Object.keys(metadata.getMap()).map((key) => {
      const value = metadata.get(key).at(-1) ?? '';
      return [key, Buffer.isBuffer(value) ? value.toString('base64') : value];
    }),
  );
}
