import type { CaosHistory } from '../history.js';
import { lossesAllowed, lostWrites } from './acknowledged.js';
import { bugs, disagreements, unwell } from './final.js';
import { linearizable } from './linear.js';
import { unconfirmed, wentBack } from './order.js';
import { cameBack } from './removed.js';
import { doneTwice, neverWritten, writesOf } from './requests.js';
import type { Finding } from './requests.js';

/** What the checkers made of a history. */
export interface Judgement {
  readonly findings: readonly Finding[];
  /** Keys whose calls were put into one order; those that were given up. */
  readonly ordered: number;
  readonly undecided: readonly string[];
  readonly acknowledged: number;
  /** Gone, and the engine does not promise them. */
  readonly lossesAllowed: number;
}

const CHECKERS: readonly ((history: CaosHistory) => readonly Finding[])[] = [
  ...[lostWrites, cameBack, doneTwice, neverWritten, wentBack, unconfirmed, disagreements, unwell, bugs],
];

/** Holds a history to every promise of its engine. */
export function judge(history: CaosHistory): Judgement {
  const order = linearizable(history);
  return {
    findings: [...CHECKERS.flatMap((checker) => checker(history)), ...order.findings],
    ordered: order.keys - order.undecided.length,
    undecided: order.undecided,
    acknowledged: writesOf(history.calls).filter(({ outcome }) => outcome === 'ok').length,
    lossesAllowed: lossesAllowed(history),
  };
}
