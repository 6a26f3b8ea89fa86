import { conformanceLimits } from './limits.js';
import { safeJson } from '../rendering/visible.js';

/** A value of which not every letter is known beforehand. */
export class Matcher {
  /** @param text what is expected, for people */
  constructor(
    readonly text: string,
    readonly accepts: (value: unknown) => boolean,
  ) {}
}

/** Expected fields of a message; others may hold anything. */
export type Expected = Readonly<Record<string, unknown>>;

/** A number greater than another. */
export function greaterThan(least: number): Matcher {
  return new Matcher(`um número maior que ${least}`, (value) => typeof value === 'number' && value > least);
}

/** Any text but the empty one. */
export const SOME_TEXT = new Matcher(
  'um texto não vazio',
  (value) => typeof value === 'string' && value !== '',
);

/** Whether a value is as expected. `null` stands for a message that is not set. */
export function meets(came: unknown, expected: unknown): boolean {
  if (expected instanceof Matcher) return expected.accepts(came);
  if (expected === null || came === null || came === undefined) return (came ?? null) === expected;
  if (Array.isArray(expected)) {
    return (
      Array.isArray(came) &&
      came.length === expected.length &&
      expected.every((one, at) => meets(came[at] as unknown, one))
    );
  }
  if (typeof expected !== 'object') return came === expected;
  if (typeof came !== 'object') return false;
  const fields = new Map<string, unknown>(Object.entries(came));
  return Object.entries(expected).every(([name, one]) => meets(fields.get(name), one));
}

/** A message, a value or an expectation, for people: on one line, long texts cut. */
export function displayed(value: unknown): string {
  if (value instanceof Matcher) return `‹${value.text}›`;
  if (Array.isArray(value)) {
    const first = value.slice(0, conformanceLimits.shownMessages).map(displayed);
    const more = value.length - first.length;
    return `[${[...first, ...(more > 0 ? [`… mais ${more}`] : [])].join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(
      ([name, one]) => one !== undefined && one !== null && !name.startsWith('_'),
    );
    return `{${fields.map(([name, one]) => `${name}: ${displayed(one)}`).join(', ')}}`;
  }
  if (typeof value !== 'string') return String(value);
  const max = conformanceLimits.shownChars;
  return safeJson(value.length > max ? `${value.slice(0, max)}…` : value);
}
