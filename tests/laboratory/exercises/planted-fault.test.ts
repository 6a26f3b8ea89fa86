import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { correct } from '../../../src/laboratory/exercises/correct.js';
import { FAULT_CAUSES } from '../../../src/laboratory/exercises/faults.js';
import { ObservedRun } from '../../../src/laboratory/exercises/observed-run.js';
import {
  parseFaultAnswer,
  plantedFault,
  recordingFor,
} from '../../../src/laboratory/exercises/planted-fault.js';
import { readRecording } from '../../../src/laboratory/read-recording.js';
import { recorded } from './recordings.js';

const folder = fileURLToPath(new URL('../../../docs/laboratorio/defeito/', import.meta.url));
const files = readdirSync(folder).sort();

function runOf(file: string): ObservedRun {
  return new ObservedRun(readRecording(readFileSync(`${folder}${file}`, 'utf8')).recording);
}

/** The answers that the corrector takes. */
function accepted(run: ObservedRun): { readonly cause: string; readonly number: number }[] {
  return FAULT_CAUSES.flatMap((cause) =>
    run.events.flatMap(({ n: number }) =>
      correct(plantedFault, run, `${cause} ${number}`).isComplete ? [{ cause, number }] : [],
    ),
  );
}

describe('the recordings with a planted fault', () => {
  const found = new Map(files.map((file) => [file, accepted(runOf(file))]));

  it.each(files)('%s has one cause, at few events close together', (file) => {
    const answers = found.get(file)!;
    expect(new Set(answers.map(({ cause }) => cause)).size).toBe(1);
    expect(answers.length).toBeLessThanOrEqual(8);
  });

  it('show every cause once', () => {
    expect([...found.values()].map(([first]) => first!.cause).sort()).toEqual([...FAULT_CAUSES].sort());
  });

  it('are not found out by the answer that the page shows', () => {
    expect(correct(plantedFault, runOf('a.jsonl'), 'relogio 12').isComplete).toBe(false);
  });

  it.each(files)('%s: a wrong cause and a wrong event are told apart', (file) => {
    const run = runOf(file);
    const [{ cause, number } = { cause: '', number: 0 }] = found.get(file)!;
    const other = FAULT_CAUSES.find((known) => known !== cause)!;
    const missing = (answer: string | undefined): string[] =>
      correct(plantedFault, run, answer)
        .steps.filter(({ event }) => event === undefined)
        .map(({ id }) => id);
    expect(missing(`${other} ${number}`)).toEqual(['causa']);
    expect(missing(`${cause} 1`)).toEqual(['passo']);
    expect(missing(`${other}, 1`)).toEqual(['causa', 'passo']);
    expect(missing(undefined)).toEqual(['causa', 'passo']);
    expect(missing(`evento #${number}: ${cause.toUpperCase()}`)).toEqual([]);
  });

  it('are named with accents and capitals as without', () => {
    expect(
      ['Relógio 5', 'sessão, 5', 'COMPARAÇÃO #5', 'divergencia 5', 'confirmação: 5'].map(parseFaultAnswer),
    ).toEqual(
      (['relogio', 'sessao', 'comparacao', 'divergencia', 'confirmacao'] as const).map((cause) => ({
        cause,
        number: 5,
      })),
    );
  });

  it('are told from a run in which nothing is wrong', () => {
    const { steps } = correct(plantedFault, new ObservedRun(recorded('qualquer-lugar-1')), 'queda 3');
    expect(steps.map(({ event, waitsFor }) => [event?.n, waitsFor])).toEqual([
      [undefined, []],
      [undefined, [1]],
      [undefined, [1]],
    ]);
  });
});

describe('the recording of a student', () => {
  it('is the same however the name is written', () => {
    expect(recordingFor('João  da Silva')).toBe(recordingFor(' joao da-silva '));
  });

  it('may be any of them', () => {
    const names = Array.from({ length: 100 }, (_, at) => `Aluno ${at}`);
    expect([...new Set(names.map(recordingFor))].sort()).toEqual(files);
  });
});
