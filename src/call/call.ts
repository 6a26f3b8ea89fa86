/** The doors that calls come through. Used as metric labels, so a door's name never changes. */
export type DoorName = 'grpc' | 'http' | 'mensagem' | 'mqtt' | 'portal';

/** What a caller presents to authenticate. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  /** Subject of a certificate that TLS has verified, as `certificateSubject` writes it. */
  | { readonly kind: 'certificate'; readonly subject: string }
  /** Name of a user whom a broker that checks who publishes where has authenticated. */
  | { readonly kind: 'user'; readonly name: string }
  /** Nobody is named, but a broker that checks who publishes where has let it pass: a write of a key. */
  | { readonly kind: 'broker' }
  /** No credential. `hint` (Portuguese) tells people how to present one at this door. */
  | { readonly kind: 'none'; readonly hint: string };

/** What a call may demand beyond its answer, with the names that every transport uses. */
export const DEMANDS = Object.freeze({
  /** A session token, or `nova`; the answer carries a new token. */
  session: 'kvs-sessao',
  /** How many other servers must hold a write before it is answered. */
  confirm: 'kvs-confirmacao',
  /** How long to wait for confirmations, in ms. */
  confirmMs: 'kvs-confirmacao-prazo',
  /** The request id, the same for all attempts. */
  request: 'kvs-pedido',
  /** Number of the attempt, 1 if absent. */
  attempt: 'kvs-tentativa',
  /** How long what the call inserts lives, in whole seconds; for ever if absent. */
  ttl: 'kvs-ttl',
});
export type DemandName = (typeof DEMANDS)[keyof typeof DEMANDS];

/**
 * One call, whichever door it came through. A door may compute expensive fields lazily, since most calls demand nothing
 * and a server without credentials never reads the caller's.
 */
export interface Call {
  readonly door: DoorName;
  /** Name of the operation, for metrics. One of a few fixed names, never a text that a caller may choose. */
  readonly operation: string;
  readonly credentials: Credentials;
  /** Address of the caller without port; `undefined` if unknown. */
  readonly from: string | undefined;
  /** When the caller gives up, in ms since 1970; Infinity: never. */
  readonly deadlineMs: number;
  /** The caller's value for a demand; `undefined` if it does not make that demand. */
  demand(name: DemandName): string | undefined;
  /** The caller's own word for a demand, in refusals; absent: the name itself. */
  demandField?(name: DemandName): string;
  /** Whether its caller has left, or gave up at its deadline; absent where that is not known. */
  isOver?(): boolean;
  /**
   * Starts processing a request of the call that has just been read.
   * @returns the current time of the monotonic clock, in ms
   * @throws KvsError SERVIDOR_PAROU if the request waited while this process was paused
   */
  takeUp(): number;
}

/** Metadata that accompanies an answer or a refusal. */
export interface Trailers {
  /** Why the call, or some of its requests, was refused. */
  readonly error?: string | undefined;
  /** The caller's new session token. */
  readonly session?: string | undefined;
  /** The version of a write that was done but not confirmed by as many servers as demanded. */
  readonly version?: number | undefined;
  /** The request id that was honoured. */
  readonly request?: string | undefined;
  /** The seconds to live that were honoured: older servers ignore them without a word. */
  readonly ttlSeconds?: number | undefined;
  /** From where a watch goes on. */
  readonly token?: string | undefined;
}

/** What the caller of a call calls a demand. */
export function fieldOfDemand(call: Pick<Call, 'demandField'>, name: DemandName): string {
  return call.demandField?.(name) ?? name;
}
