import { limits } from '../../core/limits.js';

/** A place in the changes of the replicas. */
export interface ReplicaPlace {
  /** All revisions before this one were told, */
  readonly revision: number;
  /** and so many changes of this one, of those that the watch looks at. */
  readonly told: number;
}

const FORM = /^oc1\.([0-9a-z]{1,13})\.([0-9a-z]{1,11})(?:\.([0-9a-z]{1,11}))?$/;

/** `oc1.<cluster>.<revision>[.<changes>]`, in base 36. @param cluster the number of the replicas' cluster */
export function encodeReplicaPlace(cluster: number, { revision, told }: ReplicaPlace): string {
  const text = `oc1.${cluster.toString(36)}.${revision.toString(36)}`;
  return told === 0 ? text : `${text}.${told.toString(36)}`;
}

/** The token of a watch that has begun again and is not through yet: who goes on from it begins again too. */
export function replicaStartOver(cluster: number): string {
  return encodeReplicaPlace(cluster, { revision: 0, told: 0 });
}

/** @returns `undefined` if it is no place of these replicas */
export function decodeReplicaPlace(text: string, cluster: number): ReplicaPlace | undefined {
  if (text.length > limits.watchTokenBytes) return undefined;
  const [, named, first = '', second = '0'] = FORM.exec(text) ?? [];
  const [revision, told] = [parseInt(first, 36), parseInt(second, 36)];
  const isPlace =
    named === cluster.toString(36) && Number.isSafeInteger(revision) && Number.isSafeInteger(told);
  return isPlace && revision > 0 ? { revision, told } : undefined;
}
