import fc from 'fast-check';
import { assertTrue, stateText } from '../support/oracle-compare.js';
import { Violation } from '../support/oracle.js';
import { Lab, steps, Transfer, type Step } from './support.js';

const WRITERS = 4;
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

/** Stores without a network, all in one turn, checked after every step. @throws Violation */
export function runLab({ before, between, budgetBytes }: LabScenario): Lab {
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
  const transfer = new Transfer(lab, 0, 1, budgetBytes);
  for (const some of between) {
    run(some);
    transfer.page();
  }
  transfer.join();
  check(1);
  return lab;
}
