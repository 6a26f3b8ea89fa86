import { isDeepStrictEqual } from 'node:util';
import { isWrite } from './history.js';
import type { Answer, Operation, Request, Sight } from './history.js';

/** A store of one key that is as plain as can be; shares nothing with the checker. */
export class PlainKey {
  constructor(
    private readonly rows: readonly Required<Sight>[] = [],
    private readonly greatest = { version: 0, timestamp: 0 },
  ) {}

  get greatestTimestamp(): number {
    return this.greatest.timestamp;
  }

  get greatestVersion(): number {
    return this.greatest.version;
  }

  /** What an operation does and answers. A write takes `timestamp`, which must be greater than all before. */
  apply(request: Request, timestamp: number): { readonly next: PlainKey; readonly answer: Answer } {
    const { rows, greatest } = this;
    const newest = rows.at(-1) ?? null;
    switch (request.kind) {
      case 'insert':
      case 'put': {
        const made = { version: greatest.version + 1, timestamp };
        const next = new PlainKey([...rows, { value: request.value, ...made }], made);
        return { next, answer: request.kind === 'put' ? { made, found: newest } : { made } };
      }
      case 'compare': {
        if ((newest?.version ?? 0) !== request.expected) return { next: this, answer: { refused: true } };
        return this.apply({ kind: 'insert', value: request.value }, timestamp);
      }
      case 'get':
        return { next: this, answer: { found: newest } };
      case 'getVersion':
        return {
          next: this,
          answer: { found: rows.filter((r) => r.version <= request.upTo).at(-1) ?? null },
        };
      case 'getTime':
        return {
          next: this,
          answer: { found: rows.filter((r) => r.timestamp <= request.upTo).at(-1) ?? null },
        };
      case 'removeAll':
        return { next: new PlainKey([], greatest), answer: { found: newest } };
      case 'trim':
        return { next: new PlainKey(rows.slice(-1), greatest), answer: { found: newest } };
      case 'remove': {
        const left = rows.filter(({ version }) => version !== request.version);
        if (newest === null) return { next: this, answer: { removed: 'noKey' } };
        if (left.length === rows.length) return { next: this, answer: { removed: 'noVersion' } };
        return { next: new PlainKey(left, greatest), answer: { removed: 'removed' } };
      }
    }
  }
}

/**
 * Whether a tiny history of one key is linearizable, by trying every order, with and without each operation of unknown
 * outcome, and every timestamp for every write. Answers are whole: nothing an operation tells is left out.
 * @param timestampMax the greatest timestamp that a write may take
 */
export function bruteForce(operations: readonly Operation[], timestampMax: number): boolean {
  const todo = operations.filter(({ outcome, request }) => {
    return outcome.kind === 'answered' || (outcome.kind === 'unknown' && isWrite(request));
  });
  return extend(todo, new PlainKey(), timestampMax);
}

function extend(todo: readonly Operation[], state: PlainKey, timestampMax: number): boolean {
  if (todo.every(({ outcome }) => outcome.kind === 'unknown')) return true;
  return todo.some((operation) => {
    const { request, outcome, called } = operation;
    const late = todo.some((other) => other.outcome.kind === 'answered' && other.returned <= called);
    if (late) return false;
    const rest = todo.filter((other) => other !== operation);
    return timestamps(request, state, timestampMax).some((timestamp) => {
      const { next, answer } = state.apply(request, timestamp);
      if (outcome.kind === 'answered' && !isDeepStrictEqual(answer, outcome.answer)) return false;
      return extend(rest, next, timestampMax);
    });
  });
}

function timestamps({ kind }: Request, { greatestTimestamp }: PlainKey, most: number): readonly number[] {
  if (kind !== 'insert' && kind !== 'put' && kind !== 'compare') return [0];
  return Array.from({ length: Math.max(most - greatestTimestamp, 0) }, (_, n) => greatestTimestamp + 1 + n);
}
