import { describe, expect, it } from 'vitest';
import { causalCone } from '../../../panel/src/lab/causality.js';
import { clockedSteps, happensBefore } from '../../../src/laboratory/vector-clocks.js';
import type { ClockedStep } from '../../../src/laboratory/vector-clocks.js';
import { consensusStory, fleetStory, leaderStory } from './run-builder.js';
import { runOf } from './runs.js';

describe('the past and future of an event', () => {
  it.each([
    ['fleet', fleetStory],
    ['consensus', consensusStory],
    ['leader', leaderStory],
  ])('are what vector clocks say: %s', (_name, story) => {
    const run = runOf(story().recording);
    const steps = new Map<number, ClockedStep[]>();
    for (const step of clockedSteps(run.events)) {
      steps.set(step.event.n, [...(steps.get(step.event.n) ?? []), step]);
    }
    const precedes = (one: number, other: number): boolean =>
      (steps.get(one) ?? []).some((a) => (steps.get(other) ?? []).some((b) => happensBefore(a, b)));
    for (const event of run.events.filter((_, index) => index % 5 === 0)) {
      const cone = causalCone(run, event);
      const expected = run.events.map(({ n }) => {
        if (n === event.n) return 'self';
        return precedes(n, event.n) ? 'past' : precedes(event.n, n) ? 'future' : 'beside';
      });
      expect(run.events.map(({ n }) => cone.relation(n))).toEqual(expected);
      const count = (relation: string) => expected.filter((one) => one === relation).length;
      expect([cone.past, cone.future]).toEqual([count('past'), count('future')]);
    }
  });

  it('go from a client to its server by a call, and back by the answer alone', () => {
    const builder = fleetStory().change('n1', 'clock', 5);
    const ask = { operation: 'query', key: 'casa/1' } as const;
    builder.call('c1', 'n1', ask, {}, () => builder.call('c1', 'n2', ask));
    const run = runOf(builder.recording);
    const steps = [...clockedSteps(run.events)];
    const inner = run.events.findLast((event) => event.kind === 'call');
    if (inner === undefined) throw new Error('there are two calls');
    const cone = causalCone(run, inner);
    const ofInner = steps.filter(({ event }) => event.n === inner.n);
    for (const { n } of run.events.filter((event) => event.n < inner.n)) {
      const own = steps.filter(({ event }) => event.n === n);
      const isPast = own.some((one) => ofInner.some((other) => happensBefore(one, other)));
      expect([n, cone.relation(n)]).toEqual([n, isPast ? 'past' : 'beside']);
    }
    // What n1 did just before it was asked is not known to n2.
    expect(run.events.some(({ n, host }) => host === 'n1' && cone.relation(n) === 'beside')).toBe(true);
  });

  it('keep concurrent writes apart', () => {
    const run = runOf(fleetStory().recording);
    const writes = run.events.filter((event) => event.kind === 'call' && event.operation === 'insert');
    const [, here, there] = writes;
    if (here === undefined || there === undefined) throw new Error('the story has three writes');
    expect(causalCone(run, here).relation(there.n)).toBe('beside');
    expect(causalCone(run, there).relation(here.n)).toBe('beside');
  });
});
