import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXERCISES } from '../../../src/laboratory/exercises/catalogue.js';
import { correct } from '../../../src/laboratory/exercises/correct.js';
import { ObservedRun } from '../../../src/laboratory/exercises/observed-run.js';
import type { Recording } from '../../../src/laboratory/recording.js';
import { recorded } from './recordings.js';
import { RIGHT_RUNS } from './right-runs.js';
import { UNUSUAL_RUNS } from './unusual-runs.js';
import { WRONG_RUNS } from './wrong-runs.js';

/** The steps that are missing for themselves, not because of others. */
function missingOf(exercise: string, recording: Recording): string[] {
  const found = EXERCISES.find(({ name }) => name === exercise)!;
  const { steps, isComplete } = correct(found, new ObservedRun(recording));
  const missing = steps.filter(({ event }) => event === undefined);
  expect(isComplete).toBe(missing.length === 0);
  return missing.filter(({ waitsFor }) => waitsFor.length === 0).map(({ id }) => id);
}

describe('right runs', () => {
  it.each(RIGHT_RUNS)('$file is a complete $exercise', ({ file, exercise, engine }) => {
    const recording = recorded(file);
    expect(recording.header.engine).toBe(engine);
    expect(missingOf(exercise, recording)).toEqual([]);
  });

  it.each(UNUSUAL_RUNS)('$exercise: $what', ({ exercise, recording }) => {
    expect(missingOf(exercise, recording())).toEqual([]);
  });

  it('are two for every exercise', () => {
    for (const { name, takesAnswer } of EXERCISES) {
      if (takesAnswer === true) continue;
      expect(RIGHT_RUNS.filter(({ exercise }) => exercise === name).length, name).toBeGreaterThanOrEqual(2);
    }
  });

  it('are all recordings of the folder (npm run docs:recordings makes them)', () => {
    const folder = fileURLToPath(new URL('../recordings', import.meta.url));
    const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    expect(files.sort()).toEqual(RIGHT_RUNS.map(({ file }) => `${file}.jsonl`).sort());
  });
});

describe('wrong runs', () => {
  it.each(WRONG_RUNS)('$exercise: $what', ({ exercise, recording, missing }) => {
    expect(missingOf(exercise, recording())).toEqual(missing);
  });

  it('are three for every exercise', () => {
    for (const { name, takesAnswer } of EXERCISES) {
      if (takesAnswer === true) continue;
      expect(WRONG_RUNS.filter(({ exercise }) => exercise === name).length, name).toBeGreaterThanOrEqual(3);
    }
  });
});

describe('the steps of every exercise', () => {
  const plans = EXERCISES.flatMap(({ name, engines, plan }) =>
    engines.map((engine) => ({ name, engine, steps: plan(engine, undefined).steps })),
  );

  it.each(plans)('$name on $engine: what a step needs, an earlier one gives', ({ steps }) => {
    const given = new Set<unknown>();
    for (const { id, needs, gives } of steps) {
      for (const need of needs) expect(given, id).toContain(need);
      if (gives !== undefined) given.add(gives);
    }
  });

  it.each(plans)(
    '$name on $engine: names are short and different, texts are in both languages',
    ({ steps }) => {
      expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
      for (const { id, text, hint } of steps) {
        expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
        for (const one of [text, hint]) expect(one.pt).not.toBe(one.en);
      }
    },
  );
});
