import { bearerCredentials } from '../../../call/bearer.js';
import type { Call, Credentials, DemandName, Trailers } from '../../../call/call.js';
import { DEMANDS } from '../../../call/call.js';
import type { Replies } from '../../../call/one.js';
import type { CallSeam } from '../../../call/seam.js';
import type { KvsError } from '../../../core/errors.js';
import type { Backlog } from '../../port/backlog.js';
import { errorTrailer, grpcStatus } from '../errors.js';
import type { CallTrailers, ServerCall } from '../protocol/server-call.js';

/** What the handlers of one server share. */
export interface DoorContext extends CallSeam {
  /** Refuses requests that waited while this process stood still; absent where pauses are not watched. */
  readonly backlog?: Backlog | undefined;
}

/** Trailing metadata with the version of a write that was done, but confirmed by fewer servers than demanded. */
const VERSION_METADATA = 'kvs-versao';

/** Trailing metadata with the token of the last event of a watch. */
const TOKEN_METADATA = 'kvs-token';

const HINT = 'este servidor pede uma credencial: use --credencial ARQUIVO, ou KVS_TOKEN';

/** A gRPC call: credentials and demands come from its metadata, certificates from its connection. */
export class GrpcCall implements Call {
  readonly door = 'grpc';

  constructor(
    protected readonly incoming: ServerCall,
    private readonly context: DoorContext,
    /** The path of its RPC. */
    readonly operation: string,
  ) {}

  get credentials(): Credentials {
    const { headers, connection } = this.incoming;
    return bearerCredentials(headers.authorization, connection.certificateSubject, HINT);
  }

  get from(): string | undefined {
    return this.incoming.connection.from;
  }

  get deadlineMs(): number {
    return this.incoming.deadlineMs;
  }

  demand(name: DemandName): string | undefined {
    return this.incoming.headers[name]?.toString();
  }

  isOver(): boolean {
    return this.incoming.isOver();
  }

  takeUp(): number {
    const { backlog, time } = this.context;
    return backlog === undefined ? time.monotonicMs() : backlog.assertFresh(this.incoming.connection.session);
  }
}

/** A unary call, which is answered once. */
export class GrpcUnaryCall<Res> extends GrpcCall implements Replies<Res> {
  constructor(
    incoming: ServerCall,
    context: DoorContext,
    operation: string,
    private readonly encode: (answer: Res) => Uint8Array,
  ) {
    super(incoming, context, operation);
  }

  answer(answer: Res, trailers: Trailers | undefined): void {
    this.incoming.answer(this.encode(answer), metadataOf(trailers));
  }

  fail(error: KvsError, trailers: Trailers | undefined): void {
    this.incoming.end(grpcStatus(error, metadataOf(trailers)));
  }
}

/** Trailers as trailing metadata; `undefined` if there are none. */
export function metadataOf(trailers: Trailers | undefined): CallTrailers | undefined {
  if (trailers === undefined) return undefined;
  const { error, session, version, request, ttlSeconds, token } = trailers;
  const metadata: Record<string, string> = error === undefined ? {} : { ...errorTrailer(error) };
  if (session !== undefined) metadata[DEMANDS.session] = session;
  if (version !== undefined) metadata[VERSION_METADATA] = String(version);
  if (request !== undefined) metadata[DEMANDS.request] = request;
  if (ttlSeconds !== undefined) metadata[DEMANDS.ttl] = String(ttlSeconds);
  if (token !== undefined) metadata[TOKEN_METADATA] = token;
  return metadata;
}
