import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bruteForce } from '../support/linearizability/brute-force.js';
import { checkHistory } from '../support/linearizability/check.js';
import { allAnswered, answers, deeds, execute, withAnswer } from '../support/linearizability/generate.js';
import type { Answer, Operation, Sight } from '../support/linearizability/history.js';

const accepted = (history: readonly Operation[]): boolean => checkHistory(history).linearizable;

/** What one change of an answer can make of it: versions, values, and whether there was anything. */
function corruptions({ made, found, removed }: Answer): readonly Answer[] {
  const others: Answer[] = [];
  const rest = { ...(found === undefined ? {} : { found }) };
  if (made?.version !== undefined) {
    for (const by of [-1, 1, 3]) others.push({ ...rest, made: { ...made, version: made.version + by } });
  }
  const told = made === undefined ? {} : { made };
  if (found === null)
    others.push({ ...told, found: { value: 'nobody wrote this', version: 1, timestamp: 1 } });
  if (found) {
    const { version = 0 } = found;
    others.push({ ...told, found: { ...found, version: version + 1 } });
    others.push({ ...told, found: { ...found, value: 'nobody wrote this' } });
    others.push({ ...told, found: null });
  }
  for (const other of ['removed', 'noKey', 'noVersion'] as const) {
    if (removed !== undefined && removed !== other) others.push({ removed: other });
  }
  return others;
}

describe('executions', () => {
  it('are accepted, whatever overlaps and whatever is unknown', () => {
    const options = { most: 60, overlap: 8, faults: true };
    fc.assert(
      fc.property(deeds(options), (list) => accepted(execute(list))),
      { numRuns: 150 },
    );
  });

  it('one after the other: any other version, value or absence in one answer is rejected', () => {
    const options = { most: 25, overlap: 0, faults: false };
    fc.assert(
      fc.property(deeds(options), fc.nat(), fc.nat(), (list, which, how) => {
        const history = execute(list);
        const all = answers(history).flatMap(({ index, answer }) => {
          return corruptions(answer).map((other) => withAnswer(history, index, other));
        });
        const [corrupted] = all.slice((which * 7 + how) % Math.max(all.length, 1));
        return corrupted === undefined || !accepted(corrupted);
      }),
      { numRuns: 300 },
    );
  });

  it('with overlaps: another version for one write is rejected unless an unknown write can have taken its own', () => {
    const options = { most: 25, overlap: 6, faults: true };
    const seen = { rejected: 0, accepted: 0 };
    fc.assert(
      fc.property(deeds(options), fc.nat(), fc.constantFrom(-1, 1, 2), (list, which, by) => {
        const history = execute(list);
        const writes = answers(history).filter(({ answer }) => answer.made !== undefined);
        const chosen = writes[which % Math.max(writes.length, 1)];
        if (chosen === undefined) return;
        const { index, answer } = chosen;
        const made = { ...answer.made, version: (answer.made?.version ?? 0) + by };
        const ok = accepted(withAnswer(history, index, { ...answer, made }));
        // Without unknown writes the versions told are 1 to n, each once; any change of one breaks that.
        if (allAnswered(history)) expect(ok).toBe(false);
        seen[ok ? 'accepted' : 'rejected']++;
      }),
      { numRuns: 300 },
    );
    expect(seen.rejected).toBeGreaterThan(10 * seen.accepted);
  });

  it('with overlaps: a value under the version of another that was told is rejected', () => {
    const options = { most: 25, overlap: 6, faults: true };
    fc.assert(
      fc.property(deeds(options), fc.nat(), fc.nat(), (list, which, other) => {
        const history = execute(list);
        const made = answers(history).flatMap(({ request, answer }): Sight[] => {
          return 'value' in request && answer.made ? [{ value: request.value, ...answer.made }] : [];
        });
        const reads = answers(history).filter(({ answer }) => {
          return made.some(({ value }) => value === answer.found?.value);
        });
        const read = reads[which % Math.max(reads.length, 1)];
        const impostors = made.filter(({ value }) => value !== read?.answer.found?.value);
        const impostor = impostors[other % Math.max(impostors.length, 1)];
        if (!read?.answer.found || impostor?.value === undefined) return;
        const found = { ...read.answer.found, value: impostor.value };
        expect(accepted(withAnswer(history, read.index, { ...read.answer, found }))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('tiny histories, right or wrong', () => {
  /** Greatest timestamp that a generated answer shows, and one for every write after it. */
  const TIMESTAMP_MAX = 18;

  const sight = fc
    .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 9 }))
    .map(([writer, version, timestamp]) => ({ value: `x${writer}`, version, timestamp }));

  /** Another answer of the same shape. */
  function anotherAnswer(answer: Answer, drawn: Required<Sight>, none: boolean): Answer {
    const { made, found, removed, refused } = answer;
    const { version, timestamp } = drawn;
    if (refused === true) return none ? { made: { version, timestamp } } : { refused };
    return {
      ...(made === undefined ? {} : { made: none ? made : { version, timestamp } }),
      ...(found === undefined ? {} : { found: none ? null : drawn }),
      ...(removed === undefined ? {} : { removed: none ? 'noKey' : version > 2 ? 'removed' : 'noVersion' }),
    };
  }

  it('every order tried comes to the same verdict', { timeout: 120_000 }, () => {
    const verdicts = { right: 0, wrong: 0 };
    const change = fc.tuple(fc.nat(), sight, fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(
        deeds({ most: 6, overlap: 3, faults: true }),
        fc.array(change, { maxLength: 2 }),
        (list, changes) => {
          let history = execute(list);
          for (const [which, drawn, none, swap] of changes) {
            const all = answers(history);
            const chosen = all[which % Math.max(all.length, 1)];
            if (chosen === undefined) continue;
            // Rows that others were shown are likelier to be right than any made up.
            const shown = all.flatMap(({ answer }) =>
              answer.found ? [answer.found as Required<Sight>] : [],
            );
            const other = (swap ? shown[drawn.version % Math.max(shown.length, 1)] : undefined) ?? drawn;
            history = withAnswer(history, chosen.index, anotherAnswer(chosen.answer, other, none));
          }
          const expected = bruteForce(history, TIMESTAMP_MAX);
          expect(accepted(history)).toBe(expected);
          verdicts[expected ? 'right' : 'wrong']++;
        },
      ),
      { numRuns: 1_000 },
    );
    expect(Math.min(verdicts.right, verdicts.wrong)).toBeGreaterThan(150);
  });
});
