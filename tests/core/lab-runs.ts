import fc from 'fast-check';
import type { VectorEntries } from '../../src/core/dot.js';
import { assertTrue, stateText } from '../support/oracle-compare.js';
import { Violation } from '../support/oracle.js';
import { Lab, steps, Transfer, type Step } from './support.js';

const WRITERS = 4;
/** Who takes whose state: each from one, so that all can take at once. */
const PAIRS = [
  [0, 1],
  [2, 3],
  [1, 2],
  [3, 0],
] as const;
const PAGE_BYTES = [1, 400, 1_000, 100_000];

/** A history, then transfers between stores with things happening between their pages. */
export interface LabScenario {
  readonly before: readonly Step[];
  readonly between: readonly (readonly Step[])[];
  readonly budgetBytes: number;
}

export const labScenario: fc.Arbitrary<LabScenario> = fc.record({
  before: steps(WRITERS, 40),
  between: fc.array(steps(WRITERS, 6), { maxLength: 12, size: 'max' }),
  budgetBytes: fc.constantFrom(...PAGE_BYTES),
});

/** A lab when all is over, and the vectors of its stores when all states had been taken. */
interface LabRun {
  readonly lab: Lab;
  readonly taken: readonly VectorEntries[];
}

/** Stores without a network, all in one turn, checked after every step. @throws Violation */
export function runLab({ before, between, budgetBytes }: LabScenario): LabRun {
  const lab = new Lab(WRITERS);
  const hashes = new Map<string, string>();
  const contents = new Map<string, string>();
  const check = (at: number): void => {
    const store = lab.store(at);
    assertTrue(lab.name(at), store, lab.oracle);
    const [digest, hash, text] = [store.vector.digest(), store.hash(), stateText(store)];
    if ((hashes.get(digest) ?? hash) !== hash) throw new Violation('hashes differ with equal vectors');
    if ((contents.get(hash) ?? text) !== text)
      throw new Violation(`one hash for\n${text}\nand ${contents.get(hash)}`);
    hashes.set(digest, hash);
    contents.set(hash, text);
  };
  const run = (all: readonly Step[]): void => {
    for (const step of all) {
      lab.step(step);
      check(step.at);
    }
  };
  run(before);
  const transfers = PAIRS.map(([giver, taker]) => ({
    taker,
    transfer: new Transfer(lab, giver, taker, budgetBytes),
  }));
  for (const some of between) {
    run(some);
    for (const { transfer } of transfers) transfer.page();
  }
  // All are complete before one is joined: a giver that has joined makes its own takers begin again.
  for (const { transfer } of transfers) while (transfer.page());
  for (const { taker, transfer } of transfers) {
    transfer.finish();
    check(taker);
  }
  const taken = Array.from(lab.stores, (store) => store.vector.entries());
  // Equal vectors, by other ways.
  for (const at of lab.stores.keys()) {
    lab.step({ do: 'catchUp', at });
    check(at);
  }
  return { lab, taken };
}
