import { Metadata, status } from '@grpc/grpc-js';
import type { MethodDefinition, ServiceError, StatusObject } from '@grpc/grpc-js';
import { fateOf } from './fate.js';
import type { Fate } from './fate.js';
import type { Link } from './link.js';

/** An attempt at a repeatable call is given up after this while there are other servers to ask. */
export const ATTEMPT_MS = 2_000;
/** So is a connection attempt. */
export const CONNECT_MS = 1_000;

export interface UnaryCall<Req, Res> {
  readonly method: Pick<MethodDefinition<Req, Res>, 'path' | 'requestSerialize' | 'responseDeserialize'>;
  readonly request: Req;
  /** Whether the call changes anything; such a call is repeated only if it is known not to have been applied. */
  readonly writes: boolean;
  /** Identifies a write to servers, so that it may be repeated although its fate is unknown. */
  readonly requestId?: string | undefined;
  readonly metadata: Metadata;
  /** Of the whole call, ms. */
  readonly timeoutMs: number;
  /** Ends the call early, with whatever it has done. */
  readonly signal?: AbortSignal | undefined;
}

export interface Failed {
  readonly ok: false;
  readonly error: ServiceError;
  readonly fate: Fate;
}

/** How a call ended, at which server, and the servers that failed before that. */
export type Settled<Res> = { readonly link: Link; readonly passed: readonly Link[] } & (
  { readonly ok: true; readonly reply: Res; readonly trailer: Metadata } | Failed
);

/**
 * Sends a call to one server. Never rejects.
 * @param timeoutMs for the answer, and for the connection if there is none yet
 * @param connectFirst waits briefly for a connection, to know whether the request left
 */
export async function attemptAt<Req, Res>(
  link: Link,
  call: UnaryCall<Req, Res>,
  timeoutMs: number,
  connectFirst: boolean,
): Promise<{ readonly ok: true; readonly reply: Res; readonly trailer: Metadata } | Failed> {
  const { writes, signal } = call;
  if (isAborted(signal)) return abandoned();
  if (connectFirst && !(await link.connect(Math.min(timeoutMs, CONNECT_MS)))) {
    const error = refusedConnection(await link.connectionProblem());
    return { ok: false, error, fate: 'elsewhere' };
  }
  const answer = await send(link, call, timeoutMs);
  // Whatever came of it, nobody waits for another server.
  if (!answer.ok && isAborted(signal)) return { ...answer, fate: 'refused' };
  // A connection that existed and broke does not tell whether the request had left.
  return answer.ok
    ? answer
    : { ...answer, fate: fateOf(answer.error, writes, connectFirst || link.connected) };
}

/** Whether a signal has fired. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function abandoned(): Failed {
  return { ok: false, error: unsent(status.CANCELLED, 'abandoned by the caller'), fate: 'refused' };
}

function refusedConnection(details: string): ServiceError {
  return unsent(status.UNAVAILABLE, details);
}

/** Without the metadata of the call: they hold its token, and programs show errors with their causes. */
function unsent(code: status, details: string): ServiceError {
  return Object.assign(new Error(details), { code, details, metadata: new Metadata() });
}

type Answer<Res> =
  | { readonly ok: true; readonly reply: Res; readonly trailer: Metadata }
  | { readonly ok: false; readonly error: ServiceError };

function send<Req, Res>(
  link: Link,
  { method, request, metadata, signal }: UnaryCall<Req, Res>,
  timeoutMs: number,
): Promise<Answer<Res>> {
  const { path, requestSerialize, responseDeserialize } = method;
  const options = { deadline: Date.now() + timeoutMs };
  return new Promise((resolve) => {
    let failed: ServiceError | null = null;
    let got: Res | undefined;
    const call = link.client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      options,
      (error, reply) => {
        failed = error;
        got = reply;
      },
    );
    const cancel = (): void => {
      call.cancel();
    };
    signal?.addEventListener('abort', cancel);
    // Fires after the callback, and carries the trailing metadata.
    call.on('status', (last: StatusObject) => {
      signal?.removeEventListener('abort', cancel);
      if (failed === null && got !== undefined) resolve({ ok: true, reply: got, trailer: last.metadata });
      else resolve({ ok: false, error: failed ?? Object.assign(new Error(last.details), last) });
    });
  });
}
