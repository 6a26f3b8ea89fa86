import type { CallCounts } from '../../call/observe.js';
import type { Doors } from '../../doors/start.js';
import type { HasCapacity } from '../../ports/capacity.js';
import type { Awaitable } from '../../ports/engine.js';
import type { EnginePicture, Panel, PanelNews, PanelPicture, PanelServer } from '../../ports/panel.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import type { WatchFigures } from '../../ports/watch.js';
import type { ServerFaults } from '../laboratory/server-faults.js';
import { CallRates } from './call-figures.js';
import type { EventLog } from './event-log.js';
import { PanelFeed } from './feed.js';
import { panelLimits } from './limits.js';
import { ProcessWatch } from './process-figures.js';
import { StateEvents } from './state-events.js';

/** Makes what an engine adds to pictures. */
export interface EngineView {
  /** @param periodMs since the call before; 0: this is the first one since somebody looks */
  look(periodMs: number): Awaitable<EnginePicture>;
  /** Absent: nothing is to be done when nobody looks any more. */
  rest?(): void;
}

/** Where pictures come from. */
interface PanelSources {
  readonly view: EngineView;
  readonly engine: HasCapacity;
  readonly doors: Pick<Doors, 'usage' | 'health' | 'refused' | 'refusedCalls'>;
  readonly calls: Pick<CallCounts, 'all'>;
  readonly watches: { readonly figures: WatchFigures };
  /** Absent: this server has no laboratory. */
  readonly faults: Pick<ServerFaults, 'figures'> | undefined;
}

interface PanelDeps {
  readonly server: () => PanelServer;
  readonly log: EventLog;
  readonly logger: Logger;
  readonly time: Time;
}

/**
 * Makes one picture a second for all that look, and none while nobody does. Each reader takes them at its own pace: one
 * that is slow misses pictures.
 */
export class PanelCollector implements Panel {
  readonly intervalMs = panelLimits.intervalMs;
  private sources: PanelSources | undefined;
  private readonly feeds = new Set<PanelFeed>();
  private readonly process = new ProcessWatch();
  private calls: CallRates | undefined;
  private states: StateEvents | undefined;
  private latest: PanelPicture | undefined;
  private lookedAtMs: number | undefined;
  private isLooking = false;
  private hasFailed = false;
  private cancelNext: () => void = () => undefined;

  constructor(private readonly deps: PanelDeps) {
    deps.log.tell(() => {
      for (const feed of this.feeds) feed.wake();
    });
  }

  get server(): PanelServer {
    return this.deps.server();
  }

  /** Sets where pictures come from; who looks earlier sees none yet. */
  from(sources: PanelSources): void {
    this.sources = sources;
    if (this.feeds.size > 0) this.begin();
  }

  open(seesLog: boolean): AsyncIterableIterator<PanelNews> {
    const feed = new PanelFeed({
      ...{ log: this.deps.log, seesLog },
      latest: () => this.latest,
      onClose: () => {
        this.feeds.delete(feed);
        if (this.feeds.size === 0) this.rest();
      },
    });
    this.feeds.add(feed);
    if (this.feeds.size === 1) this.begin();
    return feed;
  }

  private begin(): void {
    if (this.sources === undefined) return;
    this.process.start();
    this.hasFailed = false;
    this.calls = new CallRates(this.sources.calls);
    this.states = new StateEvents(this.deps.log, this.deps.time);
    void this.look();
  }

  private rest(): void {
    this.cancelNext();
    this.process.stop();
    this.sources?.view.rest?.();
    this.latest = this.calls = this.states = this.lookedAtMs = undefined;
  }

  private async look(): Promise<void> {
    const { sources, calls, states } = this;
    if (sources === undefined || calls === undefined || this.isLooking) return;
    const { time } = this.deps;
    const nowMs = time.monotonicMs();
    const periodMs = this.lookedAtMs === undefined ? 0 : nowMs - this.lookedAtMs;
    this.lookedAtMs = nowMs;
    this.isLooking = true;
    try {
      const engine = await sources.view.look(periodMs);
      if (this.calls === calls) {
        this.latest = { ...engine, ...this.common(sources, calls, periodMs) };
        states?.note(this.latest);
        for (const feed of this.feeds) feed.wake();
      }
    } catch (error) {
      // Whoever looks at a server must not be able to end it, nor to fill its log.
      if (!this.hasFailed) this.deps.logger.error({ err: error }, 'o painel não pôde ser feito');
      this.hasFailed = true;
    }
    this.isLooking = false;
    // Whoever looked may have gone meanwhile, and another may have come.
    if (this.calls !== calls) {
      if (this.feeds.size > 0) void this.look();
      return;
    }
    const restMs = Math.max(0, panelLimits.intervalMs - (time.monotonicMs() - nowMs));
    this.cancelNext = time.after(restMs, () => void this.look());
  }

  private common(
    { engine, doors, watches, faults }: PanelSources,
    calls: CallRates,
    periodMs: number,
  ): Omit<PanelPicture, keyof EnginePicture> {
    const { connections, openCalls } = doors.usage();
    return {
      atMs: this.deps.time.wallMs(),
      periodMs,
      limits: engine.capacity(),
      health: doors.health(),
      calls: calls.figures(periodMs),
      port: {
        ...{ connections, openCalls, watches: watches.figures.open, panels: this.feeds.size },
        refused: sumOf(doors.refused) + sumOf(doors.refusedCalls),
      },
      process: this.process.figures(periodMs),
      faults: faults?.figures,
    };
  }
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
