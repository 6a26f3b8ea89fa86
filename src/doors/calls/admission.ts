import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import type { Permission } from '../../ports/access.js';
import type { Awaitable, Engine } from '../../ports/engine.js';

/** Who makes a call, and what it may use: decided when the call begins, before its first request is looked at. */
export interface Caller {
  /** The store, as this caller may use it. */
  readonly engine: Engine;
  /** @throws KvsError unless the caller may do this to every key that begins with `prefix` */
  assertMay(permission: Permission, prefix: string): void;
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
  const everybody: Caller = Object.freeze({ engine, assertMay: () => undefined });
  return () => everybody;
}
