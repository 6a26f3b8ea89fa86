import type { RecordedEvent } from '../recording.js';
import type { Exercise, ExerciseText, RunWarning } from './exercise.js';
import { exerciseLimits } from './limits.js';
import type { ObservedRun } from './observed-run.js';
import { solve } from './solve.js';

/** A step of an exercise, and what the recording shows of it. */
export interface JudgedStep {
  readonly id: string;
  readonly text: ExerciseText;
  readonly hint: ExerciseText;
  /** Absent: it is missing. */
  readonly event: RecordedEvent | undefined;
  /** Numbers, from 1, of the missing steps without which it could not be looked for. */
  readonly waitsFor: readonly number[];
}

/** What a recording shows of an exercise. */
export interface Correction {
  readonly exercise: Exercise;
  readonly isComplete: boolean;
  readonly steps: readonly JudgedStep[];
  readonly warnings: readonly RunWarning[];
  /** The run is so long that not every way to see it was looked at. */
  readonly isCut: boolean;
}

/**
 * Judges a run by what happened in it. Pure.
 * @param answer of the student, for an exercise that takes one
 */
export function correct(exercise: Exercise, run: ObservedRun, answer?: string): Correction {
  const { steps, warn } = exercise.plan(run.engine, answer);
  const { outcomes, facts, isCut } = solve(steps, run);
  const judged = steps.map(({ id, text, hint }, at): JudgedStep => {
    const { event, waitsFor } = outcomes[at] ?? { event: undefined, waitsFor: [] };
    return { id, text, hint, event, waitsFor: waitsFor.map((position) => position + 1) };
  });
  const warnings = [...(warn?.(run, facts as never) ?? [])].slice(0, exerciseLimits.warnings);
  return {
    exercise,
    isComplete: judged.every(({ event }) => event !== undefined),
    steps: judged,
    warnings,
    isCut,
  };
}
