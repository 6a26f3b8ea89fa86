import type { RecordedEngine, RecordedEvent } from '../recording.js';
import type { ObservedRun } from './observed-run.js';

/** A text of an exercise, for people. */
export interface ExerciseText {
  readonly pt: string;
  readonly en: string;
}

/** One way in which a step was done: the event that shows it, and what later steps build on. */
interface Evidence<Facts> {
  readonly event: RecordedEvent;
  readonly facts?: Partial<Facts>;
}

/** Something that an exercise asks for, and how to see in a recording that it happened. */
export interface ExerciseStep<Facts> {
  /** Short, stable, for programs. */
  readonly id: string;
  readonly text: ExerciseText;
  /** What to do where it is missing. */
  readonly hint: ExerciseText;
  /** What it finds for others. */
  readonly gives?: keyof Facts | undefined;
  /** What others find, without which nobody can look for it. */
  readonly needs: readonly (keyof Facts)[];
  /** Every way in which it was done, given what was found of the others. */
  readonly find: (run: ObservedRun, facts: Facts) => Iterable<Evidence<Facts>>;
}

/** The run shows less than it seems. */
export interface RunWarning {
  readonly event: RecordedEvent;
  readonly text: ExerciseText;
}

/** An exercise on one or more engines, each with its own steps. */
export interface Exercise {
  /** As typed: `kvs corrige NAME FILE`. */
  readonly name: string;
  readonly title: ExerciseText;
  readonly engines: readonly RecordedEngine[];
  /** Only this exercise asks for words of the student besides the recording. */
  readonly takesAnswer?: true;
  readonly plan: (engine: RecordedEngine, answer: string | undefined) => ExercisePlan;
}

/** The steps of an exercise, without the type of what they tell each other. */
interface ExercisePlan {
  readonly steps: readonly ExerciseStep<never>[];
  readonly warn?: (run: ObservedRun, facts: never) => Iterable<RunWarning>;
}

interface StepRow<Facts, Needed extends keyof Facts> {
  readonly id: string;
  readonly text: ExerciseText;
  readonly hint: ExerciseText;
  readonly gives?: keyof Facts;
  readonly needs?: readonly Needed[];
  readonly find: (
    run: ObservedRun,
    facts: Readonly<Pick<Facts, Needed> & Partial<Facts>>,
  ) => Iterable<Evidence<Facts>>;
}

/** Makes steps over these facts: each sees as present what it says that it needs. */
export function stepsOver<Facts>(): <Needed extends keyof Facts = never>(
  row: StepRow<Facts, Needed>,
) => ExerciseStep<never> {
  return (row) =>
    ({ ...row, needs: (row.needs ?? []) as readonly never[] }) as unknown as ExerciseStep<never>;
}
