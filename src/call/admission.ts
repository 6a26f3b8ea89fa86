import { KvsError } from '../core/errors.js';
import { splitToken } from '../ports/access.js';
import type {
  AccessControl,
  CertificateGatekeeper,
  Identity,
  Permission,
  PermittedEngine,
} from '../ports/access.js';
import type { Awaitable, Engine } from '../ports/engine.js';
import type { Call } from './call.js';

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

/**
 * Lets a call in.
 * @throws KvsError (as a rejection too) NAO_AUTENTICADO, LIMITE_TENTATIVAS if its caller is not let in
 */
export type Admit = (call: Pick<Call, 'credentials' | 'from'>) => Awaitable<Caller>;

/** Lets everybody in, to everything: for servers that nobody but this machine reaches. */
export function admitAll(engine: Engine): Admit {
  const everybody = anybody(engine, undefined);
  return () => everybody;
}

function anybody(engine: Engine, view: Engine | undefined): Caller {
  const nothing = (): void => undefined;
  return { engine, view, on: (other) => anybody(other, other), assertMay: nothing, assertValid: nothing };
}

/** Lets in who shows a token or a certificate of the table, to what they may do. */
export function admitKnown(access: AccessControl, engine: Engine): Admit {
  const permitted = access.guard(engine);
  const callerOf = (identity: Identity): Caller =>
    new KnownCaller(permitted(identity), undefined, (view) => access.guard(view)(identity));
  return (call) => {
    const identity = identify(call, access.gatekeeper);
    return identity instanceof Promise ? identity.then(callerOf) : callerOf(identity);
  };
}

/**
 * Whose credentials these are.
 * @throws KvsError (as a rejection too) NAO_AUTENTICADO, LIMITE_TENTATIVAS
 */
export function identify(
  { credentials, from }: Pick<Call, 'credentials' | 'from'>,
  gatekeeper: CertificateGatekeeper,
): Awaitable<Identity> {
  switch (credentials.kind) {
    case 'token': {
      const { name, secret } = splitToken(credentials.token);
      return gatekeeper.authenticate(name, secret, from ?? '');
    }
    case 'certificate':
      return gatekeeper.recognise(credentials.subject, from ?? '');
    case 'none':
      gatekeeper.refused('NAO_AUTENTICADO', '', from);
      throw new KvsError('NAO_AUTENTICADO', credentials.hint);
  }
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
