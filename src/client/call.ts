import { status } from '@grpc/grpc-js';
import type { Metadata, ServiceError } from '@grpc/grpc-js';
import type { ConfirmationDemand } from './confirmations.js';
import { reasonCode } from './fate.js';
import type { Fate } from './fate.js';
import type { Link } from './link.js';
import type { CalledMethod, MethodName } from './method.js';
import type { Patience } from './patience.js';
import { REASON_METADATA } from './reason.js';
import type { Mismatch } from './security.js';
import type { ClientSession } from './session.js';

/** Metadata with a time to live in seconds, which servers that honour it repeat in the trailer. */
export const TTL_METADATA = 'kvs-ttl';

/** A method, and how its replies are decoded. */
export interface Rpc<Reply> extends MethodName {
  /** Whether it changes anything: a call without an answer may have. */
  readonly writes: boolean;
  /** Whether servers deduplicate it by a request id, so that it can be repeated if its fate is unknown. */
  readonly repeatable?: boolean;
  readonly read: (message: object) => Reply;
}

/** The messages to send, in the field names of the service, and what the call says of them. */
export type Sent = (
  { readonly item: object } | { readonly items: readonly object[] | AsyncIterable<object> }
) & {
  /** What is inserted expires after this; absent: never. */
  readonly ttlSeconds?: number | undefined;
};

/** What one call demands that others of the same client do not. Absent: as the client's options say. */
export interface CallTerms {
  /** Of this call, in ms. */
  readonly timeoutMs?: number | undefined;
  /** Ends a unary call early; its outcome is a failure then, also where it was done. */
  readonly signal?: AbortSignal | undefined;
  readonly confirmations?: ConfirmationDemand | undefined;
  readonly session?: ClientSession | undefined;
}

/** Receives the replies of a call one by one. A returned promise delays the next: our output is slow. */
export type Take<Reply> = (reply: Reply) => Promise<void> | undefined;

/** How a call ended. */
export interface Outcome {
  /** The server that answered, or the last one asked: `127.0.0.1:9000`. */
  readonly server: string;
  /** Servers that did not answer before. */
  readonly passed: readonly string[];
  /** The reasons in its trailing metadata, still encoded. */
  readonly reasons: string | undefined;
  /** The server is of a version without times to live, and has inserted for ever what was to expire. */
  readonly ignoresTtl?: boolean;
  /** Absent on success. */
  readonly failed?: CallFailed | undefined;
}

/** Why a call gave no answer. */
export interface CallFailed {
  readonly error: ServiceError;
  /** What the call may have done. */
  readonly fate: Fate;
  /** What the two sides disagree on, if no connection came about. */
  readonly mismatch: Mismatch | undefined;
}

/** One call under way. */
export interface OpenCall<Reply> extends Rpc<Reply> {
  readonly definition: CalledMethod;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** How much longer to wait for a server to answer. */
  readonly patience: Patience;
  readonly metadata: Metadata;
  readonly session: ClientSession | undefined;
  readonly take: Take<Reply>;
}

/** The reasons in the trailing metadata of a call, still encoded. */
export function reasonsOf(trailer: Metadata): string | undefined {
  return trailer.get(REASON_METADATA)[0]?.toString();
}

export function outcomeAt(link: Link, passed: readonly Link[], reasons: string | undefined): Outcome {
  return { server: link.name, passed: passed.map(({ name }) => name), reasons };
}

/** Whether a server that was given a time to live did not say that it honours it. */
export function isTtlIgnored({ ttlSeconds }: Sent, trailer: Metadata): boolean {
  return ttlSeconds !== undefined && trailer.get(TTL_METADATA).length === 0;
}

/** The failure of a call. If no connection came about, finds out whether the protocol was the reason. */
export async function failureAt(
  { link, passed, error, fate }: FailedAt,
  reasons: string | undefined,
): Promise<Outcome> {
  // If TLS is refused, nothing was done, whatever it looked like. A server that gives a reason has admitted us.
  const unexplained = error.code === status.UNAVAILABLE && reasonCode(error) === undefined;
  const mismatch = unexplained ? await link.whyNoConnection() : undefined;
  return { ...outcomeAt(link, passed, reasons), failed: { error, fate, mismatch } };
}

interface FailedAt extends Omit<CallFailed, 'mismatch'> {
  readonly link: Link;
  readonly passed: readonly Link[];
}
