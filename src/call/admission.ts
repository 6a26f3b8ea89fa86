import { KvsError } from '../core/errors.js';
import { splitToken } from '../ports/access.js';
import type {
  AccessControl,
  CertificateGatekeeper,
  Identity,
  Permission,
  Reach,
  PermittedEngine,
} from '../ports/access.js';
import type { Awaitable, Engine } from '../ports/engine.js';
import type { Call } from './call.js';

/** The caller of a call and what it may use, decided when the call begins, before its first request is examined. */
export interface Caller {
  /** The store, as this caller may use it. */
  readonly engine: Engine;
  /**
   * What a session sees instead of the store, for operations that use the store directly; `undefined`: the store
   * itself.
   */
  readonly view: Engine | undefined;
  /** Whose credential it showed; `undefined`: there are none, and everybody may do everything. */
  readonly identity: Pick<Identity, 'name' | 'role' | 'prefixes'> | undefined;
  /** The same caller in a session that sees this view of the store. */
  on(view: Engine): Caller;
  /** @throws KvsError unless the caller has this permission for every key that begins with `prefix` */
  assertMay(permission: Permission, prefix: string, reach: Reach): void;
  /** @throws KvsError once the caller's credential is no longer valid */
  assertValid(): void;
}

/**
 * Admits a call.
 * @throws KvsError (as a rejection too) NAO_AUTENTICADO, LIMITE_TENTATIVAS if its caller is refused
 */
export type Admit = (call: Pick<Call, 'credentials' | 'from'>) => Awaitable<Caller>;

/** Admits everyone to everything: for servers that only this machine can reach. */
export function admitAll(engine: Engine): Admit {
  const everybody = anybody(engine, undefined);
  return () => everybody;
}

function anybody(engine: Engine, view: Engine | undefined): Caller {
  const nothing = (): void => undefined;
  const on = (other: Engine): Caller => anybody(other, other);
  return { engine, view, identity: undefined, on, assertMay: nothing, assertValid: nothing };
}

/** Admits callers with a token or certificate of the table, with their permissions. */
export function admitKnown(access: AccessControl, engine: Engine): Admit {
  const permitted = access.guard(engine);
  const callerOf = (identity: Identity): Caller =>
    new KnownCaller(permitted(identity), undefined, identity, (view) => access.guard(view)(identity));
  return (call) => {
    const identity = identify(call, access.gatekeeper);
    return identity instanceof Promise ? identity.then(callerOf) : callerOf(identity);
  };
}

/** Whoever a broker lets write: nobody is known to be more than a writer, so the servers' own keys are not theirs. */
const LET_PASS: Identity = Object.freeze({ name: 'broker', role: 'escrita', prefixes: [''], valid: true });

/**
 * Finds the identity that credentials belong to.
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
    case 'user':
      return gatekeeper.named(credentials.name, from);
    case 'broker':
      return LET_PASS;
    case 'none':
      gatekeeper.refused('NAO_AUTENTICADO', '', from);
      throw new KvsError('NAO_AUTENTICADO', credentials.hint);
  }
}

class KnownCaller implements Caller {
  constructor(
    readonly engine: PermittedEngine,
    readonly view: Engine | undefined,
    readonly identity: Identity,
    private readonly guard: (view: Engine) => PermittedEngine,
  ) {}

  on(view: Engine): Caller {
    return new KnownCaller(this.guard(view), view, this.identity, this.guard);
  }

  assertMay(permission: Permission, prefix: string, reach: Reach): void {
    this.engine.assertMay(permission, prefix, reach);
  }

  assertValid(): void {
    this.engine.assertValid();
  }
}
