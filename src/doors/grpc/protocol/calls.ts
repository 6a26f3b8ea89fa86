import type { ServerHttp2Stream } from 'node:http2';
import { endOnceAnswered } from '../../port/cut.js';
import { NextTurn } from '../../port/next-turn.js';
import type { OpenCalls } from '../../port/open-calls.js';
import type { RefusedCalls } from '../../port/refused-calls.js';
import type { Http2Request, RequestHandler } from '../../port/sessions.js';
import type { UnfinishedRequests } from '../../port/unfinished-requests.js';
import { percentEncoded } from './percent.js';
import { ANSWER_HEADERS, ServerCall } from './server-call.js';
import type { CallHost } from './server-call.js';
import { status } from './status.js';
import type { StatusCode } from './status.js';
import { timeoutMs } from './timeout.js';

/** What serves the calls of one RPC. */
export interface ServedMethod {
  /** Whether a call may stay open for as long as its client likes. */
  readonly isStreaming: boolean;
  /** Whether an answer shows that the caller was admitted; otherwise anybody gets one. */
  readonly admits: boolean;
  /** Largest request, in bytes; absent: that of all. */
  readonly maxMessageBytes?: number | undefined;
  /** Reads the requests of a call, answers, and ends it. */
  serve(call: ServerCall): void;
}

interface GrpcOptions {
  /** By path: `/package.Service/Rpc`. */
  readonly methods: ReadonlyMap<string, ServedMethod>;
  readonly maxMessageBytes: number;
  /** Why a request that a page in a browser sent is refused; `undefined` if it is not, or none did. */
  readonly foreignProblem: (request: Http2Request) => string | undefined;
  readonly openCalls: OpenCalls;
  readonly unfinished: UnfinishedRequests;
  readonly refused: RefusedCalls;
}

const CONTENT_TYPE = /^application\/grpc(\+proto)?(;|$)/;

/** What is repeated of the name of an RPC: anybody chooses how long it is. */
const REPEATED_CHARS = 128;

const TOO_MANY = 'fluxos demais abertos neste servidor: tente outro, ou este daqui a pouco';
const COMPRESSED = 'este servidor não aceita pedidos comprimidos (grpc-encoding)';

const NO_CALL = Object.freeze({
  405: 'uma chamada gRPC é um POST\n',
  415: 'uma chamada gRPC tem content-type application/grpc ou application/grpc+proto\n',
});

/** The calls of gRPC on a port: each is checked by its header fields, and handed to its method. */
export class GrpcCalls implements RequestHandler {
  private readonly host: CallHost;

  constructor(private readonly options: GrpcOptions) {
    const gathered = new NextTurn<ServerCall>((calls) => {
      for (const call of calls) call.flush();
    });
    this.host = {
      maxMessageBytes: options.maxMessageBytes,
      hold: options.unfinished.hold,
      flushLater: (call) => {
        gathered.add(call);
      },
    };
  }

  serve(request: Http2Request): void {
    const { stream, headers, headerBytes, connection } = request;
    const { methods, openCalls, refused } = this.options;
    const foreign = this.options.foreignProblem(request);
    if (foreign !== undefined) {
      openCalls.add({ stream, onTurnEnd: () => undefined });
      refuseHttp(stream, 403, `${foreign}\n`);
      return;
    }
    const path = headers[':path'] ?? '';
    const method = methods.get(path);
    if (headers[':method'] !== 'POST' || !CONTENT_TYPE.test(headers['content-type'] ?? '')) {
      openCalls.add({ stream, onTurnEnd: () => undefined });
      const code = headers[':method'] === 'POST' ? 415 : 405;
      refuseHttp(stream, code, NO_CALL[code]);
      return;
    }
    if (method === undefined) {
      // Our client reads the name, to say which server has it.
      const named = path.slice(0, REPEATED_CHARS);
      endNow(stream, status.UNIMPLEMENTED, `este servidor não tem a operação ${named}`);
      return;
    }
    const encoding = headers['grpc-encoding'];
    // One KiB may decompress to one MiB, thousands at a time, before any limit could apply.
    if (encoding !== undefined && encoding !== 'identity') {
      refused.add('COMPRIMIDO', stream);
      endNow(stream, status.UNIMPLEMENTED, COMPRESSED);
      return;
    }
    if (method.isStreaming && openCalls.isFull) {
      refused.add('FLUXOS', stream);
      endNow(stream, status.RESOURCE_EXHAUSTED, TOO_MANY);
      return;
    }
    const timeout = headers['grpc-timeout'];
    const leftMs = timeout === undefined ? Infinity : timeoutMs(String(timeout));
    if (leftMs === undefined) {
      endNow(stream, status.INTERNAL, 'grpc-timeout inválido');
      return;
    }
    const deadlineMs = leftMs === Infinity ? Infinity : Date.now() + leftMs;
    const call = new ServerCall(
      stream,
      headers,
      connection,
      deadlineMs,
      this.host,
      headerBytes,
      method.admits,
      method.maxMessageBytes,
    );
    openCalls.add(call);
    method.serve(call);
  }

  refuse(stream: ServerHttp2Stream, problem: string): void {
    endNow(stream, status.RESOURCE_EXHAUSTED, problem);
  }
}

/** Ends a call by its header fields alone. */
function endNow(stream: ServerHttp2Stream, code: StatusCode, details: string): void {
  if (stream.destroyed || stream.closed) return;
  endOnceAnswered(stream);
  stream.resume();
  stream.respond(
    {
      ...ANSWER_HEADERS,
      'grpc-status': String(code),
      'grpc-message': percentEncoded(details),
    },
    { endStream: true },
  );
}

/** Answers what calls itself gRPC and is not; clients of gRPC look at the status, people at the sentence. */
function refuseHttp(stream: ServerHttp2Stream, code: 403 | 405 | 415, text: string): void {
  if (stream.destroyed || stream.closed) return;
  endOnceAnswered(stream);
  stream.resume();
  stream.respond({
    ':status': code,
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    ...(code === 405 && { allow: 'POST' }),
  });
  // The answer to HEAD has ended already.
  if (!stream.writableEnded) stream.end(text);
}
