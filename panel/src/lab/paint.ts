import type { RecordedEvent } from '../../../src/laboratory/recording.js';
import type { CausalRelation } from './causality.js';
import { FAMILY_COLOURS, FAMILY_DASHES, familyOf } from './palette.js';
import { Labels } from './labels.js';
import { drawnText, FADED, paintCalls, tag, xOf } from './paint-calls.js';
import { line, paintLanes, paintStates, SMALL_FONT } from './paint-lanes.js';
import { colour, laneY, SCENE_SIZES } from './scene.js';
import type { Scene, SceneParts, ScenePoint } from './scene.js';
import { strokesIn, timesIn } from './strokes.js';
import type { Stroke } from './strokes.js';
import type { MessageLife } from './run.js';
import { placeOf } from './view.js';

type Context = CanvasRenderingContext2D;

/** With more legs than this in sight they have neither heads nor names, and equal ones are drawn once. */
const MANY_STROKES = 1_500;
const NAMED_STROKES = 90;

/** What a picture shows that can be chosen. */
interface Painted {
  readonly targets: readonly ScenePoint[];
  readonly strokes: number;
}

/** Draws the whole picture; `context` is scaled to CSS pixels. */
export function paint(context: Context, parts: SceneParts): Painted {
  const scene: Scene = { ...parts, labels: new Labels(context, parts.width) };
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
  scene.labels.write();
  return { targets, strokes: drawn };
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
    const at = xOf(scene, placeOf(sent, view.axis, sequence));
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
      const key = `${Math.round(xOf(scene, stroke.fromPlace))} ${Math.round(xOf(scene, stroke.toPlace))} ${stroke.fromLane} ${stroke.toLane}`;
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
  if (strokes.length <= NAMED_STROKES) nameMessages(context, scene, strokes);
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
    context.moveTo(xOf(scene, stroke.fromPlace), laneY(stroke.fromLane));
    context.lineTo(xOf(scene, stroke.toPlace), laneY(stroke.toLane));
  }
  context.stroke();
  context.setLineDash([]);
  if (isMany && !isEnded) return;
  for (const stroke of strokes) paintHead(context, scene, stroke);
}

function paintHead(context: Context, scene: Scene, stroke: Stroke): void {
  const x1 = xOf(scene, stroke.toPlace);
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
  const angle = Math.atan2(y1 - laneY(stroke.fromLane), x1 - xOf(scene, stroke.fromPlace));
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

/** The name of a message beside its first leg, the nearer to where it left the better. */
function nameMessages(context: Context, scene: Scene, strokes: readonly Stroke[]): void {
  const named = new Set<string>();
  for (const stroke of strokes) {
    if (named.has(stroke.message) || timeOf(scene, stroke.first) > scene.until) continue;
    named.add(stroke.message);
    const x0 = xOf(scene, stroke.fromPlace);
    const y0 = laneY(stroke.fromLane);
    const slope = (xOf(scene, stroke.toPlace) - x0) / (laneY(stroke.toLane) - y0 || Infinity);
    const depths = stroke.toLane >= stroke.fromLane ? [24, 38] : [-17, -31];
    context.globalAlpha = relationOf(scene, stroke) === 'beside' ? 0.35 : 1;
    scene.labels.ask({
      ...{ texts: [stroke.type], rank: 'message', room: 140, font: SMALL_FONT },
      spots: depths.map((depth) => [x0 + depth * slope + 7, y0 + depth]),
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
    const at = xOf(scene, placeOf(event, view.axis, sequence));
    const lane = lanes.get(event.host);
    if (event.kind === 'mark') {
      line(context, colour(scene, '--accent'), 1.5, [5, 3], at, SCENE_SIZES.bandTop, at, scene.height - 28);
      const y = SCENE_SIZES.bandTop + 34;
      tag(scene, [`⚑ ${drawnText(event.text)}`, '⚑'], 'mark', [[at + 3, y]], '--accent');
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
  const at = xOf(scene, placeOf(event, view.axis, sequence));
  line(context, colour(scene, '--focus'), 1, [4, 3], at, SCENE_SIZES.bandTop + 24, at, scene.height - 28);
  const lane = lanes.get(event.host);
  if (lane === undefined || event.kind === 'mark') return;
  context.strokeStyle = colour(scene, '--focus');
  context.lineWidth = 3;
  context.beginPath();
  context.arc(at, laneY(lane), 11, 0, 2 * Math.PI);
  context.stroke();
}
