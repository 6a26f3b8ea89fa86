/** Of one line of text around its base line, CSS pixels. */
const ASCENT_PX = 10;
const LINE_PX = 13;
/** A text begins in sight, or so far before it. */
const BEFORE_PX = 300;
/** Taken places are looked up by bands of this height. */
const BAND_PX = 16;

/** Which text is written where two would overlap: the first of these. */
export type LabelRank = 'band' | 'spell' | 'refusal' | 'call' | 'mark' | 'message' | 'pause';

const RANKS: readonly LabelRank[] = ['band', 'spell', 'refusal', 'call', 'mark', 'message', 'pause'];

/** A text that a picture wants, and where it may stand. */
interface LabelWish {
  /** The whole text, then shorter ones that say less. */
  readonly texts: readonly string[];
  readonly rank: LabelRank;
  /** Left ends of base lines, the best first. */
  readonly spots: readonly (readonly [x: number, y: number])[];
  /** It is left out if it is wider. */
  readonly room: number;
  readonly font: string;
  readonly fill: string;
  readonly ground?: string | undefined;
}

/** The part of a canvas that texts need. */
export interface LabelContext {
  font: string;
  globalAlpha: number;
  fillStyle: unknown;
  measureText: (text: string) => { readonly width: number };
  fillRect: (x: number, y: number, width: number, height: number) => void;
  fillText: (text: string, x: number, y: number) => void;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The texts of a picture. All are asked for while it is drawn and written at its end, the more important first, each where
 * nothing else is written, or not at all: two texts over each other say nothing.
 */
export class Labels {
  private readonly wishes = new Map<LabelRank, (LabelWish & { readonly alpha: number })[]>();
  private readonly bands = new Map<number, Box[]>();

  constructor(
    private readonly context: LabelContext,
    private readonly width: number,
  ) {}

  /** Nothing is written over this. */
  take(box: Box): void {
    for (const band of bandsOf(box)) {
      const boxes = this.bands.get(band);
      if (boxes === undefined) this.bands.set(band, [box]);
      else boxes.push(box);
    }
  }

  /** Wishes for a text; it will be as pale as the picture is drawn now. */
  ask(wish: LabelWish): void {
    const wishes = this.wishes.get(wish.rank) ?? [];
    wishes.push({ ...wish, alpha: this.context.globalAlpha });
    this.wishes.set(wish.rank, wishes);
  }

  write(): void {
    const { context } = this;
    for (const rank of RANKS) {
      for (const wish of this.wishes.get(rank) ?? []) {
        context.globalAlpha = wish.alpha;
        this.writeOne(wish);
      }
    }
    context.globalAlpha = 1;
    this.wishes.clear();
  }

  private writeOne({ texts, spots, room, font, fill, ground }: LabelWish): void {
    const { context } = this;
    // A text is measured only where it can begin: in a crowd hardly any can.
    const open = spots.filter(
      ([x, y]) => x > -BEFORE_PX && x < this.width && this.isFree({ ...boxAt(x, y), width: 1 }),
    );
    if (open.length === 0) return;
    context.font = font;
    for (const text of texts) {
      const { width } = context.measureText(text);
      if (width > room) continue;
      const spot = open.find(([x, y]) => this.isFree({ ...boxAt(x, y), width: width + 4 }));
      if (spot === undefined) continue;
      const [x, y] = spot;
      const box = { ...boxAt(x, y), width: width + 4 };
      if (ground !== undefined) {
        context.fillStyle = ground;
        context.fillRect(box.x, box.y, box.width, box.height);
      }
      context.fillStyle = fill;
      context.fillText(text, x, y);
      this.take(box);
      return;
    }
  }

  private isFree(box: Box): boolean {
    return bandsOf(box).every((band) => !(this.bands.get(band) ?? []).some((one) => areOver(one, box)));
  }
}

function boxAt(x: number, y: number): Omit<Box, 'width'> {
  return { x: x - 2, y: y - ASCENT_PX, height: LINE_PX };
}

function bandsOf({ y, height }: Box): number[] {
  const first = Math.floor(y / BAND_PX);
  const last = Math.floor((y + height) / BAND_PX);
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

function areOver(one: Box, other: Box): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}
