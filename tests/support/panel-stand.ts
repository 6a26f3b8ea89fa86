import { CallCounts } from '../../src/call/observe.js';
import { PanelCollector } from '../../src/app/panel/collector.js';
import { EventLog } from '../../src/app/panel/event-log.js';
import type { EnginePicture, PanelPeer } from '../../src/ports/panel.js';
import type { Time } from '../../src/ports/time.js';
import { RecordingLogger } from './doors.js';

/** A server as a picture has it. */
export function panelPeer(name: string, more: Partial<PanelPeer> = {}): PanelPeer {
  return {
    ...{ name, address: `${name}:1`, origin: name, state: 'atendendo', programVersion: '1', isSelf: false },
    ...{ lag: 0, seenMs: 0, isReplica: false, storeHash: '', vectorDigest: '', recent: [], hears: undefined },
    ...more,
  };
}

/** What makes pictures of an engine that the test paints. */
export class PanelStand {
  readonly logger = new RecordingLogger();
  readonly calls = new CallCounts(this.logger);
  readonly log: EventLog;
  readonly panel: PanelCollector;
  engine: EnginePicture = {
    ...{ servers: [panelPeer('a', { isSelf: true })], agrees: true, hasDiverged: false, warnings: [] },
    ...{ keys: 1, versions: 2, bytes: 3 },
  };
  /** Each look at the engine, with its period in ms. */
  readonly looks: number[] = [];
  rests = 0;

  constructor(readonly time: Time) {
    this.log = new EventLog(time);
    this.panel = new PanelCollector({
      ...{ log: this.log, logger: this.log.over(this.logger, false), time },
      server: () => ({
        ...{ name: 'a', address: 'a:1', origin: 'a', engine: 'frota', fleet: 'f' },
        ...{ programVersion: '1', startedMs: 0 },
      }),
    });
  }

  /** Gives the panel what it shows. */
  connect(): this {
    const versions = { name: 'versoes', key: 'segredo/k', used: 9, limit: 10, refused: 1 } as const;
    this.panel.from({
      view: {
        look: (periodMs) => {
          this.looks.push(periodMs);
          return this.engine;
        },
        rest: () => {
          this.rests++;
        },
      },
      engine: { capacity: () => [versions] },
      calls: this.calls,
      doors: {
        usage: () => ({ connections: 1, openCalls: 2, unfinishedBytes: 0 }),
        health: () => new Map([['', true]]),
        refused: {},
        refusedCalls: {},
      } as unknown as Parameters<PanelCollector['from']>[0]['doors'],
      watches: { figures: { open: 3, events: 0, slowReaders: 0, queuedBytes: 0 } },
      faults: undefined,
    });
    return this;
  }
}
