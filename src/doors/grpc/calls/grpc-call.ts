import { Metadata } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { Call, Credentials, DemandName, Trailers } from '../../../call/call.js';
import { DEMANDS } from '../../../call/call.js';
import type { Replies } from '../../../call/one.js';
import type { CallSeam } from '../../../call/seam.js';
import type { KvsError } from '../../../core/errors.js';
import { certificateSubject } from '../../../ports/access.js';
import type { Backlog } from '../bounds/backlog.js';
import { errorTrailer, grpcStatus } from '../errors.js';
import type { OpenStreams } from '../open-streams.js';

/** What the handlers of one server share. */
export interface DoorContext extends CallSeam {
  /** Refuses requests that waited while this process stood still; absent where pauses are not watched. */
  readonly backlog?: Backlog | undefined;
  readonly openStreams: OpenStreams;
}

/** Trailing metadata with the version of a write that was done, but confirmed by fewer servers than demanded. */
const VERSION_METADATA = 'kvs-versao';

const HINT = 'este servidor pede uma credencial: use --credencial ARQUIVO, ou KVS_TOKEN';

const BEARER = /^Bearer +(\S+) *$/i;

/** The library's data of a call, whatever its kind. */
export interface IncomingCall extends Pick<
  ServerUnaryCall<unknown, unknown>,
  'getPeer' | 'getAuthContext' | 'getPath' | 'getDeadline'
> {
  readonly metadata: Metadata;
}

/** A gRPC call: credentials and demands come from its metadata, certificates from its connection. */
export class GrpcCall implements Call {
  readonly door = 'grpc';

  constructor(
    private readonly incoming: IncomingCall,
    private readonly context: DoorContext,
  ) {}

  /** The path, by which the library finds the handler. */
  get operation(): string {
    return this.incoming.getPath();
  }

  /** A token takes precedence over a certificate: a caller with both chose to send the token. */
  get credentials(): Credentials {
    const sent = this.incoming.metadata.get('authorization');
    if (sent.length > 0) {
      // A malformed token is refused like a wrong one.
      const [, token = ''] = BEARER.exec(sent.length === 1 ? String(sent[0]) : '') ?? [];
      return { kind: 'token', token };
    }
    const { sslPeerCertificate } = this.incoming.getAuthContext();
    if (sslPeerCertificate === undefined) return { kind: 'none', hint: HINT };
    return { kind: 'certificate', subject: certificateSubject({ ...sslPeerCertificate.subject }) };
  }

  get from(): string {
    return this.incoming
      .getPeer()
      .replace(/^ipv[46]:/, '')
      .replace(/:\d+$/, '')
      .replace(/^::ffff:/i, '');
  }

  get deadlineMs(): number {
    return Number(this.incoming.getDeadline());
  }

  demand(name: DemandName): string | undefined {
    return this.incoming.metadata.get(name)[0]?.toString();
  }

  takeUp(): number {
    const { backlog, time } = this.context;
    return backlog === undefined ? time.monotonicMs() : backlog.assertFresh(this.incoming);
  }
}

/** A unary call, with where its answer goes. */
export class GrpcUnaryCall<Res> extends GrpcCall implements Replies<Res> {
  constructor(
    incoming: IncomingCall,
    context: DoorContext,
    private readonly reply: sendUnaryData<Res>,
  ) {
    super(incoming, context);
  }

  answer(answer: Res, trailers: Trailers | undefined): void {
    this.reply(null, answer, metadataOf(trailers));
  }

  fail(error: KvsError, trailers: Trailers | undefined): void {
    this.reply(grpcStatus(error, metadataOf(trailers)));
  }
}

/** Trailers as trailing metadata; `undefined` if there are none. */
export function metadataOf(trailers: Trailers | undefined): Metadata | undefined {
  if (trailers === undefined) return undefined;
  const { error, session, version, request, ttlSeconds } = trailers;
  const metadata = error === undefined ? new Metadata() : errorTrailer(error);
  if (session !== undefined) metadata.set(DEMANDS.session, session);
  if (version !== undefined) metadata.set(VERSION_METADATA, String(version));
  if (request !== undefined) metadata.set(DEMANDS.request, request);
  if (ttlSeconds !== undefined) metadata.set(DEMANDS.ttl, String(ttlSeconds));
  return metadata;
}
