import type { PanelPictureJson } from '../../../src/doors/http/panel-json.js';
import { pageLimits } from '../limits.js';

/** The last pictures, oldest first: what plots are drawn from. Pure. */
class Samples {
  private readonly kept: PanelPictureJson[] = [];

  constructor(private readonly most: number) {}

  /** Adds a picture. The first of a stream has no rates, and is left out. */
  add(picture: PanelPictureJson): void {
    if (picture.periodo_ms === 0) return;
    // A clock that was set back: what it said before has no place on the axis of time.
    while ((this.kept.at(-1)?.agora_ms ?? -Infinity) >= picture.agora_ms) this.kept.pop();
    this.kept.push(picture);
    if (this.kept.length > this.most) this.kept.shift();
  }

  clear(): void {
    this.kept.length = 0;
  }

  /**
   * Columns for a plot: seconds since 1970, then one for each series. Where pictures are missing there is a gap.
   * @param series what is drawn of a picture; `null`: nothing
   */
  columns(series: readonly ((picture: PanelPictureJson) => number | null)[]): (number | null)[][] {
    const columns: (number | null)[][] = [[], ...series.map(() => [])];
    let before: PanelPictureJson | undefined;
    for (const picture of this.kept) {
      if (before !== undefined && picture.agora_ms - before.agora_ms > GAP_MS) {
        columns[0]?.push((before.agora_ms + 1) / 1000);
        series.forEach((_, at) => columns[at + 1]?.push(null));
      }
      columns[0]?.push(picture.agora_ms / 1000);
      series.forEach((valueOf, at) => columns[at + 1]?.push(valueOf(picture)));
      before = picture;
    }
    return columns;
  }
}

/** Two pictures further apart than this are not joined by a line. */
const GAP_MS = 5000;

export const samples = new Samples(pageLimits.samples);
