import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labPageLimits } from '../../../panel/src/lab/limits.js';
import { Run } from '../../../panel/src/lab/run.js';
import { Sequence } from '../../../panel/src/lab/sequence.js';
import { fleetStory, longRun, RunBuilder } from './run-builder.js';
import { NO_FILTER, runOf } from './runs.js';

const story = fleetStory().recording;

describe('a run in the page', () => {
  it('is the same in whatever order its events become known, in the order of time, each once', () => {
    const expected = runOf(story);
    expect(expected.latestAnswer).toEqual(story.events.findLast(({ kind }) => kind === 'answer'));
    fc.assert(
      fc.property(fc.shuffledSubarray([...story.events], { minLength: story.events.length }), (events) => {
        const run = runOf(story, [...events, ...events.slice(0, 5)]);
        expect(run.events).toEqual(expected.events);
        expect(run.lives.map(({ id, start, end }) => [id, start, end])).toEqual(
          expected.lives.map(({ id, start, end }) => [id, start, end]),
        );
        expect(run.types).toEqual(expected.types);
        expect(run.latestAnswer).toEqual(expected.latestAnswer);
      }),
      { numRuns: 30 },
    );
  });

  it('shows as joining only those of which it is told when they serve', () => {
    const { recording, events } = new RunBuilder('consenso').change('n1', 'started').change('r1', 'started');
    const { history } = runOf(recording);
    const last = events.at(-1)!.t;
    expect(['n1', 'r1'].map((host) => history.at(host, last).map(({ what }) => what))).toEqual([
      ['joining'],
      [],
    ]);
  });

  it('keeps the bodies of messages up to its bound, and every event', () => {
    const builder = new RunBuilder('frota');
    for (const body of ['a', 'b', 'one too many']) builder.message('n1', 'batch', body, {});
    const half = 'x'.repeat(labPageLimits.bodyCharacters / 2);
    const events = builder.events.map((event) =>
      event.kind === 'sent' && event.body.length === 1 ? { ...event, body: half } : event,
    );
    const run = runOf(builder.recording, events);
    expect([...run.messages.values()].map(({ sent }) => sent?.body.length)).toEqual([
      half.length,
      half.length,
      0,
    ]);
  });
});

describe('the sequence of what is shown', () => {
  it('is the same after it grew, piece by piece, as made at once', () => {
    const events = [...story.events];
    fc.assert(
      fc.property(
        fc.shuffledSubarray(events, { minLength: events.length }),
        fc.integer({ min: 1, max: 30 }),
        fc.subarray(['presence', 'batch', 'logRequest']),
        (shuffled, size, types) => {
          const filter = { ...NO_FILTER, types: new Set(types) };
          const run = new Run(story.header);
          const sequence = new Sequence(run, filter);
          // A message that arrives is known once it left.
          const inOrder = shuffled.sort((one, other) => Math.floor(one.n / 9) - Math.floor(other.n / 9));
          for (let from = 0; from < inOrder.length; from += size) {
            for (const event of inOrder.slice(from, from + size).sort((a, b) => a.n - b.n)) run.add(event);
            sequence.grow(run.settled());
          }
          const whole = new Sequence(run, filter);
          const shown = (one: Sequence) => one.items.map(({ n }) => [n, one.rank(n)]);
          const known = new Set(sequence.items.map(({ n }) => n));
          expect(shown(whole).filter(([n]) => !known.has(n ?? 0))).toEqual([]);
          expect(shown(sequence)).toEqual(shown(whole));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('leaves out types, hosts and what is about other keys', () => {
    const builder = fleetStory();
    builder.message('n1', 'batch', { chave: 'casa/"2"' }, { n2: 'applied' });
    const run = runOf(builder.recording);
    const kinds = (filter: Partial<typeof NO_FILTER>) =>
      new Sequence(run, { ...NO_FILTER, ...filter }).items.filter(
        (event) => 'message' in event && event.kind !== 'answer',
      );
    expect(kinds({}).length).toBeGreaterThan(kinds({ types: new Set(['presence']) }).length);
    expect(kinds({ hosts: new Set(['broker']) }).some(({ host }) => host === 'broker')).toBe(false);
    expect(kinds({ text: 'casa/"2"' }).map(({ kind }) => kind)).toEqual(['sent', 'relayed', 'received']);
  });

  it('takes a second for a long run, live as well as at once', () => {
    const long = longRun(5_000).recording;
    const start = performance.now();
    const run = new Run(long.header);
    const sequence = new Sequence(run, NO_FILTER);
    for (const event of long.events) {
      run.add(event);
      sequence.grow(run.settled());
    }
    expect(sequence.items).toHaveLength(long.events.length);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});
