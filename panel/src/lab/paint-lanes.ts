import type { Spell } from './host-history.js';
import { stateColour } from './palette.js';
import { colour, laneY, SCENE_SIZES } from './scene.js';
import type { Scene } from './scene.js';
import { placeOf, placeOfTime, tickStep } from './view.js';
import { timesIn } from './strokes.js';

type Context = CanvasRenderingContext2D;

export const SMALL_FONT = '11px system-ui, sans-serif';
const FONT = '12px system-ui, sans-serif';
const TICK_PX = 110;
/** A pause between two steps that is worth a word, ms. */
const GAP_MS = 1_000;

/** The band of agreement, the axis, the lines of life and what befell their hosts. */
export function paintLanes(context: Context, scene: Scene): void {
  paintAxis(context, scene);
  paintAgreement(context, scene);
  const shown = [...scene.lanes].map(([host, lane]) => ({ host, y: laneY(lane) }));
  for (const { y } of shown) line(context, colour(scene, '--edge'), 1.5, [], 0, y, scene.width, y);
  for (const { host, y } of shown) {
    for (const spell of scene.sequence.run.history.spells) {
      if (spell.host === host) paintSpell(context, scene, spell, y);
    }
  }
}

function pixels(scene: Scene, from: number, to: number | undefined): readonly [number, number] | undefined {
  const { view, sequence } = scene;
  const at = (t: number): number => (placeOfTime(t, view.axis, sequence) - view.left) * view.scale;
  const end = Math.min(to ?? Infinity, scene.until);
  const x0 = Math.max(-20, at(from));
  const x1 = end === Infinity ? scene.width + 20 : Math.min(scene.width + 20, at(end));
  return from > scene.until || x1 < -10 || x0 > scene.width + 10 ? undefined : [x0, Math.max(x0 + 1, x1)];
}

function paintAgreement(context: Context, scene: Scene): void {
  const { agreements } = scene.sequence.run.history;
  const { bandTop: top, bandHeight: height } = SCENE_SIZES;
  agreements.forEach(({ t, is }, index) => {
    const span = pixels(scene, t, agreements[index + 1]?.t);
    if (span === undefined || is === 'unknown') return;
    const [x0, x1] = span;
    const isEqual = is === 'equal';
    context.fillStyle = colour(scene, isEqual ? '--good-ground' : '--bad-ground');
    context.fillRect(x0, top, x1 - x0, height);
    if (!isEqual) hatch(context, colour(scene, '--bad'), x0, top, x1 - x0, height, 0.25);
    context.fillStyle = colour(scene, isEqual ? '--good' : '--bad');
    context.fillRect(x0, top + height - 2, x1 - x0, 2);
    scene.labels.ask({
      ...{ texts: [isEqual ? `= ${scene.words.equal}` : `≠ ${scene.words.different}`], rank: 'band' },
      ...{ spots: [[Math.max(6, x0 + 5), top + 14]], room: x1 - Math.max(0, x0) - 8 },
      ...{ font: `600 ${FONT}`, fill: colour(scene, isEqual ? '--good' : '--bad') },
      ground: isEqual ? undefined : colour(scene, '--bad-ground'),
    });
  });
}

function paintAxis(context: Context, scene: Scene): void {
  const { view, sequence, width, height, words } = scene;
  const y = height - SCENE_SIZES.bottom + 18;
  const mark = (place: number, text: string): void => {
    const x = (place - view.left) * view.scale;
    line(context, colour(scene, '--line'), 1, [], x, SCENE_SIZES.bandTop, x, y - 12);
    scene.labels.ask({
      ...{ texts: [text], rank: 'band', spots: [[x + 3, y]], room: TICK_PX - 8 },
      ...{ font: SMALL_FONT, fill: colour(scene, '--ink-2') },
    });
  };
  const step = tickStep(view.scale, TICK_PX);
  const first = Math.ceil(view.left / step) * step;
  const last = view.left + width / view.scale;
  if (view.axis === 'time') {
    for (let place = Math.max(0, first); place <= last; place += step) mark(place, words.time(place));
    return;
  }
  const { items } = sequence;
  const whole = Math.max(1, Math.ceil(step));
  for (let place = Math.max(0, Math.ceil(first / whole) * whole); place <= last; place += whole) {
    const event = items[place];
    if (event !== undefined && event.t <= scene.until) mark(place, words.time(event.t));
  }
  if (view.scale < 14) return;
  for (
    let index = Math.max(1, Math.floor(view.left));
    index <= Math.min(items.length - 1, last + 1);
    index += 1
  ) {
    const pause = (items[index]?.t ?? 0) - (items[index - 1]?.t ?? 0);
    if (pause < GAP_MS || (items[index]?.t ?? 0) > scene.until) continue;
    const x = (index - 0.5 - view.left) * view.scale;
    line(context, colour(scene, '--edge'), 1, [2, 5], x, SCENE_SIZES.bandTop + 26, x, y - 12);
    scene.labels.ask({
      ...{ texts: [words.gap(pause)], rank: 'pause', spots: [[x + 3, height - SCENE_SIZES.bottom + 2]] },
      ...{ room: 80, font: SMALL_FONT, fill: colour(scene, '--ink-2') },
    });
  }
}

function paintSpell(context: Context, scene: Scene, spell: Spell, y: number): void {
  const span = pixels(scene, spell.from, spell.to);
  if (span === undefined) return;
  const [x0, x1] = span;
  const tag = (text: string, ink: string, ground: string, above: number): void =>
    scene.labels.ask({
      ...{ texts: [text], rank: 'spell', spots: [[Math.max(6, x0 + 5), y - above]] },
      ...{ room: x1 - Math.max(0, x0) - 8, font: `600 ${SMALL_FONT}` },
      ...{ fill: colour(scene, ink), ground: colour(scene, ground) },
    });
  switch (spell.what) {
    case 'down':
      context.fillStyle = colour(scene, '--sheet');
      context.fillRect(x0, y - 3, x1 - x0, 6);
      line(context, colour(scene, '--edge'), 1.5, [1, 6], x0, y, x1, y);
      if (spell.from > 0) tag(scene.words.down, '--ink-2', '--sheet', 14);
      break;
    case 'joining':
      context.fillStyle = colour(scene, '--sheet');
      context.fillRect(x0, y - 3, x1 - x0, 6);
      line(context, colour(scene, '--edge'), 1.5, [6, 4], x0, y, x1, y);
      tag(scene.words.joining, '--ink-2', '--sheet', 14);
      break;
    case 'isolated':
      context.fillStyle = colour(scene, '--warn-ground');
      context.fillRect(x0, y - 13, x1 - x0, 26);
      hatch(context, colour(scene, '--warn'), x0, y - 13, x1 - x0, 26, 0.45);
      line(context, colour(scene, '--warn'), 1.5, [], x0, y, x1, y);
      tag(scene.words.isolated, '--warn', '--warn-ground', 17);
      break;
    case 'clock':
      tag(scene.words.clock(spell.amount ?? 0), '--hue-6', '--sheet', -24);
      line(context, colour(scene, '--hue-6'), 2, [1, 3], x0, y + 12, x1, y + 12);
      break;
    case 'loss':
      tag(scene.words.loss(spell.amount ?? 0), '--bad', '--sheet', -24);
      line(context, colour(scene, '--bad'), 2, [2, 4], x0, y + 9, x1, y + 9);
      break;
    case 'leads':
      line(context, colour(scene, '--accent'), 4, [], x0, y, x1, y);
      tag(scene.words.leads, '--accent', '--sheet', 14);
      break;
    case 'hosts':
      tag(scene.words.hosts, '--ink-2', '--sheet', -24);
  }
}

/** Squares with the letter of what a server holds, each time that this changed. */
export function paintStates(context: Context, scene: Scene): void {
  const { sequence, view, lanes, until, width } = scene;
  const [from, to] = timesIn(sequence, view, width);
  const { run } = sequence;
  const ends = new Map<string, number>();
  for (let index = sequence.rankOfTime(from); index < sequence.items.length; index += 1) {
    const event = sequence.items[index];
    if (event === undefined || event.t > Math.min(to, until)) break;
    const lane = lanes.get(event.host);
    if (event.kind !== 'state' || lane === undefined) continue;
    const x = (placeOf(event, view.axis, sequence) - view.left) * view.scale;
    const y = laneY(lane);
    if (x < (ends.get(event.host) ?? -Infinity)) continue;
    const { letter, index: hue } = run.history.letter(event.storeHash);
    const size = letter.length > 1 ? 22 : 16;
    ends.set(event.host, x + 6);
    context.fillStyle = colour(scene, stateColour(hue));
    const square = { x: x - size / 2, y: y - 8, width: size, height: 16 };
    context.fillRect(square.x, square.y, square.width, square.height);
    scene.labels.take(square);
    context.fillStyle = colour(scene, '--sheet');
    context.font = `700 ${SMALL_FONT}`;
    context.textAlign = 'center';
    context.fillText(letter, x, y + 4);
    context.textAlign = 'start';
  }
}

export function line(
  context: Context,
  stroke: string,
  width: number,
  dash: readonly number[],
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): void {
  context.strokeStyle = stroke;
  context.lineWidth = width;
  context.setLineDash(dash as number[]);
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
  context.setLineDash([]);
}

function hatch(
  context: Context,
  stroke: string,
  x: number,
  y: number,
  width: number,
  height: number,
  alpha: number,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.globalAlpha *= alpha;
  context.strokeStyle = stroke;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let at = x - height - (x % 8); at < x + width; at += 8) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}
