import type { Dot, Origin } from '../../src/core/dot.js';
import type { TrueVector } from './oracle-view.js';
import type { Oracle } from './oracle.js';

/** What a token says, read by the rules of its form alone; `undefined`: to start over. */
export interface ToldPlace {
  readonly has: TrueVector;
  readonly parts: readonly Dot[];
}

/** A token by the rules of its form: the frontier with all that it implies, and the mutations told in part. */
export function readWatchToken(oracle: Oracle, token: string): ToldPlace | undefined {
  const [, , entries = '', cuts = ''] = token.split('.');
  if (entries === '-') return undefined;
  const has = new Map<Origin, number>();
  for (const [origin, seq] of entries === '' ? [] : entries.split(',').map(readDot)) {
    for (const [seen, last] of oracle.observedBy(origin, seq))
      has.set(seen, Math.max(last, has.get(seen) ?? 0));
  }
  const parts = cuts === '' ? [] : cuts.split(',').map((cut) => readDot(cut));
  return { has, parts: parts.map(([origin, seq]) => ({ origin, seq })) };
}

function readDot(text: string): readonly [Origin, number] {
  const [origin = '', seq = ''] = text.split(':');
  return [origin, parseInt(seq, 36)];
}
