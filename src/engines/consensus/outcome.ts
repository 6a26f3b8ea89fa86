import { status } from '@grpc/grpc-js';

/**
 * What a failed attempt means:
 *
 * - `leaderless`: the member knows no leader and did not propose it: known not applied
 * - `notApplied`: never reached etcd, or etcd rejected it before proposing it
 * - `ambiguous`: it is unknown whether it was or will be applied
 * - `full`: refused, the space quota is used up
 * - `compacted`: refused, that revision is gone
 * - `refused`: refused for good for another reason: a bug here, or a misconfiguration of the replicas
 */
export type Meaning = 'leaderless' | 'notApplied' | 'ambiguous' | 'full' | 'compacted' | 'refused';

/** The error of grpc-js for an answer that is too large. */
export const TOO_LARGE = 'Received message larger than max';

/**
 * Errors of etcd before it proposes anything, and of grpc-js before it sends anything. By text, since etcd uses the
 * same status for a request that it rejected and for one that got lost.
 */
const MEANINGS: readonly (readonly [text: string, meaning: Meaning])[] = [
  ['etcdserver: no leader', 'leaderless'],
  ['etcdserver: too many requests', 'notApplied'],
  ['etcdserver: not capable', 'notApplied'],
  ['required revision is a future revision', 'notApplied'],
  ['database space exceeded', 'full'],
  ['required revision has been compacted', 'compacted'],
  ['requested lease not found', 'refused'],
  ['lease already exists', 'refused'],
  [TOO_LARGE, 'refused'],
  ['No connection established', 'notApplied'],
  ['Name resolution failed', 'notApplied'],
];

/** Statuses with which etcd refuses a request for what it is. Anything not listed here or above is ambiguous. */
const REFUSALS: readonly status[] = [
  status.INVALID_ARGUMENT,
  status.FAILED_PRECONDITION,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.UNIMPLEMENTED,
];

/** @param details the status text, as etcd or grpc-js wrote it */
export function meaningOfFailure(code: status, details: string): Meaning {
  const known = MEANINGS.find(([text]) => details.includes(text));
  if (known !== undefined) return known[1];
  return REFUSALS.includes(code) ? 'refused' : 'ambiguous';
}
