/** Where cards and wires of the picture lie. Pure: px, from the top left. */

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** A card, and where its wire meets what carries messages. */
export interface CardPlace extends Box {
  readonly wireFrom: Point;
  readonly wireTo: Point;
  /** Where arcs to others at the same side begin, the way that they bend, and how far they may. */
  readonly arc: Point & { readonly bendX: number; readonly bendY: number; readonly room: number };
}

interface PictureLayout {
  readonly height: number;
  /** What carries messages: the broker, say. */
  readonly bar: Box;
  /** The bar's trunk, where cards stand at its sides. */
  readonly trunk: Box | undefined;
  readonly cards: readonly CardPlace[];
}

const GAP = 14;
const CARD_HEIGHT = 80;
const CARD_WIDTH_MIN = 112;
const CARD_WIDTH_MAX = 210;
const SIDE_CARD_WIDTH_MAX = 300;
const BAR_HEIGHT = 34;
const WIRE = 24;
/** Room for arcs beside the cards: above and below rows, and at the outer sides of columns. */
const ARCS = 30;
const SIDE_ARCS = 16;
/** Of a curve's control points, how far the curve itself goes out. */
const CURVE_SHARE = 0.75;
const TRUNK_WIDTH = 10;
/** Up to so many cards stand in one row. */
const ONE_ROW_MAX = 4;

/**
 * Cards above and below a bar; where these would be too narrow, at both sides of its trunk.
 * @param above how many cards belong above; the rest belongs below. `undefined`: it does not matter
 */
export function pictureLayout(count: number, width: number, above?: number): PictureLayout {
  const first = above ?? (count <= ONE_ROW_MAX ? count : Math.ceil(count / 2));
  const widest = Math.max(first, count - first, 1);
  const cardWidth = Math.min(CARD_WIDTH_MAX, (width - GAP * (widest - 1)) / widest);
  return cardWidth >= CARD_WIDTH_MIN
    ? inRows([first, count - first], width, cardWidth)
    : atSides(count, width);
}

function inRows(rows: readonly [number, number], width: number, cardWidth: number): PictureLayout {
  const [above, below] = rows;
  const rowHeight = ARCS + CARD_HEIGHT + WIRE;
  const barY = above > 0 ? rowHeight : 0;
  const height = barY + BAR_HEIGHT + (below > 0 ? rowHeight : 0);
  const row = (length: number, isAbove: boolean): CardPlace[] => {
    const step = Math.min((width + GAP) / length, cardWidth + 4 * GAP);
    const left = (width - (step * (length - 1) + cardWidth)) / 2;
    return Array.from({ length }, (_, at) => {
      const x = left + at * step;
      const y = isAbove ? ARCS : barY + BAR_HEIGHT + WIRE;
      const middle = x + cardWidth / 2;
      return {
        ...{ x, y, width: cardWidth, height: CARD_HEIGHT },
        wireFrom: { x: middle, y: isAbove ? y + CARD_HEIGHT : y },
        wireTo: { x: middle, y: isAbove ? barY : barY + BAR_HEIGHT },
        arc: { x: middle, y: isAbove ? y : y + CARD_HEIGHT, bendX: 0, bendY: isAbove ? -1 : 1, room: ARCS },
      };
    });
  };
  return {
    height,
    bar: { x: 0, y: barY, width, height: BAR_HEIGHT },
    trunk: undefined,
    cards: [...row(above, true), ...row(below, false)],
  };
}

function atSides(count: number, width: number): PictureLayout {
  const trunkX = (width - TRUNK_WIDTH) / 2;
  const room = trunkX - GAP - SIDE_ARCS;
  const cardWidth = Math.min(SIDE_CARD_WIDTH_MAX, room);
  const rows = Math.ceil(count / 2);
  const top = BAR_HEIGHT + GAP;
  const cards = Array.from({ length: count }, (_, at): CardPlace => {
    const isLeft = at % 2 === 0;
    const y = top + Math.floor(at / 2) * (CARD_HEIGHT + GAP);
    const x = isLeft ? trunkX - GAP - cardWidth : trunkX + TRUNK_WIDTH + GAP;
    const middle = y + CARD_HEIGHT / 2;
    return {
      ...{ x, y, width: cardWidth, height: CARD_HEIGHT },
      wireFrom: { x: isLeft ? x + cardWidth : x, y: middle },
      wireTo: { x: isLeft ? trunkX : trunkX + TRUNK_WIDTH, y: middle },
      arc: {
        ...{ x: isLeft ? x : x + cardWidth, y: middle, bendX: isLeft ? -1 : 1, bendY: 0 },
        room: Math.min(ARCS, trunkX - GAP - cardWidth),
      },
    };
  });
  const height = top + rows * (CARD_HEIGHT + GAP) - GAP;
  return {
    height,
    bar: { x: 0, y: 0, width, height: BAR_HEIGHT },
    trunk: { x: trunkX, y: BAR_HEIGHT, width: TRUNK_WIDTH, height: height - BAR_HEIGHT - CARD_HEIGHT / 2 },
    cards,
  };
}

/** The path of an arc from one card to another: round the cards at one side, through what carries messages to the other. */
export function arcPath(from: CardPlace, to: CardPlace): string {
  const [a, b] = [from.arc, to.arc];
  if (a.bendX !== b.bendX || a.bendY !== b.bendY) return acrossPath(from, to);
  const bend = Math.min(a.room, 18 + Math.hypot(b.x - a.x, b.y - a.y) / 10) / CURVE_SHARE;
  const one = `${a.x + a.bendX * bend} ${a.y + a.bendY * bend}`;
  const other = `${b.x + b.bendX * bend} ${b.y + b.bendY * bend}`;
  return `M${a.x} ${a.y}C${one} ${other} ${b.x} ${b.y}`;
}

/** Beside the wires, so that it hides none. */
function acrossPath(from: CardPlace, to: CardPlace): string {
  const [a, b] = [from.wireFrom, to.wireFrom];
  const aside = from.arc.bendX === 0 ? { x: from.width / 4, y: 0 } : { x: 0, y: from.height / 4 };
  return `M${a.x + aside.x} ${a.y + aside.y}L${b.x + aside.x} ${b.y + aside.y}`;
}
