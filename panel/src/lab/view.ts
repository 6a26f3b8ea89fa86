import type { RecordedEvent } from '../../../src/laboratory/recording.js';
import type { Sequence } from './sequence.js';

/** `order`: one step for each event that is shown; `time`: true to the milliseconds between them. */
export type AxisKind = 'order' | 'time';

/** What of the axis is in sight: `left` in steps or ms, `scale` in pixels for one of them. */
export interface RunView {
  readonly axis: AxisKind;
  readonly left: number;
  readonly scale: number;
}

const SCALES: Readonly<
  Record<AxisKind, { readonly min: number; readonly max: number; readonly first: number }>
> = {
  order: { min: 0.05, max: 160, first: 40 },
  time: { min: 0.002, max: 400, first: 0.1 },
};

/** Room behind the last event, in pixels. */
const END_PX = 90;
/** Room before the first one. */
const START_PX = 36;

export function firstView(axis: AxisKind): RunView {
  const { first } = SCALES[axis];
  return { axis, left: -START_PX / first, scale: first };
}

/** Where on the axis an event lies; one that is not shown lies where its time does. */
export function placeOf(event: RecordedEvent, axis: AxisKind, sequence: Sequence): number {
  if (axis === 'time') return event.t;
  return sequence.rank(event.n) ?? sequence.rankOfTime(event.t) - 0.5;
}

export function placeOfTime(t: number, axis: AxisKind, sequence: Sequence): number {
  return axis === 'time' ? t : sequence.rankOfTime(t);
}

/** The axis from its first to its last event. */
function extent(axis: AxisKind, sequence: Sequence): readonly [number, number] {
  if (axis === 'order') return [0, Math.max(0, sequence.items.length - 1)];
  return [Math.min(0, sequence.items[0]?.t ?? 0), sequence.run.endMs];
}

/** Zooms by `factor` around a pixel. */
export function zoomed(view: RunView, factor: number, aroundPx: number): RunView {
  const { min, max } = SCALES[view.axis];
  const scale = Math.min(max, Math.max(min, view.scale * factor));
  return { ...view, scale, left: view.left + aroundPx / view.scale - aroundPx / scale };
}

export function panned(view: RunView, px: number): RunView {
  return { ...view, left: view.left + px / view.scale };
}

/** Kept where there is something to see. */
export function clamped(view: RunView, sequence: Sequence, widthPx: number): RunView {
  const [from, to] = extent(view.axis, sequence);
  const least = from - START_PX / view.scale;
  const most = Math.max(least, to - (widthPx - END_PX) / view.scale);
  return { ...view, left: Math.min(most, Math.max(least, view.left)) };
}

/** The last events in sight. */
export function atEnd(view: RunView, sequence: Sequence, widthPx: number): RunView {
  return clamped({ ...view, left: Infinity }, sequence, widthPx);
}

/** All events in sight. */
export function wholeView(view: RunView, sequence: Sequence, widthPx: number): RunView {
  const [from, to] = extent(view.axis, sequence);
  const { min, max } = SCALES[view.axis];
  const room = Math.max(1, widthPx - START_PX - END_PX);
  const scale = Math.min(max, Math.max(min, room / Math.max(1, to - from)));
  return { ...view, scale, left: from - START_PX / scale };
}

/** With an event in sight: moved only if it is not, or near the edge. */
export function showing(view: RunView, event: RecordedEvent, sequence: Sequence, widthPx: number): RunView {
  const px = (placeOf(event, view.axis, sequence) - view.left) * view.scale;
  const edge = Math.min(80, widthPx / 4);
  if (px >= edge && px <= widthPx - edge) return view;
  return { ...view, left: placeOf(event, view.axis, sequence) - widthPx / 2 / view.scale };
}

/** The same moment on the other axis, in the middle. */
export function switched(view: RunView, sequence: Sequence, widthPx: number): RunView {
  const axis = view.axis === 'order' ? 'time' : 'order';
  const middle = view.left + widthPx / 2 / view.scale;
  const index = Math.max(0, Math.min(sequence.items.length - 1, Math.round(middle)));
  const t = view.axis === 'time' ? middle : (sequence.items[index]?.t ?? 0);
  const { first } = SCALES[axis];
  return { axis, scale: first, left: placeOfTime(t, axis, sequence) - widthPx / 2 / first };
}

/** Steps between labels of the axis: 1, 2 or 5 times a power of ten, at least `px` apart. */
export function tickStep(scale: number, px: number): number {
  const least = px / scale;
  const power = 10 ** Math.floor(Math.log10(least));
  for (const factor of [1, 2, 5]) if (factor * power >= least) return factor * power;
  return 10 * power;
}
