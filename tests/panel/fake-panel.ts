import type { Panel, PanelNews, PanelPeer, PanelPicture } from '../../src/ports/panel.js';

/** A server of a picture. */
export function shownServer(
  number: number,
  others: readonly number[],
  more: Partial<PanelPeer> = {},
): PanelPeer {
  return {
    ...{
      name: `sala ${number}`,
      address: `10.0.0.${number}:9000`,
      origin: `origem${number}`,
      state: 'atendendo',
    },
    ...{ programVersion: '1.0.0', isSelf: number === 1, lag: 0, seenMs: Date.now(), isReplica: false },
    ...{ storeHash: 'a1b2c3d4e5f60718', vectorDigest: 'v', recent: [] },
    hears: others.filter((other) => other !== number).map((other) => `origem${other}`),
    ...more,
  };
}

/** A picture of a fleet of so many servers in which all is well. */
export function shownPicture(servers: number, more: Partial<PanelPicture> = {}): PanelPicture {
  const all = Array.from({ length: servers }, (_, at) => at + 1);
  const latency = { p50: 0.4, p95: 1.2, p99: 3.1 };
  return {
    servers: all.map((number) => shownServer(number, all)),
    ...{ agrees: true, hasDiverged: false, warnings: [], keys: 12_345, versions: 45_678, bytes: 9_876_543 },
    broker: { address: 'mqtt://10.0.0.99:1883', isConnected: true, isHere: false },
    replication: {
      ...{ sentBatches: 5, sentMutations: 80, receivedBatches: 9, appliedMutations: 160, repeatedBatches: 0 },
      ...{ sentMessages: 6, receivedMessages: 12, sentBytes: 9000, receivedBytes: 18_000, repairs: 0 },
      ...{ waitingBatches: 0, totalRepairs: 0, totalStates: 1, totalDivergences: 0, totalReconnects: 0 },
      clockLeadMs: 0,
    },
    ...{ atMs: Date.now(), periodMs: 1000 },
    limits: [
      { name: 'chaves', used: 12_345, limit: 10_000_000, refused: 0 },
      { name: 'bytes', used: 2_900_000_000, limit: 3_221_225_472, refused: 7 },
    ],
    health: new Map([['', true]]),
    calls: [
      {
        ...{ door: 'grpc', operation: 'kvs.KVS/Insere', total: 999, errors: 3 },
        ...{ perSecond: 820, errorsPerSecond: 1.5, latency },
      },
    ],
    port: { connections: 20, openCalls: 3, watches: 2, panels: 1, refused: 0 },
    process: {
      ...{ cpu: 0.21, residentBytes: 250_000_000, heapBytes: 99_000_000, heapBytesMax: 400_000_000 },
      delay: { p50: 0.3, p99: 4, max: 12 },
    },
    faults: undefined,
    ...more,
  };
}

/** Tells viewers what a test says, in the form of a real server. */
export class FakePanel implements Panel {
  readonly intervalMs = 1000;
  private readonly viewers = new Set<(news: PanelNews | 'end') => void>();
  private first: PanelNews[] = [];

  constructor(readonly server: Panel['server']) {}

  /** Shows a picture; later viewers begin with it. */
  show(picture: PanelPicture): void {
    const events: PanelNews = { kind: 'events', lost: 0, events: [] };
    this.first = [events, { kind: 'picture', picture }];
    for (const tell of this.viewers) tell({ kind: 'picture', picture });
  }

  /** Ends all streams. */
  end(): void {
    for (const tell of this.viewers) tell('end');
  }

  async *open(): AsyncIterableIterator<PanelNews> {
    const queue: (PanelNews | 'end')[] = [...this.first];
    let wake = (): void => undefined;
    const tell = (news: PanelNews | 'end'): void => {
      queue.push(news);
      wake();
    };
    this.viewers.add(tell);
    try {
      for (;;) {
        const news = queue.shift();
        if (news === 'end') return;
        if (news !== undefined) yield news;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.viewers.delete(tell);
    }
  }
}
