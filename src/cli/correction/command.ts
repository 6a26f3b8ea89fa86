import { basename } from 'node:path';
import picocolors from 'picocolors';
import { Settings } from '../../config/settings.js';
import type { Flags, SettingSources } from '../../config/settings.js';
import { CORRECTION_OPTIONS } from '../../config/tool-options.js';
import { KvsError } from '../../core/errors.js';
import { EXERCISES, exerciseNamed } from '../../laboratory/exercises/catalogue.js';
import { missingText } from '../../laboratory/early-end.js';
import { correct } from '../../laboratory/exercises/correct.js';
import type { Exercise } from '../../laboratory/exercises/exercise.js';
import { FAULT_CAUSES } from '../../laboratory/exercises/faults.js';
import { ObservedRun } from '../../laboratory/exercises/observed-run.js';
import { parseFaultAnswer, recordingFor } from '../../laboratory/exercises/planted-fault.js';
import { readRecordingFile } from '../../supervisor/replay.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { formatOf } from '../format.js';
import type { Output } from '../output.js';
import { nearest } from '../suggest.js';
import { correctionText, exerciseList, overviewText } from './report.js';
import type { ReportStyle } from './report.js';

/** The two words of `kvs corrige`, as typed: the first may be the file. */
export interface CorrectionWords {
  readonly first: string | undefined;
  readonly second: string | undefined;
}

/** Where the recordings of the planted fault lie. */
const FAULT_FOLDER = 'docs/laboratorio/defeito';

/**
 * `kvs corrige`: judges a recorded run of the laboratory by what happened in it.
 * @throws KvsError CONFIGURACAO or DADOS_INVALIDOS
 */
export async function runCorrection(
  { first, second }: CorrectionWords,
  flags: Flags,
  env: SettingSources['env'],
  output: Output,
): Promise<ExitCode> {
  const settings = new Settings(CORRECTION_OPTIONS, { flags, env, file: undefined });
  const style: ReportStyle = {
    format: formatOf(settings.value('json'), settings.value('quieto')),
    language: settings.value('idioma'),
    colors: picocolors.createColors(output.colors),
  };
  if (settings.value('lista')) {
    if (first !== undefined) throw misuse(`"${first}" sobrou: --lista mostra todos os exercícios`);
    await output.line(exerciseList(EXERCISES, style));
    return EXIT.ok;
  }
  if (first === undefined) {
    throw misuse(
      'diga a gravação: kvs corrige [EXERCICIO] GRAVACAO (kvs corrige --lista mostra os exercícios)',
    );
  }
  const exercise = exerciseNamed(first);
  const [student, answer] = [settings.value('nome'), settings.value('resposta')];
  if (exercise?.takesAnswer !== true && (student !== undefined || answer !== undefined)) {
    throw misuse('--nome e --resposta são do exercício defeito');
  }
  if (answer !== undefined && parseFaultAnswer(answer) === undefined) {
    throw misuse(
      `--resposta: diga a causa e o número do evento, como "${FAULT_CAUSES[0]} 12"; causas: ${FAULT_CAUSES.join(', ')}`,
    );
  }
  if (second === undefined && exercise !== undefined) {
    if (student === undefined) throw misuse(`falta a gravação: kvs corrige ${exercise.name} GRAVACAO`);
    await output.line(`${FAULT_FOLDER}/${recordingFor(student)}`);
    return EXIT.ok;
  }
  if (second === undefined) return overview(first, style, output);
  if (exercise === undefined) throw unknownExercise(first);
  if (exercise.takesAnswer === true && student === undefined) {
    throw misuse(
      `de quem é? Cada aluno tem a sua gravação: kvs corrige ${exercise.name} GRAVACAO --nome "Seu Nome" --resposta "CAUSA NUMERO"`,
    );
  }
  const run = await observedRun(second, output);
  assertEngine(exercise, run);
  if (student !== undefined && basename(second) !== recordingFor(student)) {
    throw misuse(`a gravação de ${student} é ${FAULT_FOLDER}/${recordingFor(student)}, e não ${second}`);
  }
  const correction = correct(exercise, run, answer);
  const text = correctionText(correction, style);
  if (text !== '') await output.line(text);
  return correction.isComplete ? EXIT.ok : EXIT.failure;
}

/** All exercises of the recording's engine, one a line: which of them it completes. */
async function overview(file: string, style: ReportStyle, output: Output): Promise<ExitCode> {
  const run = await observedRun(file, output);
  const fitting = EXERCISES.filter(
    ({ engines, takesAnswer }) => engines.includes(run.engine) && takesAnswer === undefined,
  );
  const corrections = fitting.map((exercise) => correct(exercise, run));
  await output.line(overviewText(corrections, style));
  return corrections.some(({ isComplete }) => isComplete) ? EXIT.ok : EXIT.failure;
}

async function observedRun(file: string, output: Output): Promise<ObservedRun> {
  const read = await readRecordingFile(file);
  const missing = missingText(read);
  if (missing !== undefined) output.error(`atenção: ${missing}`);
  return new ObservedRun(read.recording);
}

function assertEngine({ name, engines }: Exercise, run: ObservedRun): void {
  if (engines.includes(run.engine)) return;
  throw misuse(`a gravação é do motor ${run.engine}, e ${name} é um exercício de ${engines.join(', ')}`);
}

function unknownExercise(given: string): KvsError {
  const meant = nearest(
    given,
    EXERCISES.map(({ name }) => name),
  );
  const advice = meant === undefined ? 'kvs corrige --lista mostra todos' : `quis dizer ${meant}?`;
  return misuse(`não há exercício "${given}"; ${advice}`);
}

function misuse(message: string): KvsError {
  return new KvsError('CONFIGURACAO', message);
}
