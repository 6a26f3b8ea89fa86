import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import type { MessageTypeDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { GrpcCalls } from '../../src/doors/grpc/protocol/calls.js';
import type { ServedMethod } from '../../src/doors/grpc/protocol/calls.js';
import type { CallStatus, ServerCall } from '../../src/doors/grpc/protocol/server-call.js';
import { status } from '../../src/doors/grpc/protocol/status.js';
import type { StatusCode } from '../../src/doors/grpc/protocol/status.js';
import { portLimits } from '../../src/doors/port/limits.js';
import { listen } from '../../src/doors/port/listen.js';
import type { Listener } from '../../src/doors/port/listen.js';
import { OpenCalls } from '../../src/doors/port/open-calls.js';
import { RefusedCalls } from '../../src/doors/port/refused-calls.js';
import type { Http2Request } from '../../src/doors/port/sessions.js';
import { UnfinishedRequests } from '../../src/doors/port/unfinished-requests.js';
import { RecordingLogger } from '../support/doors.js';
import { realTime } from '../support/real-time.js';
import { descriptorSet } from './clients.js';

/** Largest message that the service takes, as the doors of the product do. */
const MESSAGE_BYTES = 1024 * 1024;

const loaded = loadSync(fileURLToPath(new URL('interop.proto', import.meta.url)), { keepCase: true });
const service = loaded['grpc.testing.TestService'] as ServiceDefinition;

/** A `FileDescriptorSet` with the service. */
export const testDescriptors = descriptorSet(
  (loaded['grpc.testing.Empty'] as unknown as MessageTypeDefinition<object, object>).fileDescriptorProtos,
);

interface EchoStatus {
  readonly code?: number;
  readonly message?: string;
}

interface Payload {
  readonly body?: Buffer;
}

interface SimpleRequest {
  readonly response_size?: number;
  readonly response_status?: EchoStatus;
}

interface OutputRequest {
  readonly response_parameters?: readonly { readonly size?: number; readonly interval_us?: number }[];
  readonly response_status?: EchoStatus;
}

const payload = (size = 0): object => ({ payload: { body: Buffer.alloc(size) } });

interface TestServiceOptions {
  /** A free one by default. */
  readonly port?: number;
  /** Told of every call that begins. */
  readonly onCall?: (call: ServerCall) => void;
}

/** Requests that are not gRPC. */
const NO_HTTP = {
  serve: ({ stream }: Http2Request): void => {
    stream.close();
  },
  refuse: (stream: ServerHttp2Stream): void => {
    stream.close();
  },
  accept: (socket: Socket): void => {
    socket.destroy();
  },
  close: (): void => undefined,
};

/** Serves `grpc.testing.TestService` by the modules that serve the product's calls. */
export function startTestService(options: TestServiceOptions = {}): Promise<Listener> {
  const logger = new RecordingLogger();
  const refused = new RefusedCalls(realTime, logger);
  const unfinished = new UnfinishedRequests(refused, portLimits.unfinishedBytes);
  const openCalls = new OpenCalls(realTime, refused, portLimits.unreadBytes, portLimits.streams);
  const bounds = { maxMessageBytes: MESSAGE_BYTES, openCalls, unfinished, refused };
  return listen({
    ...{ host: ['127.0.0.1', '::1'], port: options.port ?? 0, refusedCalls: refused, backlog: undefined },
    grpc: new GrpcCalls({ foreignProblem: () => undefined, methods: methods(options.onCall), ...bounds }),
    http: NO_HTTP,
    ...{ maxConnections: portLimits.connections, time: realTime, logger },
  });
}

function methods(onCall: TestServiceOptions['onCall']): Map<string, ServedMethod> {
  const declared = [
    rpc('EmptyCall', (call, encode) => {
      call.readOne(() => {
        call.answer(encode({}), undefined);
      });
    }),
    rpc('UnaryCall', (call, encode, decode) => {
      call.readOne((bytes) => {
        const { response_size, response_status } = decode(bytes) as SimpleRequest;
        if (response_status?.code !== undefined && response_status.code !== 0)
          call.end(echoed(response_status));
        else call.answer(encode(payload(response_size)), undefined);
      });
    }),
    rpc('StreamingOutputCall', (call, encode, decode) => {
      call.readOne((bytes) => {
        void send(call, encode, decode(bytes) as OutputRequest).then(() => {
          call.end(OK);
        });
      });
    }),
    rpc('StreamingInputCall', (call, encode, decode) => {
      let size = 0;
      call.readMany({
        onMessage: (bytes) => {
          size += (decode(bytes) as { payload?: Payload }).payload?.body?.length ?? 0;
        },
        onEnd: () => {
          call.answer(encode({ aggregated_payload_size: size }), undefined);
        },
      });
    }),
    rpc('FullDuplexCall', (call, encode, decode) => {
      let sent = Promise.resolve();
      let asked: EchoStatus | undefined;
      call.readMany({
        onMessage: (bytes) => {
          const request = decode(bytes) as OutputRequest;
          asked ??= request.response_status;
          sent = sent.then(() => send(call, encode, request));
        },
        onEnd: () => {
          void sent.then(() => {
            call.end(echoed(asked ?? {}));
          });
        },
      });
    }),
  ];
  const served = ({
    path,
    serve,
    ...kind
  }: ServedMethod & { readonly path: string }): [string, ServedMethod] => [
    path,
    {
      ...kind,
      serve: (call) => {
        onCall?.(call);
        serve(call);
      },
    },
  ];
  return new Map(declared.map(served));
}

const OK: CallStatus = { code: status.OK, details: '' };

type Encode = (answer: object) => Buffer;
type Decode = (bytes: Buffer) => object;

function rpc(
  name: string,
  serve: (call: ServerCall, encode: Encode, decode: Decode) => void,
): ServedMethod & { readonly path: string } {
  const declared = service[name];
  if (declared === undefined) throw new Error(`no ${name}`);
  const { path, requestStream, responseStream, responseSerialize, requestDeserialize } = declared;
  const begin = (call: ServerCall): void => {
    echo(call);
    serve(call, responseSerialize, requestDeserialize);
  };
  return { path, isStreaming: requestStream || responseStream, admits: true, serve: begin };
}

const ECHO_INITIAL = 'x-grpc-test-echo-initial';
const ECHO_TRAILING = 'x-grpc-test-echo-trailing-bin';

/** Sends back the metadata that the client asks for. The doors of the product send none but their own. */
function echo({ stream, headers }: ServerCall): void {
  const [initial, trailing] = [headers[ECHO_INITIAL], headers[ECHO_TRAILING]];
  if (initial === undefined || trailing === undefined) return;
  stream.on('wantTrailers', () => {
    stream.sendTrailers({ 'grpc-status': '0', [ECHO_TRAILING]: trailing });
  });
  const answerHeaders = { ':status': 200, 'content-type': 'application/grpc', [ECHO_INITIAL]: initial };
  stream.respond(answerHeaders, { waitForTrailers: true });
}

async function send(call: ServerCall, encode: Encode, request: OutputRequest): Promise<void> {
  for (const { size, interval_us = 0 } of request.response_parameters ?? []) {
    if (interval_us > 0) await new Promise((resolve) => setTimeout(resolve, interval_us / 1000));
    call.write(encode(payload(size)));
  }
}

const echoed = ({ code = 0, message = '' }: EchoStatus): CallStatus => ({
  code: code as StatusCode,
  details: message,
});
