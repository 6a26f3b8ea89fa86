import { describe, expect, it } from 'vitest';
import { repairContent, repairTalks } from '../../../panel/src/lab/repairs.js';
import { diedMeanwhile, storyProgress } from '../../../panel/src/lab/story.js';
import { winnerOf } from '../../../panel/src/lab/winner.js';
import { consensusStory, fleetStory, leaderStory, recordedLine } from './run-builder.js';
import { runOf } from './runs.js';

describe('the story', () => {
  it.each([
    ['fleet', fleetStory, 9],
    ['consensus', consensusStory, 6],
  ])('is done once its events came, in order: %s', (_name, make, steps) => {
    const { recording } = make();
    const done = (events: typeof recording.events) =>
      storyProgress(runOf(recording, events)).filter(({ n }) => n !== undefined).length;
    expect(done(recording.events)).toBe(steps);
    const counts = recording.events.map((_, index) => done(recording.events.slice(0, index + 1)));
    // Nothing that was done is undone, and no step comes before its events.
    expect(counts).toEqual([...counts].sort((one, other) => one - other));
    expect(new Set(counts).size).toBeGreaterThan(4);
  });

  it('says which server died in its middle, and nothing of one that died before or after', () => {
    const { recording } = fleetStory();
    const { events } = recording;
    const cut = events.findIndex((event) => event.kind === 'host' && event.change === 'isolated') + 1;
    const died = (after: number): string | undefined => {
      const t = events[after - 1]?.t ?? 0;
      const death = { kind: 'host', n: after + 1, t, host: 'n2', change: 'killed' } as const;
      const run = runOf(recording, [...events.slice(0, after), death]);
      return diedMeanwhile(run, storyProgress(run));
    };
    expect(died(cut + 5)).toBe('n2');
    expect(died(cut - 1)).toBeUndefined();
    expect(died(events.length)).toBeUndefined();
  });

  it('with a leader knows a write whose outcome nobody knows', () => {
    const progress = storyProgress(runOf(leaderStory().recording));
    expect(progress.filter(({ n }) => n !== undefined).map(({ step }) => step.id)).toEqual([
      ...['write', 'isolate', 'unknown'],
    ]);
  });

  it('says who won among concurrent versions, and by what', () => {
    const first = recordedLine('a', 2, { timestampMs: 10, origin: 'x' });
    const win = (...lines: (typeof first)[]) => winnerOf({ lines });
    expect(win(first)).toBeUndefined();
    expect(win(first, recordedLine('b', 3, { timestampMs: 1 }))).toMatchObject({ value: 'b', by: 'version' });
    expect(win(recordedLine('b', 2, { timestampMs: 11, origin: 'a' }), first)).toMatchObject({
      value: 'b',
      by: 'timestamp',
    });
    expect(win(first, recordedLine('b', 2, { timestampMs: 10, origin: 'w' }))).toMatchObject({
      value: 'a',
      by: 'origin',
    });
    expect(win(first, recordedLine('b', 3, { isHead: false }))).toBeUndefined();
  });
});

describe('repair, step by step', () => {
  it('groups the messages of two servers, from the announcement to what was taken', () => {
    const talks = repairTalks(runOf(fleetStory().recording));
    expect(talks.map(({ asker, giver, applied, endsEqual }) => [asker, giver, applied, endsEqual])).toEqual([
      ['n2', 'n1', 1, true],
      ['n1', 'n2', 1, true],
      ['n3', 'n2', 1, true],
    ]);
    const [talk] = talks;
    expect(talk?.cause?.sent).toMatchObject({ type: 'presence', host: 'n1' });
    expect(talk?.steps.map(({ sent, to }) => [sent.type, sent.host, to])).toEqual([
      ['logRequest', 'n2', 'n1'],
      ['logReply', 'n1', 'n2'],
    ]);
  });

  it('reads what is exchanged, and takes whatever it cannot read for nothing', () => {
    const body = {
      vetor: [['o', 3], ['p'], 7],
      lotes: [{ mutacoes: [{ chave: 'a' }, { chave: 'a' }] }],
      mais: true,
    };
    expect(repairContent(JSON.stringify(body))).toEqual({
      ...{ vector: [['o', 3]], batches: 1, mutations: 2, keys: ['a'], more: true },
    });
    for (const text of ['', '{', 'null', '7', '[]', '{"vetor":7,"lotes":[null],"chaves":[3]}'])
      expect(() => repairContent(text)).not.toThrow();
  });
});
