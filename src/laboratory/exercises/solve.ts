import type { RecordedEvent } from '../recording.js';
import type { ExerciseStep } from './exercise.js';
import { exerciseLimits } from './limits.js';
import type { ObservedRun } from './observed-run.js';

/** What was found of a step: the event that shows it; or nothing, and on which earlier steps that depends. */
interface StepOutcome {
  readonly event: RecordedEvent | undefined;
  /** Positions of the missing steps without which it could not be looked for. */
  readonly waitsFor: readonly number[];
}

/** The way to take a run as an attempt at an exercise that makes most steps done. */
interface Solution {
  readonly outcomes: readonly StepOutcome[];
  /** What the steps found. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** The run has so many calls that not every way was looked at. */
  readonly isCut: boolean;
}

type LooseFacts = Readonly<Record<string, unknown>>;
type LooseStep = ExerciseStep<Record<string, unknown>>;

/**
 * Looks for the steps of an exercise in a run. A person may try several times, write other keys between, and do things in
 * another order, so every step may be shown by several events; of all combinations the first that makes most steps done
 * counts.
 */
export function solve(steps: readonly ExerciseStep<never>[], run: ObservedRun): Solution {
  return new Search(steps as unknown as readonly LooseStep[], run).best();
}

class Search {
  private outcomes: readonly StepOutcome[] = [];
  private facts: LooseFacts = {};
  private most = -1;

  constructor(
    private readonly steps: readonly LooseStep[],
    private readonly run: ObservedRun,
  ) {}

  best(): Solution {
    this.run.limitLooks(exerciseLimits.looks);
    this.go([], {}, 0);
    const { outcomes, facts } = this;
    const isCut = this.run.isExhausted && this.most < this.steps.length;
    this.run.limitLooks(Infinity);
    return { outcomes, facts, isCut };
  }

  /** @returns whether nothing better can be found */
  private go(before: readonly StepOutcome[], facts: LooseFacts, done: number): boolean {
    const step = this.steps[before.length];
    if (step === undefined) {
      if (done > this.most) {
        this.most = done;
        this.outcomes = before;
        this.facts = facts;
      }
      return this.most === this.steps.length;
    }
    if (done + this.steps.length - before.length <= this.most) return false;
    const lacking = step.needs.filter((name) => !Object.hasOwn(facts, name));
    if (lacking.length > 0) {
      const waitsFor = lacking.flatMap((name) => this.steps.findIndex(({ gives }) => gives === name));
      return this.go([...before, { event: undefined, waitsFor }], facts, done);
    }
    let isFound = false;
    for (const { event, facts: found } of step.find(this.run, facts)) {
      isFound = true;
      const known = found === undefined ? facts : { ...facts, ...found };
      if (this.go([...before, { event, waitsFor: [] }], known, done + 1)) return true;
      if (this.run.isExhausted) return true;
    }
    return isFound ? false : this.go([...before, { event: undefined, waitsFor: [] }], facts, done);
  }
}
