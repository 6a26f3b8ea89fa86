/** The doors that calls come by. Labels of metrics: a door has one name for ever. */
export type DoorName = 'grpc' | 'mensagem' | 'portal';

/** What a caller shows to say who it is. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  /** Subject of a certificate that TLS has verified, as `certificateSubject` writes it. */
  | { readonly kind: 'certificate'; readonly subject: string }
  /** Nothing. `hint` tells people how a credential is shown at this door; Portuguese. */
  | { readonly kind: 'none'; readonly hint: string };

/** What a call may demand beyond its answer, by the names that every transport uses for it. */
export const DEMANDS = Object.freeze({
  /** A session token, or `nova`: answered by a new token. */
  session: 'kvs-sessao',
  /** How many other servers must hold a write before it is answered. */
  confirm: 'kvs-confirmacao',
  /** How long to wait for them, in ms. */
  confirmMs: 'kvs-confirmacao-prazo',
  /** Names a request over all its attempts. */
  request: 'kvs-pedido',
  /** Number of the attempt, 1 if absent. */
  attempt: 'kvs-tentativa',
});
export type DemandName = (typeof DEMANDS)[keyof typeof DEMANDS];

/**
 * One call, whatever door it came by. A door fills it in; fields that cost something may be read only when they are asked for,
 * since most calls demand nothing and a server without credentials asks nobody who calls.
 */
export interface Call {
  readonly door: DoorName;
  /** What is called, for whoever observes. One of a few names: never a text that a caller may choose. */
  readonly operation: string;
  readonly credentials: Credentials;
  /** Address of the caller, without a port; `undefined`: not known there. */
  readonly from: string | undefined;
  /** When the caller gives up, in ms since 1970; Infinity: never. */
  readonly deadlineMs: number;
  /** What the caller says of a demand; `undefined`: it does not demand that. */
  demand(name: DemandName): string | undefined;
  /**
   * Takes up a request of the call that has just been read.
   * @returns the present by the monotonic clock, in ms
   * @throws KvsError SERVIDOR_PAROU if it waited while this process stood still
   */
  takeUp(): number;
}

/** What an answer or a refusal carries beside itself. */
export interface Trailers {
  /** Why the call, or some of its requests, was refused. */
  readonly error?: string | undefined;
  /** The caller's session from here on. */
  readonly session?: string | undefined;
  /** Of a write that was done and not confirmed by as many servers as were demanded. */
  readonly version?: number | undefined;
  /** The request id that was heeded. */
  readonly request?: string | undefined;
}
