import type { Mutation } from '../../src/core/mutation.js';
import type { Store } from '../../src/core/store.js';
import { Violation } from './oracle.js';

interface GivenNumber {
  readonly origin: string;
  readonly seq: number;
  readonly version: number;
  readonly timestamp: number;
}

/**
 * The numbers that keys were given over a long time, and what every writer knew of them: nobody gives a number that it
 * could have known. Only what no living server has seen for sure is remembered one by one.
 */
export class GivenNumbers {
  private readonly byKey = new Map<string, GivenNumber[]>();
  checked = 0;

  /** Keys that are remembered: those whose names come back. */
  constructor(private readonly isWatched: (key: string) => boolean) {}

  /** A server is about to apply a mutation of its own. @throws Violation if a number is used twice */
  note(store: Store, origin: string, mutation: Mutation): void {
    if (mutation.kind !== 'insert' || !this.isWatched(mutation.key)) return;
    const { key, version, timestamp } = mutation;
    const given = this.byKey.get(key) ?? [];
    for (const one of given) {
      if (store.vector.seqOf(one.origin) < one.seq) continue;
      this.checked++;
      if (one.version >= version || one.timestamp >= timestamp)
        throw new Violation(
          `${origin} gave ${key} ${version}@${timestamp} and knew of ${one.version}@${one.timestamp}`,
        );
    }
    given.push({ origin, seq: store.vector.seqOf(origin) + 1, version, timestamp });
    this.byKey.set(key, given);
  }

  /** Everybody has the same: of each key the greatest numbers say it all, since whoever comes has them too. */
  settle(stores: readonly Store[]): void {
    for (const [key, given] of this.byKey) {
      const isKnown = ({ origin, seq }: GivenNumber): boolean =>
        stores.every((store) => store.vector.seqOf(origin) >= seq);
      const known = given.filter(isKnown);
      const last = known.reduce<GivenNumber | undefined>((best, one) => {
        return best === undefined || one.version > best.version ? one : best;
      }, undefined);
      const latest = known.reduce<GivenNumber | undefined>((best, one) => {
        return best === undefined || one.timestamp > best.timestamp ? one : best;
      }, undefined);
      this.byKey.set(
        key,
        given.filter((one) => !isKnown(one) || one === last || one === latest),
      );
    }
  }
}
