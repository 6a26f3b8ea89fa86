import { describe, expect, it } from 'vitest';
import { Sequence } from '../../../panel/src/lab/sequence.js';
import { hostLanes, lostAt, strokesIn } from '../../../panel/src/lab/strokes.js';
import {
  atEnd,
  firstView,
  panned,
  placeOf,
  showing,
  switched,
  tickStep,
  wholeView,
  zoomed,
} from '../../../panel/src/lab/view.js';
import type { RunView } from '../../../panel/src/lab/view.js';
import { consensusStory, fleetStory, longRun, RunBuilder } from './run-builder.js';
import { NO_FILTER, runOf } from './runs.js';

const WIDTH = 800;

function shown(builder: RunBuilder, filter: Partial<typeof NO_FILTER> = {}, view?: RunView) {
  const run = runOf(builder.recording);
  const sequence = new Sequence(run, { ...NO_FILTER, ...filter });
  const lanes = hostLanes(run, sequence);
  const all = wholeView(firstView('order'), sequence, WIDTH);
  return { run, sequence, lanes, ...strokesIn(sequence, lanes, view ?? all, WIDTH) };
}

describe('the legs of messages', () => {
  it('go over the broker, one to each who got it', () => {
    const builder = new RunBuilder('frota').message('n1', 'batch', {}, { n2: 'applied', n3: 'held' });
    const { strokes, lanes } = shown(builder);
    const lane = (host: string) => lanes.get(host);
    expect(strokes.map(({ fromLane, toLane, end }) => [fromLane, toLane, end])).toEqual([
      [lane('n1'), lane('broker'), 'arrow'],
      [lane('broker'), lane('n2'), 'arrow'],
      [lane('broker'), lane('n3'), 'held'],
    ]);
  });

  it('go straight where the broker is not shown, and where there is none', () => {
    const builder = new RunBuilder('frota').message('n1', 'batch', {}, { n2: 'applied' });
    const { strokes, lanes } = shown(builder, { hosts: new Set(['broker']) });
    expect(strokes.map(({ fromLane, toLane }) => [fromLane, toLane])).toEqual([
      [lanes.get('n1'), lanes.get('n2')],
    ]);
    const direct = shown(new RunBuilder('lider').message('n1', 'PING', {}, { n2: 'noted' }, { to: 'n2' }));
    expect(direct.strokes.map(({ end }) => end)).toEqual(['arrow']);
  });

  it('end before whoever missed a message: from the broker, or where it left', () => {
    const cut = new RunBuilder('frota')
      .message('n1', 'batch', {}, { n3: 'applied' })
      .missed('n2', 'm1', 'isolated');
    const { strokes, lanes, run } = shown(cut);
    expect(strokes.map(({ end }) => end)).toEqual(['arrow', 'arrow', 'dropped']);
    expect(strokes.at(-1)?.fromLane).toBe(lanes.get('broker'));
    expect(run.messages.get('m1')?.missed.map(({ host }) => host)).toEqual(['n2']);
    const out = new RunBuilder('frota')
      .message('n1', 'batch', {}, { n1: 'dropped' })
      .missed('n2', 'm1', 'dropped');
    expect(shown(out).strokes.map(({ end }) => end)).toEqual(['dropped']);
  });

  it('end visibly where a message was dropped or lost', () => {
    const out = shown(new RunBuilder('frota').message('n1', 'batch', {}, { n1: 'dropped' }));
    expect(out.strokes.map(({ end }) => end)).toEqual(['dropped']);
    const into = shown(new RunBuilder('frota').message('n1', 'batch', {}, { n2: 'dropped', n3: 'applied' }));
    expect(into.strokes.map(({ end }) => end)).toEqual(['arrow', 'arrow', 'dropped']);
    // It ends before the line of the one that it was for.
    const ended = into.strokes.at(-1);
    expect(ended?.toLane).toBeGreaterThan(into.lanes.get('n2') ?? 0);
    const lost = new RunBuilder('frota')
      .message('n1', 'batch', {}, {}, { isLost: true })
      .wait(5_000)
      .mark('later');
    expect(shown(lost).strokes.map(({ end }) => end)).toEqual(['lost']);
    const fresh = new RunBuilder('frota').message('n1', 'batch', {}, {}, { isLost: true });
    expect(shown(fresh).strokes).toEqual([]);
  });

  it('say where a message was lost that passed the broker', () => {
    const builder = new RunBuilder('frota')
      .message('n1', 'logRequest', {}, {}, { to: 'n2' })
      .wait(5_000)
      .mark('later');
    const { run, strokes } = shown(builder);
    expect(lostAt([...run.messages.values()][0]!, run)).toBe('broker');
    expect(strokes.map(({ end }) => end)).toEqual(['arrow', 'lost']);
  });

  it('are those in sight alone', () => {
    const builder = longRun(2_000);
    const { sequence } = shown(builder);
    for (const axis of ['order', 'time'] as const) {
      const view = atEnd(firstView(axis), sequence, WIDTH);
      const { strokes, run } = shown(builder, {}, view);
      expect(strokes.length).toBeLessThan(1_000);
      const right = view.left + WIDTH / view.scale;
      for (const event of sequence.items) {
        const place = placeOf(event, axis, sequence);
        if (event.kind !== 'received' || place < view.left || place > right) continue;
        expect(strokes.some(({ last }) => last === event.n)).toBe(true);
      }
      expect(run.lives.length).toBe(2_000);
    }
  });

  it('have lanes for replicas instead of a broker', () => {
    expect([...shown(consensusStory()).lanes.keys()]).toEqual([
      'c1',
      'c2',
      'n1',
      'n2',
      'n3',
      'r1',
      'r2',
      'r3',
    ]);
  });
});

describe('what is in sight', () => {
  const sequence = new Sequence(runOf(fleetStory().recording), NO_FILTER);
  const view = { axis: 'order', left: 10, scale: 40 } as const;

  it('zooms around a point, which stays where it is', () => {
    const closer = zoomed(view, 2, 200);
    expect(closer.scale).toBe(80);
    expect(closer.left + 200 / closer.scale).toBeCloseTo(view.left + 200 / view.scale);
    expect(zoomed(view, 1e9, 0).scale).toBeLessThan(1_000);
    expect(panned(view, 40).left).toBe(11);
  });

  it('moves to an event only where that is out of sight', () => {
    const [, event] = sequence.items;
    const far = sequence.items.at(-1);
    if (event === undefined || far === undefined) throw new Error('the story has events');
    const here = { axis: 'order', left: -5, scale: 40 } as const;
    expect(showing(here, event, sequence, WIDTH)).toBe(here);
    const there = showing(here, far, sequence, WIDTH);
    const px = (placeOf(far, 'order', sequence) - there.left) * there.scale;
    expect(px).toBeCloseTo(WIDTH / 2);
  });

  it('keeps its moment where the axis changes', () => {
    const time = switched(view, sequence, WIDTH);
    expect(time.axis).toBe('time');
    const back = switched(time, sequence, WIDTH);
    const middle = (one: RunView) => one.left + WIDTH / 2 / one.scale;
    expect(Math.abs(middle(back) - middle(view))).toBeLessThan(1.01);
  });

  it('has ticks at round numbers, far enough apart', () => {
    for (const scale of [0.003, 0.1, 1, 7, 300]) {
      const step = tickStep(scale, 100);
      expect(step * scale).toBeGreaterThanOrEqual(100);
      expect(step * scale).toBeLessThan(260);
      expect(['1', '2', '5']).toContain(step.toExponential()[0]);
    }
  });
});
