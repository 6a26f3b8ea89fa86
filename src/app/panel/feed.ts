import type { PanelEvent, PanelNews, PanelPicture } from '../../ports/panel.js';
import type { EventLog } from './event-log.js';
import { panelLimits } from './limits.js';

interface FeedDeps {
  readonly log: EventLog;
  /** Whether what comes from the server's log is told too. */
  readonly seesLog: boolean;
  readonly latest: () => PanelPicture | undefined;
  readonly onClose: () => void;
}

/** What one reader is told, as it asks for it: it holds nothing but the reader's place. */
export class PanelFeed implements AsyncIterableIterator<PanelNews> {
  private seen: PanelPicture | undefined;
  private place = 0;
  private hasBegun = false;
  private isClosed = false;
  private waiting: (() => void) | undefined;

  constructor(private readonly deps: FeedDeps) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<PanelNews, undefined>> {
    while (!this.isClosed) {
      const news = this.events() ?? this.picture();
      if (news !== undefined) return { done: false, value: news };
      await new Promise<void>((resolve) => {
        this.waiting = resolve;
      });
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<PanelNews, undefined>> {
    if (!this.isClosed) {
      this.isClosed = true;
      this.deps.onClose();
      this.wake();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  /** To be called when there may be news. */
  wake(): void {
    this.waiting?.();
    this.waiting = undefined;
  }

  private picture(): PanelNews | undefined {
    const latest = this.deps.latest();
    if (latest === undefined || latest === this.seen) return undefined;
    this.seen = latest;
    return { kind: 'picture', picture: latest };
  }

  /** The first line comes even without events, so that its reader knows that there are none. */
  private events(): PanelNews | undefined {
    const { log, seesLog } = this.deps;
    const { lost, events: all } = log.after(this.place);
    const events = all.slice(0, panelLimits.eventsPerLine);
    this.place = events.at(-1)?.number ?? this.place;
    const shown = events.filter(({ source }: PanelEvent) => seesLog || source === 'estado');
    // Who sees only a part cannot tell of how much of it was forgotten.
    if (this.hasBegun && shown.length === 0) return undefined;
    const told: PanelNews = { kind: 'events', lost: this.hasBegun && seesLog ? lost : 0, events: shown };
    this.hasBegun = true;
    return told;
  }
}
