import type { Colors } from 'picocolors/types.js';
import { EXERCISES } from '../../laboratory/exercises/catalogue.js';
import type { Correction, JudgedStep } from '../../laboratory/exercises/correct.js';
import type { Exercise, ExerciseText } from '../../laboratory/exercises/exercise.js';
import { CAUSE_TEXTS } from '../../laboratory/exercises/planted-fault.js';
import type { RecordedEvent } from '../../laboratory/recording.js';
import type { Format } from '../format.js';
import { table } from '../rendering/table.js';
import { safeJson, visible } from '../rendering/visible.js';
import { wrapWords } from '../wrap.js';

/** How a report is written. */
export interface ReportStyle {
  readonly format: Format;
  readonly language: keyof ExerciseText;
  readonly colors: Colors;
}

/** Columns of the text of a step: the table fits a terminal of 80. */
const TEXT_COLUMNS = 40;

const WORDS = {
  pt: {
    steps: ['', 'passo', 'situação', 'evento', 'instante'],
    exercises: ['', 'exercício', 'título', 'motores', 'passos'],
    done: 'feito',
    missing: 'falta',
    waits: 'espera',
    hint: 'o que fazer no passo',
    warning: 'atenção, evento',
    complete: 'completo',
    lacks: 'passos feitos',
    of: 'de',
    cut: 'atenção: a gravação é tão longa que nem tudo foi procurado; grave só o exercício',
    causes: 'causas que o exercício defeito conhece:',
  },
  en: {
    steps: ['', 'step', 'state', 'event', 'time'],
    exercises: ['', 'exercise', 'title', 'engines', 'steps'],
    done: 'done',
    missing: 'missing',
    waits: 'waits for',
    hint: 'what to do in step',
    warning: 'note, event',
    complete: 'complete',
    lacks: 'steps done',
    of: 'of',
    cut: 'note: the recording is so long that not everything was looked for; record the exercise alone',
    causes: 'causes that the exercise defeito knows:',
  },
} as const;

/** The steps of an exercise, what is missing and what to do about it, and what shows less than it seems. */
export function correctionText(correction: Correction, style: ReportStyle): string {
  const { exercise, steps, warnings, isComplete, isCut } = correction;
  const { format, language, colors } = style;
  if (format === 'json') return correctionJson(correction, language);
  if (format === 'values') return missingIds(steps).join('\n');
  const words = WORDS[language];
  const rows = steps.map(({ text, event, waitsFor }, at) => [
    String(at + 1),
    wrapWords(text[language], TEXT_COLUMNS),
    state(event, waitsFor, style),
    event === undefined ? '' : `#${event.n}`,
    event === undefined ? '' : secondsOf(event, language),
  ]);
  const hints = steps.flatMap(({ hint, event, waitsFor, id }, at) =>
    event === undefined && waitsFor.length === 0
      ? [`${words.hint} ${at + 1} (${id}): ${hint[language]}`]
      : [],
  );
  const notes = warnings.map(({ event, text }) => `${words.warning} #${event.n}: ${visible(text[language])}`);
  const done = steps.filter(({ event }) => event !== undefined).length;
  const number = EXERCISES.indexOf(exercise) + 1;
  return [
    colors.bold(`${number} ${exercise.name}: ${exercise.title[language]}`),
    table(words.steps, rows, colors),
    ...hints,
    ...notes,
    ...(isCut ? [words.cut] : []),
    isComplete ? colors.green(words.complete) : `${done} ${words.of} ${steps.length} ${words.lacks}`,
  ].join('\n');
}

/** How far a recording goes in each of several exercises. */
export function overviewText(corrections: readonly Correction[], style: ReportStyle): string {
  const { format, language, colors } = style;
  if (format === 'json') return corrections.map((one) => correctionJson(one, language)).join('\n');
  const complete = corrections.filter(({ isComplete }) => isComplete);
  if (format === 'values') return complete.map(({ exercise }) => exercise.name).join('\n');
  const words = WORDS[language];
  const rows = corrections.map(({ exercise, steps, isComplete }) => {
    const done = steps.filter(({ event }) => event !== undefined).length;
    const much = `${done} ${words.of} ${steps.length}`;
    return [
      String(EXERCISES.indexOf(exercise) + 1),
      exercise.name,
      exercise.title[language],
      isComplete ? colors.green(words.complete) : much,
    ];
  });
  const [number, name, title, , steps] = words.exercises;
  return table([number, name, title, steps], rows, colors);
}

/** All exercises. */
export function exerciseList(exercises: readonly Exercise[], style: ReportStyle): string {
  const { format, language, colors } = style;
  if (format === 'values') return exercises.map(({ name }) => name).join('\n');
  const counted = exercises.map((exercise) => ({
    exercise,
    counts: exercise.engines.map((engine) => exercise.plan(engine, undefined).steps.length),
  }));
  if (format === 'json') {
    return counted
      .map(({ exercise: { name, title, engines } }, at) =>
        safeJson({ numero: at + 1, exercicio: name, titulo: title[language], motores: engines }),
      )
      .join('\n');
  }
  const words = WORDS[language];
  const rows = counted.map(({ exercise: { name, title, engines }, counts }, at) => [
    String(at + 1),
    name,
    title[language],
    engines.join(', '),
    [...new Set(counts)].join(' / '),
  ]);
  const causes = Object.entries(CAUSE_TEXTS).map(
    ([cause, text]) => `  ${cause.padEnd(12)} ${text[language]}`,
  );
  return [table(words.exercises, rows, colors), words.causes, ...causes].join('\n');
}

function correctionJson(correction: Correction, language: keyof ExerciseText): string {
  const { exercise, isComplete, steps, warnings, isCut } = correction;
  return safeJson({
    exercicio: exercise.name,
    completo: isComplete,
    passos: steps.map(({ id, text, hint, event, waitsFor }) => ({
      passo: id,
      texto: text[language],
      feito: event !== undefined,
      ...(event !== undefined && { evento: event.n, t: event.t }),
      ...(event === undefined && waitsFor.length === 0 && { faca: hint[language] }),
      ...(waitsFor.length > 0 && { espera: waitsFor.map((number) => steps[number - 1]?.id) }),
    })),
    avisos: warnings.map(({ event, text }) => ({ evento: event.n, texto: text[language] })),
    ...(isCut && { incompleta: true }),
  });
}

function missingIds(steps: readonly JudgedStep[]): string[] {
  return steps.filter(({ event }) => event === undefined).map(({ id }) => id);
}

function state(event: RecordedEvent | undefined, waitsFor: readonly number[], style: ReportStyle): string {
  const words = WORDS[style.language];
  if (event !== undefined) return style.colors.green(words.done);
  if (waitsFor.length === 0) return style.colors.red(words.missing);
  return `${words.waits} ${Math.min(...waitsFor)}`;
}

function secondsOf({ t }: RecordedEvent, language: keyof ExerciseText): string {
  const text = (t / 1_000).toFixed(1);
  return `${language === 'pt' ? text.replace('.', ',') : text} s`;
}
