import type { MessageReceived, RecordedEvent } from '../../../src/laboratory/recording.js';
import { lowerBound } from './lower-bound.js';
import type { MessageLife, Run } from './run.js';
import type { Sequence } from './sequence.js';
import { placeOf } from './view.js';
import type { AxisKind, RunView } from './view.js';

/** How one leg of a message ended. */
type StrokeEnd = 'arrow' | 'held' | 'dropped' | 'lost';

/** One leg of a message, in places of the axis and lanes (fractions: it ended between two). */
export interface Stroke {
  readonly message: string;
  readonly type: string;
  readonly end: StrokeEnd;
  readonly fromPlace: number;
  readonly fromLane: number;
  readonly toPlace: number;
  readonly toLane: number;
  /** Events at both ends; a loss has none at its end. */
  readonly first: number;
  readonly last: number;
}

/** A message that nobody had after so long was lost, ms. Slower ones are drawn as lost until they come. */
const LOST_AFTER_MS = 1_500;
/** How far a leg is drawn that did not get to its end. */
const DROPPED_SHARE = 0.82;
const STUB_SHARE = 0.38;
/** Length of a loss on the axis, pixels. */
const LOSS_PX = 26;

/** Lanes by host, from 0 at the top. */
export type Lanes = ReadonlyMap<string, number>;

const KIND_ORDER = ['client', 'server', 'broker', 'replica'] as const;

/** Who has a lane: clients that asked for something, servers, and what lies between those; without the hosts that are hidden. */
export function hostLanes(run: Run, sequence: Sequence): Lanes {
  const lanes = new Map<string, number>();
  for (const wanted of KIND_ORDER) {
    for (const { id, kind } of run.header.hosts) {
      const isIdle = kind === 'client' && !run.clients.has(id);
      if (kind === wanted && !isIdle && sequence.showsHost(id)) lanes.set(id, lanes.size);
    }
  }
  return lanes;
}

/** The legs of all messages that are shown and touch what is in sight. */
export function strokesIn(
  sequence: Sequence,
  lanes: Lanes,
  view: RunView,
  widthPx: number,
): { readonly strokes: Stroke[]; readonly lives: MessageLife[] } {
  const { run } = sequence;
  const [fromMs, toMs] = timesIn(sequence, view, widthPx);
  const strokes: Stroke[] = [];
  const lives: MessageLife[] = [];
  const start = lowerBound(run.lives, fromMs - run.longestMs - LOST_AFTER_MS, (life) => life.start);
  for (let index = start; index < run.lives.length; index += 1) {
    const life = run.lives[index] as MessageLife;
    if (life.start > toMs) break;
    if (life.end < fromMs && !isOpen(life)) continue;
    lives.push(life);
    if (sequence.showsMessage(life)) addLegs(strokes, life, sequence, lanes, view);
  }
  return { strokes, lives };
}

/** The times between which events are in sight, a little more. */
export function timesIn(sequence: Sequence, view: RunView, widthPx: number): readonly [number, number] {
  const right = view.left + widthPx / view.scale;
  if (view.axis === 'time') return [view.left - 40 / view.scale, right + 40 / view.scale];
  const { items } = sequence;
  const at = (place: number): number =>
    items[Math.min(items.length - 1, Math.max(0, Math.floor(place)))]?.t ?? 0;
  const isBeyond = right >= items.length - 1;
  return [view.left <= 0 ? -Infinity : at(view.left), isBeyond ? Infinity : at(right + 1)];
}

function isOpen(life: MessageLife): boolean {
  return life.received.length === 0 && life.dropped.length === 0 && life.missed.length === 0;
}

/** Hosts that a message was meant for by its address, and that did not get it, though it was under way long enough. */
export function lostAt(life: MessageLife, run: Run): string | undefined {
  const { sent, relayed, received, dropped, missed } = life;
  if (sent === undefined || run.endMs - life.start < LOST_AFTER_MS) return undefined;
  const hasBroker = run.header.hosts.some(({ kind }) => kind === 'broker');
  if (isOpen(life)) {
    if (relayed === undefined) return sent.host;
    return sent.to === undefined ? undefined : relayed.host;
  }
  if (sent.to === undefined || !hasBroker) return undefined;
  const has = [...received, ...dropped, ...missed].some(({ host }) => host === sent.to || host === sent.host);
  return has ? undefined : (relayed?.host ?? sent.host);
}

function addLegs(
  strokes: Stroke[],
  life: MessageLife,
  sequence: Sequence,
  lanes: Lanes,
  view: RunView,
): void {
  const { sent, relayed } = life;
  const type = sent?.type ?? '';
  const laneOf = (host: string): number | undefined => lanes.get(host);
  const place = (event: RecordedEvent): number => placeOf(event, view.axis, sequence);
  const leg = (from: RecordedEvent, to: RecordedEvent, end: StrokeEnd, share = 1): void => {
    const fromLane = laneOf(from.host);
    const toLane = laneOf(to.host);
    if (fromLane === undefined || toLane === undefined) return;
    strokes.push({
      ...{ message: life.id, type, end, first: from.n, last: to.n },
      ...{ fromPlace: place(from), fromLane, toPlace: place(to) },
      toLane: fromLane + (toLane - fromLane) * share,
    });
  };
  const isAtLane = (event: RecordedEvent | undefined): event is RecordedEvent =>
    event !== undefined && laneOf(event.host) !== undefined;
  const hub = isAtLane(relayed) ? relayed : sent;
  if (isAtLane(sent) && isAtLane(relayed)) leg(sent, relayed, 'arrow');
  if (isAtLane(hub)) {
    for (const received of life.received) leg(hub, received, endOf(received));
    for (const dropped of life.dropped) {
      if (dropped.host !== sent?.host) leg(hub, dropped, 'dropped', DROPPED_SHARE);
    }
    for (const missed of life.missed) {
      // What was dropped as it left is drawn there.
      if (missed.why === 'isolated') leg(hub, missed, 'dropped', DROPPED_SHARE);
    }
  }
  if (isAtLane(sent)) {
    for (const dropped of life.dropped) {
      if (dropped.host === sent.host) stub(strokes, life, sent, 'dropped', dropped, sequence, lanes, view);
    }
  }
  const at = lostAt(life, sequence.run);
  const origin = at === relayed?.host ? relayed : sent;
  if (at !== undefined && isAtLane(origin)) {
    stub(strokes, life, origin, 'lost', undefined, sequence, lanes, view);
  }
}

/** A short leg that ends between two lanes. */
function stub(
  strokes: Stroke[],
  life: MessageLife,
  from: RecordedEvent,
  end: StrokeEnd,
  at: RecordedEvent | undefined,
  sequence: Sequence,
  lanes: Lanes,
  view: RunView,
): void {
  const fromLane = lanes.get(from.host);
  if (fromLane === undefined) return;
  const { run } = sequence;
  const broker = run.header.hosts.find(({ kind }) => kind === 'broker')?.id;
  const goal = from.host === broker ? life.sent?.to : (broker ?? life.sent?.to);
  const goalLane = (goal === undefined ? undefined : lanes.get(goal)) ?? fromLane + 1;
  const fromPlace = placeOf(from, view.axis, sequence);
  const toPlace = at === undefined ? fromPlace + LOSS_PX / view.scale : placeOf(at, view.axis, sequence);
  strokes.push({
    ...{ message: life.id, type: life.sent?.type ?? '', end, first: from.n, last: at?.n ?? from.n },
    ...{ fromPlace, fromLane, toPlace },
    toLane:
      fromLane + Math.sign(goalLane - fromLane) * Math.min(1, Math.abs(goalLane - fromLane)) * STUB_SHARE * 2,
  });
}

function endOf(received: MessageReceived): StrokeEnd {
  return received.effect === 'held' ? 'held' : 'arrow';
}

/** How the axis is told to people who hear it. */
export function axisWord(axis: AxisKind): readonly [pt: string, en: string] {
  return axis === 'order' ? ['por evento', 'by event'] : ['em tempo real', 'in real time'];
}
