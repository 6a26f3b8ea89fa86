import type { RecordedEvent, Recording } from '../../../src/laboratory/recording.js';
import { altered, recorded } from './recordings.js';

/** A run that does not do all that an exercise asks for. */
export interface WrongRun {
  readonly what: string;
  readonly exercise: string;
  readonly recording: () => Recording;
  /** The steps that the corrector must name, in order; others wait for them. */
  readonly missing: readonly string[];
}

export type Call = Extract<RecordedEvent, { kind: 'call' }>;
export type Answer = Extract<RecordedEvent, { kind: 'answer' }>;

export const changed =
  (change: string) =>
  (event: RecordedEvent): boolean =>
    event.kind === 'host' && event.change === change;

export const called =
  (fits: (call: Call) => boolean) =>
  (event: RecordedEvent): boolean =>
    event.kind === 'call' && fits(event);

export const readAt = (host: string): ((event: RecordedEvent) => boolean) =>
  called((call) => call.host === host && ['query', 'history'].includes(call.operation));

/** As if those calls had gone to another server, or been made otherwise. */
export const remade = (recording: Recording, change: (call: Call) => Partial<Call>): Recording =>
  altered(recording, (event) => (event.kind === 'call' ? { ...event, ...change(event) } : event));

/** As if those calls had been answered otherwise. */
export const answered = (
  recording: Recording,
  fits: (call: Call) => boolean,
  change: (answer: Answer) => Partial<Answer>,
): Recording =>
  altered(recording, (event, events) => {
    if (event.kind !== 'answer') return event;
    const call = events.find((other) => other.kind === 'call' && other.call === event.call);
    return call?.kind === 'call' && fits(call) ? { ...event, ...change(event) } : event;
  });

export function firstKill(file: string): number {
  return recorded(file).events.find(changed('killed'))?.n ?? 0;
}

export function writtenLines(file: string, key: string): Answer['lines'] {
  const { events } = recorded(file);
  const call = events.find(
    (event) => event.kind === 'call' && event.key === key && event.operation === 'insert',
  );
  const found = events.find(
    (event) => event.kind === 'answer' && call?.kind === 'call' && event.call === call.call,
  );
  return found?.kind === 'answer' ? found.lines : [];
}
