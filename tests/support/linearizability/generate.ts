import fc from 'fast-check';
import { PlainKey } from './brute-force.js';
import { isWrite } from './history.js';
import type { Answer, Operation, Outcome, Request } from './history.js';

/** Histories of one key that an execution could have left behind. */

/** One operation of an execution: the n-th takes effect at the moment n. */
export interface Deed {
  readonly kind: Request['kind'];
  /** For whatever the request names: a version or a timestamp. */
  readonly number: number;
  /** By how much the timestamp of a write exceeds the one before. */
  readonly timestampStep: number;
  /** Called this long before it takes effect, returned this long after. */
  readonly before: number;
  readonly after: number;
  /** `lost`: done, and nobody was told; `dropped`: not done, and nobody was told; `failed`: not done. */
  readonly fate: 'answered' | 'lost' | 'dropped' | 'failed';
}

const KINDS: readonly Request['kind'][] = [
  'insert',
  'put',
  'get',
  'getVersion',
  'getTime',
  'removeAll',
  'trim',
  'remove',
  'compare',
];

export interface DeedOptions {
  readonly most: number;
  /** Greatest overlap, in operations; 0: one after the other. */
  readonly overlap: number;
  /** Whether some are never answered. */
  readonly faults: boolean;
}

export function deeds({ most, overlap, faults }: DeedOptions): fc.Arbitrary<Deed[]> {
  // Below a half, so that without overlap none reaches its neighbour.
  const reach = fc.double({ min: 0, max: Math.max(overlap, 0.4), noNaN: true });
  const fate = faults
    ? fc.oneof(
        { weight: 6, arbitrary: fc.constant('answered' as const) },
        { weight: 2, arbitrary: fc.constantFrom('lost' as const, 'dropped' as const, 'failed' as const) },
      )
    : fc.constant('answered' as const);
  const deed = fc.record({
    kind: fc.oneof(fc.constantFrom(...KINDS), fc.constantFrom('insert' as const, 'put' as const)),
    number: fc.integer({ min: 1, max: 6 }),
    timestampStep: fc.integer({ min: 1, max: 2 }),
    before: reach,
    after: reach,
    fate,
  });
  return fc.array(deed, { minLength: 1, maxLength: most });
}

/** The history of an execution: linearizable by construction. */
export function execute(list: readonly Deed[]): Operation[] {
  let state = new PlainKey();
  return list.map((deed, index): Operation => {
    const request = requestOf(deed, index);
    const { next, answer } = state.apply(request, state.greatestTimestamp + deed.timestampStep);
    if (deed.fate === 'answered' || deed.fate === 'lost') state = next;
    const [called, returned] = [index - deed.before, index + deed.after + 0.1];
    return { client: `c${index}`, key: 'k', request, called, returned, outcome: outcomeOf(deed, answer) };
  });
}

function requestOf({ kind, number }: Deed, index: number): Request {
  switch (kind) {
    case 'insert':
    case 'put':
      return { kind, value: `x${index}` };
    case 'getVersion':
    case 'getTime':
      return { kind, upTo: number };
    case 'remove':
      return { kind, version: number };
    case 'compare':
      return { kind, expected: number - 1, value: `x${index}` };
    default:
      return { kind };
  }
}

function outcomeOf({ fate }: Deed, answer: Answer): Outcome {
  if (fate === 'answered') return { kind: 'answered', answer };
  return { kind: fate === 'failed' ? 'failed' : 'unknown' };
}

/** Whether anything in the history is left to guess. */
export function allAnswered(history: readonly Operation[]): boolean {
  return history.every(({ outcome, request }) => outcome.kind !== 'unknown' || !isWrite(request));
}

/** The history with another answer to one of its operations. */
export function withAnswer(history: readonly Operation[], index: number, answer: Answer): Operation[] {
  return history.map((operation, at) => {
    return at === index ? { ...operation, outcome: { kind: 'answered', answer } } : operation;
  });
}

/** The operations that were answered, with their places. */
export function answers(
  history: readonly Operation[],
): readonly { readonly index: number; readonly answer: Answer; readonly request: Request }[] {
  return history.flatMap(({ outcome, request }, index) => {
    return outcome.kind === 'answered' ? [{ index, answer: outcome.answer, request }] : [];
  });
}
