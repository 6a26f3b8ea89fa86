import type { CallMade, RecordedEvent } from '../../../src/laboratory/recording.js';
import type { LabelRank } from './labels.js';
import { line, SMALL_FONT } from './paint-lanes.js';
import { colour, laneY } from './scene.js';
import type { Scene } from './scene.js';
import { placeOf } from './view.js';

type Context = CanvasRenderingContext2D;

/** What has nothing to do with the event that is chosen is so pale. */
export const FADED = 0.14;
/** Between two events on the axis by order, CSS pixels: nearer ones have no words. */
const WORDED_PX = 12;
const TAG_CHARS = 26;

/** Where a place of the axis lies, CSS pixels. */
export function xOf(scene: Scene, place: number): number {
  return (place - scene.view.left) * scene.view.scale;
}

/** A text of others as it may be drawn: marks of direction could turn the rest of the picture round. */
export function drawnText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '·');
}

/** A call is an arrow from its client to the server, its answer one back, with a bar while the server has it. */
export function paintCalls(context: Context, scene: Scene, events: readonly RecordedEvent[]): void {
  const { sequence, lanes, view, cone } = scene;
  const calls = new Set(
    events.flatMap((event) => (event.kind === 'call' || event.kind === 'answer' ? [event.call] : [])),
  );
  for (const id of calls) {
    const { made, answer } = sequence.run.calls.get(id) ?? {};
    if (made === undefined) continue;
    const client = lanes.get(made.client);
    const server = lanes.get(made.host === made.client ? '' : made.host);
    const at = (event: RecordedEvent): number => xOf(scene, placeOf(event, view.axis, sequence));
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
      const below = laneY(server);
      const spots = [26, 39, -17].map((depth) => [at(answer) + 8, below + depth] as const);
      if (!isGood) tag(scene, [drawnText(answer.code)], 'refusal', spots, '--bad');
    }
    context.globalAlpha = alpha(made.n);
    if (client !== undefined) {
      arrow(begin - 10, client, begin, server, ink);
      const depths = client < server ? [-9, -23] : [19, 33];
      const spots = depths.map((depth) => [begin - 6, laneY(client) + depth] as const);
      tag(scene, callTexts(scene, made), 'call', spots, '--ink');
    }
    context.globalAlpha = 1;
  }
}

/** Asks for words beside what is drawn. */
export function tag(
  scene: Scene,
  texts: readonly string[],
  rank: LabelRank,
  spots: readonly (readonly [x: number, y: number])[],
  ink: string,
): void {
  if (scene.view.axis === 'order' && scene.view.scale < WORDED_PX) return;
  scene.labels.ask({
    texts: texts.map((text) =>
      Array.from(text.slice(0, 2 * TAG_CHARS))
        .slice(0, TAG_CHARS)
        .join(''),
    ),
    ...{ rank, spots, room: 260, font: SMALL_FONT },
    ...{ fill: colour(scene, ink), ground: colour(scene, '--sheet') },
  });
}

/** A call in a few letters, as in a program, then in fewer. */
function callTexts({ words }: Scene, { operation, key, value }: CallMade): string[] {
  const whole = value === undefined ? [] : [`${words.operation(operation)} ${key} = ${value}`];
  return [...whole, `${words.operation(operation)} ${key}`, words.operation(operation)].map(drawnText);
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
