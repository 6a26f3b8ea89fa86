import type { CallMade, RecordedEvent } from '../../../src/laboratory/recording.js';
import type { CausalRelation } from './causality.js';
import { FAMILY_COLOURS, FAMILY_DASHES, familyOf } from './palette.js';
import { label, line, paintLanes, paintStates, SMALL_FONT } from './paint-lanes.js';
import { colour, laneY, SCENE_SIZES } from './scene.js';
import type { Scene, ScenePoint } from './scene.js';
import { strokesIn, timesIn } from './strokes.js';
import type { Stroke } from './strokes.js';
import type { MessageLife } from './run.js';
import { placeOf } from './view.js';

type Context = CanvasRenderingContext2D;

/** With more legs than this in sight they have neither heads nor names, and equal ones are drawn once. */
const MANY_STROKES = 1_500;
const NAMED_STROKES = 90;
const FADED = 0.14;

/** What a picture shows that can be chosen. */
interface Painted {
  readonly targets: readonly ScenePoint[];
  readonly strokes: number;
}

/** Draws the whole picture; `context` is scaled to CSS pixels. */
export function paint(context: Context, scene: Scene): Painted {
  context.clearRect(0, 0, scene.width, scene.height);
  paintLanes(context, scene);
  const { strokes, lives } = strokesIn(scene.sequence, scene.lanes, scene.view, scene.width);
  paintRoutine(context, scene, lives);
  const drawn = paintStrokes(context, scene, strokes);
  const events = eventsIn(scene);
  paintCalls(context, scene, events);
  const targets = paintEvents(context, scene, events, strokes.length > MANY_STROKES);
  paintStates(context, scene);
  paintSelected(context, scene);
  return { targets, strokes: drawn };
}

function x(scene: Scene, place: number): number {
  return (place - scene.view.left) * scene.view.scale;
}

/** Folded messages: short marks on the line of their sender. */
function paintRoutine(context: Context, scene: Scene, lives: readonly MessageLife[]): void {
  const { sequence, lanes, view, until } = scene;
  context.strokeStyle = colour(scene, '--ink-2');
  context.lineWidth = 1;
  context.globalAlpha = 0.45;
  context.beginPath();
  for (const { sent } of lives) {
    if (sent === undefined || sent.t > until || !sequence.filter.types.has(sent.type)) continue;
    const lane = lanes.get(sent.host);
    if (lane === undefined) continue;
    const at = x(scene, placeOf(sent, view.axis, sequence));
    context.moveTo(at, laneY(lane) + 2);
    context.lineTo(at, laneY(lane) + 7);
  }
  context.stroke();
  context.globalAlpha = 1;
}

function paintStrokes(context: Context, scene: Scene, strokes: readonly Stroke[]): number {
  const isMany = strokes.length > MANY_STROKES;
  const seen = new Set<string>();
  let drawn = 0;
  const byLook = new Map<string, Stroke[]>();
  for (const stroke of strokes) {
    if (timeOf(scene, stroke.first) > scene.until) continue;
    if (isMany) {
      const key = `${Math.round(x(scene, stroke.fromPlace))} ${Math.round(x(scene, stroke.toPlace))} ${stroke.fromLane} ${stroke.toLane}`;
      if (seen.has(key)) continue;
      seen.add(key);
    }
    const look = `${familyOf(stroke.type)} ${stroke.end} ${relationOf(scene, stroke)}`;
    const same = byLook.get(look);
    if (same === undefined) byLook.set(look, [stroke]);
    else same.push(stroke);
    drawn += 1;
  }
  for (const same of byLook.values()) paintSame(context, scene, same, isMany);
  context.globalAlpha = 1;
  if (strokes.length <= NAMED_STROKES) paintNames(context, scene, strokes);
  return drawn;
}

function timeOf(scene: Scene, n: number): number {
  return scene.sequence.run.event(n)?.t ?? 0;
}

function relationOf(scene: Scene, { first, last }: Stroke): CausalRelation {
  if (scene.cone === undefined) return 'self';
  const from = scene.cone.relation(first);
  const to = scene.cone.relation(last);
  if (from === 'beside' || to === 'beside') return 'beside';
  if (from === 'past' && to === 'future') return 'beside';
  return from === 'self' ? to : from;
}

/** Legs that look alike, as one path. */
function paintSame(context: Context, scene: Scene, strokes: readonly Stroke[], isMany: boolean): void {
  const [one] = strokes;
  if (one === undefined) return;
  const family = familyOf(one.type);
  const relation = relationOf(scene, one);
  const isEnded = one.end === 'dropped' || one.end === 'lost';
  const ink = colour(scene, isEnded ? '--bad' : FAMILY_COLOURS[family]);
  context.globalAlpha = relation === 'beside' ? FADED : isMany ? 0.6 : 1;
  context.strokeStyle = ink;
  context.fillStyle = ink;
  context.lineWidth = scene.cone !== undefined && relation !== 'beside' ? 2.4 : isMany ? 1 : 1.5;
  context.setLineDash(isMany ? [] : (FAMILY_DASHES[family] as number[]));
  context.beginPath();
  for (const stroke of strokes) {
    context.moveTo(x(scene, stroke.fromPlace), laneY(stroke.fromLane));
    context.lineTo(x(scene, stroke.toPlace), laneY(stroke.toLane));
  }
  context.stroke();
  context.setLineDash([]);
  if (isMany && !isEnded) return;
  for (const stroke of strokes) paintHead(context, scene, stroke);
}

function paintHead(context: Context, scene: Scene, stroke: Stroke): void {
  const x1 = x(scene, stroke.toPlace);
  const y1 = laneY(stroke.toLane);
  if (x1 < -20 || x1 > scene.width + 20) return;
  if (stroke.end === 'dropped') {
    cross(context, x1, y1);
    return;
  }
  if (stroke.end === 'lost') {
    question(context, scene, x1, y1);
    return;
  }
  const angle = Math.atan2(y1 - laneY(stroke.fromLane), x1 - x(scene, stroke.fromPlace));
  const back = 5;
  context.beginPath();
  const tip = [x1 - Math.cos(angle) * back, y1 - Math.sin(angle) * back] as const;
  context.moveTo(tip[0], tip[1]);
  for (const turn of [2.65, -2.65])
    context.lineTo(tip[0] + Math.cos(angle + turn) * 9, tip[1] + Math.sin(angle + turn) * 9);
  context.closePath();
  context.fill();
}

function cross(context: Context, x1: number, y1: number): void {
  context.lineWidth = 2.5;
  context.beginPath();
  for (const slope of [1, -1]) {
    context.moveTo(x1 - 5, y1 - 5 * slope);
    context.lineTo(x1 + 5, y1 + 5 * slope);
  }
  context.stroke();
}

function question(context: Context, scene: Scene, x1: number, y1: number): void {
  context.beginPath();
  context.arc(x1, y1, 6, 0, 2 * Math.PI);
  context.fillStyle = colour(scene, '--sheet');
  context.fill();
  context.lineWidth = 1.5;
  context.stroke();
  context.fillStyle = colour(scene, '--bad');
  context.font = `700 ${SMALL_FONT}`;
  context.textAlign = 'center';
  context.fillText('?', x1, y1 + 4);
  context.textAlign = 'start';
}

/** The name of a message beside its first leg that has room for it. */
function paintNames(context: Context, scene: Scene, strokes: readonly Stroke[]): void {
  const named = new Set<string>();
  for (const stroke of strokes) {
    if (named.has(stroke.message) || timeOf(scene, stroke.first) > scene.until) continue;
    named.add(stroke.message);
    const x0 = x(scene, stroke.fromPlace);
    const y0 = laneY(stroke.fromLane);
    const down = Math.sign(stroke.toLane - stroke.fromLane);
    context.globalAlpha = relationOf(scene, stroke) === 'beside' ? 0.35 : 1;
    label(context, stroke.type, {
      ...{ x: x0 + 10, y: y0 + (down >= 0 ? 24 : -17), room: 140, font: SMALL_FONT },
      ...{ fill: colour(scene, FAMILY_COLOURS[familyOf(stroke.type)]), ground: colour(scene, '--sheet') },
    });
  }
  context.globalAlpha = 1;
}

function eventsIn(scene: Scene): RecordedEvent[] {
  const { sequence, view, width, until } = scene;
  const [from, to] = timesIn(sequence, view, width);
  const events: RecordedEvent[] = [];
  for (let index = sequence.rankOfTime(from); index < sequence.items.length; index += 1) {
    const event = sequence.items[index] as RecordedEvent;
    if (event.t > Math.min(to, until)) break;
    events.push(event);
  }
  return events;
}

/** A call is an arrow from its client to the server, its answer one back, with a bar while the server has it. */
function paintCalls(context: Context, scene: Scene, events: readonly RecordedEvent[]): void {
  const { sequence, lanes, view, cone } = scene;
  const calls = new Set(
    events.flatMap((event) => (event.kind === 'call' || event.kind === 'answer' ? [event.call] : [])),
  );
  for (const id of calls) {
    const { made, answer } = sequence.run.calls.get(id) ?? {};
    if (made === undefined) continue;
    const client = lanes.get(made.client);
    const server = lanes.get(made.host === made.client ? '' : made.host);
    const at = (event: RecordedEvent): number => x(scene, placeOf(event, view.axis, sequence));
    const alpha = (n: number): number => (cone === undefined || cone.relation(n) !== 'beside' ? 1 : FADED);
    const ink = colour(scene, '--ink');
    const arrow = (x0: number, from: number, x1: number, to: number, fill: string): void => {
      line(context, fill, 1.8, [], x0, laneY(from), x1, laneY(to));
      triangle(context, fill, x1, laneY(to), Math.sign(to - from));
    };
    if (server === undefined) continue;
    const begin = at(made);
    if (answer !== undefined && answer.t <= scene.until) {
      const isGood = answer.code === 'OK';
      const fill = colour(scene, isGood ? '--good' : '--bad');
      context.globalAlpha = alpha(answer.n) * 0.3;
      context.fillStyle = fill;
      context.fillRect(begin, laneY(server) - 5, Math.max(2, at(answer) - begin), 10);
      context.globalAlpha = alpha(answer.n);
      if (client !== undefined) arrow(at(answer), server, at(answer) + 10, client, fill);
      if (!isGood) tag(context, scene, answer.code, at(answer) + 8, laneY(server) + 26, '--bad');
    }
    context.globalAlpha = alpha(made.n);
    if (client !== undefined) {
      arrow(begin - 10, client, begin, server, ink);
      tag(
        context,
        scene,
        callWords(scene, made),
        begin - 6,
        laneY(client) + (client < server ? -9 : 19),
        '--ink',
      );
    }
    context.globalAlpha = 1;
  }
}

function tag(context: Context, scene: Scene, text: string, at: number, y: number, ink: string): void {
  if (scene.view.axis === 'order' && scene.view.scale < 12) return;
  const short = Array.from(text).slice(0, 26).join('');
  label(context, short, {
    ...{ x: at, y, room: 260, font: SMALL_FONT, fill: colour(scene, ink) },
    ground: colour(scene, '--sheet'),
  });
}

/** A call in a few letters, as in a program. Marks of direction could turn the rest of the picture round: they are not drawn. */
function callWords({ words }: Scene, { operation, key, value }: CallMade): string {
  const text = value === undefined ? key : `${key} = ${value}`;
  return `${words.operation(operation)} ${text}`.replace(/[\p{Cc}\p{Cf}]/gu, '·');
}

function triangle(context: Context, fill: string, x1: number, y1: number, down: number): void {
  context.fillStyle = fill;
  context.beginPath();
  context.moveTo(x1, y1 - 5 * down);
  context.lineTo(x1 - 5, y1 - 13 * down);
  context.lineTo(x1 + 5, y1 - 13 * down);
  context.closePath();
  context.fill();
}

/** Dots where messages left and came; flags where somebody set a mark. */
function paintEvents(
  context: Context,
  scene: Scene,
  events: readonly RecordedEvent[],
  isMany: boolean,
): ScenePoint[] {
  const { sequence, lanes, view, cone } = scene;
  const targets: ScenePoint[] = [];
  for (const event of events) {
    const at = x(scene, placeOf(event, view.axis, sequence));
    const lane = lanes.get(event.host);
    if (event.kind === 'mark') {
      line(context, colour(scene, '--accent'), 1.5, [5, 3], at, SCENE_SIZES.bandTop, at, scene.height - 28);
      tag(
        context,
        scene,
        `⚑ ${event.text.replace(/[\p{Cc}\p{Cf}]/gu, '·')}`,
        at + 3,
        SCENE_SIZES.bandTop + 34,
        '--accent',
      );
    }
    const y = lane === undefined || event.kind === 'mark' ? SCENE_SIZES.bandTop + 30 : laneY(lane);
    targets.push({ n: event.n, x: at, y });
    if (isMany || event.kind === 'mark' || event.kind === 'state') continue;
    context.globalAlpha = cone === undefined || cone.relation(event.n) !== 'beside' ? 1 : FADED;
    paintDot(context, scene, event, at, y);
  }
  context.globalAlpha = 1;
  return targets;
}

function paintDot(context: Context, scene: Scene, event: RecordedEvent, at: number, y: number): void {
  if (event.kind === 'host') {
    context.fillStyle = colour(scene, '--warn');
    context.fillRect(at - 3, y - 11, 6, 22);
    return;
  }
  if (event.kind === 'call' || event.kind === 'answer') return;
  if (event.kind === 'dropped' || event.kind === 'missed') return;
  const sent = 'message' in event ? scene.sequence.run.messages.get(event.message)?.sent : undefined;
  const ink = colour(scene, FAMILY_COLOURS[familyOf(sent?.type ?? '')]);
  // What changed a store is full, what waits or told nothing new is hollow.
  const isHollow = event.kind === 'received' && event.effect !== 'applied';
  context.beginPath();
  context.arc(at, y, event.kind === 'received' && event.effect === 'applied' ? 5 : 3.5, 0, 2 * Math.PI);
  context.fillStyle = isHollow ? colour(scene, '--sheet') : ink;
  context.fill();
  context.strokeStyle = ink;
  context.lineWidth = 1.5;
  context.stroke();
}

function paintSelected(context: Context, scene: Scene): void {
  const { selected, sequence, lanes, view } = scene;
  const event = selected === undefined ? undefined : sequence.run.event(selected);
  if (event === undefined) return;
  const at = x(scene, placeOf(event, view.axis, sequence));
  line(context, colour(scene, '--focus'), 1, [4, 3], at, SCENE_SIZES.bandTop + 24, at, scene.height - 28);
  const lane = lanes.get(event.host);
  if (lane === undefined || event.kind === 'mark') return;
  context.strokeStyle = colour(scene, '--focus');
  context.lineWidth = 3;
  context.beginPath();
  context.arc(at, laneY(lane), 11, 0, 2 * Math.PI);
  context.stroke();
}
