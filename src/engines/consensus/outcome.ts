import { status } from '@grpc/grpc-js';

/**
 * What a failed attempt means:
 *
 * - `leaderless`: the member knows no leader and did not even propose it: known not applied
 * - `notApplied`: never reached etcd, or etcd put it off before proposing it
 * - `ambiguous`: nobody can tell yet whether it was or will be applied
 * - `full`: refused, the space quota is used up
 * - `compacted`: refused, that revision is gone
 * - `refused`: refused for good for another reason: a mistake of ours, or of who configured the replicas
 */
export type Meaning = 'leaderless' | 'notApplied' | 'ambiguous' | 'full' | 'compacted' | 'refused';

/** What grpc-js says of an answer that is larger than it takes. */
export const TOO_LARGE = 'Received message larger than max';

/**
 * What etcd says before it proposes anything, and grpc-js before it sends anything. Texts, since etcd uses one status
 * for what was refused at the door and for what got lost on its way.
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

/** Statuses with which etcd refuses a request for what it is; whatever is not here or above is ambiguous. */
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
