import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { KvsError } from '../../../core/errors.js';
import { certificateSubject, splitToken } from '../../../ports/access.js';
import type {
  AccessControl,
  CertificateGatekeeper,
  Identity,
  Permission,
  PermittedEngine,
} from '../../../ports/access.js';
import type { Awaitable, Engine } from '../../../ports/engine.js';

/** Who makes a call, and what it may use: decided when the call begins, before its first request is looked at. */
export interface Caller {
  /** The store, as this caller may use it. */
  readonly engine: Engine;
  /** What a session sees in place of the store, for what asks the store itself; `undefined`: the store. */
  readonly view: Engine | undefined;
  /** The same caller, in a session that sees this of the store. */
  on(view: Engine): Caller;
  /** @throws KvsError unless the caller may do this to every key that begins with `prefix` */
  assertMay(permission: Permission, prefix: string): void;
  /** @throws KvsError once the caller is let in no more */
  assertValid(): void;
}

/** What is known of a call before its first request. */
export interface IncomingCall extends Pick<ServerUnaryCall<unknown, unknown>, 'getPeer' | 'getAuthContext'> {
  readonly metadata: Metadata;
}

/**
 * Lets a call in.
 * @throws KvsError (as a rejection too) if its caller is not let in
 */
export type Admit = (call: IncomingCall) => Awaitable<Caller>;

/** Lets everybody in, to everything: for servers that nobody but this machine reaches. */
export function admitAll(engine: Engine): Admit {
  const everybody = anybody(engine, undefined);
  return () => everybody;
}

function anybody(engine: Engine, view: Engine | undefined): Caller {
  const nothing = (): void => undefined;
  return { engine, view, on: (other) => anybody(other, other), assertMay: nothing, assertValid: nothing };
}

/** Lets in who shows a token (`authorization: Bearer kvs_…`) or a certificate, to what they may do. */
export function admitKnown(access: AccessControl, engine: Engine): Admit {
  const permitted = access.guard(engine);
  const callerOf = (identity: Identity): Caller =>
    new KnownCaller(permitted(identity), undefined, (view) => access.guard(view)(identity));
  return (call) => {
    const identity = identify(call, access.gatekeeper);
    return identity instanceof Promise ? identity.then(callerOf) : callerOf(identity);
  };
}

class KnownCaller implements Caller {
  constructor(
    readonly engine: PermittedEngine,
    readonly view: Engine | undefined,
    private readonly guard: (view: Engine) => PermittedEngine,
  ) {}

  on(view: Engine): Caller {
    return new KnownCaller(this.guard(view), view, this.guard);
  }

  assertMay(permission: Permission, prefix: string): void {
    this.engine.assertMay(permission, prefix);
  }

  assertValid(): void {
    this.engine.assertValid();
  }
}

const BEARER = /^Bearer +(\S+) *$/i;

/** A token goes before a certificate: whoever has both chose to send it. */
function identify(call: IncomingCall, gatekeeper: CertificateGatekeeper): Awaitable<Identity> {
  const sent = call.metadata.get('authorization');
  const from = addressOf(call.getPeer());
  if (sent.length > 0) {
    // What is no such token is refused like a wrong one.
    const [, token = ''] = BEARER.exec(sent.length === 1 ? String(sent[0]) : '') ?? [];
    const { name, secret } = splitToken(token);
    return gatekeeper.authenticate(name, secret, from);
  }
  const { sslPeerCertificate } = call.getAuthContext();
  if (sslPeerCertificate !== undefined) {
    return gatekeeper.recognise(certificateSubject({ ...sslPeerCertificate.subject }), from);
  }
  gatekeeper.refused('NAO_AUTENTICADO', '', from);
  throw new KvsError(
    'NAO_AUTENTICADO',
    'este servidor pede uma credencial: use --credencial ARQUIVO, ou KVS_TOKEN',
  );
}

/** The address in `host:port`, as gRPC tells it. */
function addressOf(peer: string): string {
  return peer
    .replace(/^ipv[46]:/, '')
    .replace(/:\d+$/, '')
    .replace(/^::ffff:/i, '');
}
