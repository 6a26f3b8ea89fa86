import { status } from '@grpc/grpc-js';
import type { Metadata, MethodDefinition, ServiceError } from '@grpc/grpc-js';
import { reasonCode } from './fate.js';
import type { Fate } from './fate.js';
import type { Link } from './link.js';
import type { MethodName } from './method.js';
import type { Patience } from './patience.js';
import { REASON_METADATA } from './reason.js';
import type { Mismatch } from './security.js';
import type { ClientSession } from './session.js';

/** A method, and how to read its replies. */
export interface Rpc<Reply> extends MethodName {
  /** Whether it changes anything: nobody can tell whether a call without an answer did. */
  readonly writes: boolean;
  /** Whether servers remember it by a request id, so that it can be repeated where it is not known to be done. */
  readonly repeatable?: boolean;
  readonly read: (message: object) => Reply;
}

/** What is sent, in the field names of the service. */
export type Sent = { readonly item: object } | { readonly items: readonly object[] | AsyncIterable<object> };

/** Takes the replies of a call one by one. A promise asks to wait before the next: the reader of our output is slow. */
export type Take<Reply> = (reply: Reply) => Promise<void> | undefined;

/** How a call ended. */
export interface Outcome {
  /** The server that answered, or the last that was asked: `127.0.0.1:9000`. */
  readonly server: string;
  /** Those that did not answer before. */
  readonly passed: readonly string[];
  /** The reasons in its trailing metadata, still encoded. */
  readonly reasons: string | undefined;
  /** Absent: it ended well. */
  readonly failed?: CallFailed | undefined;
}

/** Why a call gave no answer. */
export interface CallFailed {
  readonly error: ServiceError;
  /** What it may have done. */
  readonly fate: Fate;
  /** What the two sides do not agree on, where no connection came about. */
  readonly mismatch: Mismatch | undefined;
}

/** One call under way. */
export interface OpenCall<Reply> extends Rpc<Reply> {
  readonly definition: MethodDefinition<object, object>;
  readonly timeoutMs: number;
  /** How much longer it may take that anybody answers. */
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

/** Looks, where no connection came about, whether what is spoken was the reason. */
export async function failureAt(
  { link, passed, error, fate }: FailedAt,
  reasons: string | undefined,
): Promise<Outcome> {
  // Where TLS is refused nothing was done, whatever it looked like. Who gives a reason has let us in.
  const unexplained = error.code === status.UNAVAILABLE && reasonCode(error) === undefined;
  const mismatch = unexplained ? await link.whyNoConnection() : undefined;
  return { ...outcomeAt(link, passed, reasons), failed: { error, fate, mismatch } };
}

interface FailedAt extends Omit<CallFailed, 'mismatch'> {
  readonly link: Link;
  readonly passed: readonly Link[];
}
