import { KvsError } from '../../core/errors.js';
import type { Line } from '../../ports/lines.js';
import type { Time } from '../../ports/time.js';
import type { Watch, WatchEvent } from '../../ports/watch.js';
import type { WatchCounts } from '../watching/counts.js';
import { concerns } from '../watching/interests.js';
import { WatchStream } from '../watching/stream.js';
import type { EventSource, NextEvent } from '../watching/stream.js';
import type { EtcdEvent } from './etcd-messages.js';
import { watchedRange } from './layout.js';
import type { EtcdRange } from './layout.js';
import { replicaWatchLimits } from './limits.js';
import { ourChange } from './our-changes.js';
import type { OurChange } from './our-changes.js';
import { ReceivedChanges } from './received-changes.js';
import type { ReplicaPast } from './watch-past.js';
import type { StreamFollower, WatchStreams } from './watch-streams.js';
import { decodeReplicaPlace, encodeReplicaPlace, replicaStartOver } from './watch-token.js';
import type { ReplicaPlace } from './watch-token.js';

/** The state of a range at a revision, in pages. */
type Pages = AsyncIterator<readonly Line[], void>;

/** What one watch needs of its server. */
export interface ReplicaWatchDeps {
  readonly streams: WatchStreams;
  readonly past: ReplicaPast;
  readonly time: Time;
  /** Between two attempts to put a mark. */
  readonly retryMs: number;
  present(range: EtcdRange, revision: number): Pages;
  /** Called with every change of the bytes that wait for the reader. @returns whether there is room for more */
  queued(bytes: number): boolean;
  readonly counts: WatchCounts;
  /** Called once, when it is over. */
  closed(watch: ReplicaWatch): void;
}

/**
 * One watch. First it finds out where to begin, and tells the state if it must; then it follows the replicas. What
 * waits for a slow reader is bounded: beyond, the replicas keep it until the reader has read.
 */
export class ReplicaWatch implements EventSource, StreamFollower {
  readonly stream = new WatchStream(this);
  readonly range: EtcdRange & { readonly mark: Buffer };
  private readonly received = new ReceivedChanges();
  private ready: WatchEvent[] = [];
  /** What is left to do before the replicas are followed. */
  private phase: 'begin' | 'present' | 'following' = 'begin';
  private pages: { readonly revision: number; readonly rows: Pages } | undefined;
  private cluster = 0;
  /** Once all up to this revision is told, the watch has caught up with what was there when it went on. */
  private catchUp: { readonly since: number; readonly upTo: number } | undefined;
  /** The reader has so much to read that the replicas are not followed for now, */
  private isPaused = false;
  /** or not yet again. */
  private isBehind = false;
  /** The replicas do not have what comes after everything received. */
  private isForgotten = false;
  private isWorking = false;
  private isMarking = false;
  private isOver = false;
  private bytes = 0;
  private heardMs: number;

  constructor(
    private readonly scan: Watch,
    private readonly deps: ReplicaWatchDeps,
  ) {
    this.range = watchedRange(scan);
    this.heardMs = deps.time.monotonicMs();
  }

  get counts(): WatchCounts {
    return this.deps.counts;
  }

  // ── for the reader ─────────────────────────────────────────────────────────────────────────────────────────────

  take(): NextEvent {
    const event = this.ready.shift();
    if (event !== undefined) return event;
    const hasWork = this.phase !== 'following' || !this.received.isEmpty || this.isForgotten;
    if (hasWork && !this.isWorking) void this.work();
    return undefined;
  }

  closed(): void {
    this.isOver = true;
    this.deps.streams.drop(this);
    void this.pages?.rows.return?.();
    this.ready = [];
    this.received.clear();
    this.account();
    this.deps.closed(this);
  }

  /** Makes ready what comes next. Never rejects. */
  private async work(): Promise<void> {
    this.isWorking = true;
    try {
      if (this.phase === 'begin') await this.begin();
      else if (this.phase === 'present') await this.nextPage();
      else if (this.received.isEmpty) await this.startOver();
      else await this.makeReady();
    } catch (error) {
      this.stream.fail(error);
    }
    this.isWorking = false;
    this.stream.wake();
  }

  private async begin(): Promise<void> {
    const { past } = this.deps;
    const { from } = this.scan;
    const { revision, cluster } = await past.now();
    this.cluster = cluster;
    if (from === 'everything') {
      this.tellPresent(revision);
      return;
    }
    const place = from === 'now' ? after(revision) : decodeReplicaPlace(from.token, cluster);
    const since = place === undefined ? 0 : place.revision - 1;
    if (place === undefined || since > revision || !(await past.isKept(since))) {
      this.ready.push({ kind: 'restart', token: replicaStartOver(this.cluster) });
      this.tellPresent(revision);
      return;
    }
    this.follow(place);
    if (since === revision) {
      this.tellUpToDate(place);
      return;
    }
    this.catchUp = { since, upTo: revision };
    void this.mark();
  }

  /** What comes next is forgotten. */
  private async startOver(): Promise<void> {
    // A reader that did not keep up goes on by itself.
    if (this.isBehind) throw slow();
    const { revision } = await this.deps.past.now();
    this.isForgotten = false;
    this.catchUp = undefined;
    this.ready.push({ kind: 'restart', token: replicaStartOver(this.cluster) });
    this.tellPresent(revision);
  }

  private tellPresent(revision: number): void {
    if (this.isOver) return;
    this.phase = 'present';
    this.pages = { revision, rows: this.deps.present(this.range, revision) };
  }

  private async nextPage(): Promise<void> {
    const { pages } = this;
    if (pages === undefined) throw new Error('a state is told that nobody asked for');
    const page = await pages.rows.next().catch((error: unknown) => {
      throw KvsError.from(error).code === 'LEITURA_VENCIDA' ? slow() : error;
    });
    if (page.done !== true) {
      for (const line of page.value) {
        if (concerns(this.scan, line.key)) this.ready.push({ kind: 'present', line });
      }
      return;
    }
    this.pages = undefined;
    const place = after(pages.revision);
    this.follow(place);
    // A reader that took so long for the state that what came then is forgotten did not keep up.
    this.isBehind = true;
    this.tellUpToDate(place);
  }

  private follow(place: ReplicaPlace): void {
    if (this.isOver) return;
    this.phase = 'following';
    this.received.startAt(place);
    this.deps.streams.follow(this);
  }

  private async makeReady(): Promise<void> {
    const some = this.received.shift(replicaWatchLimits.readyAtOnce, replicaWatchLimits.readyBytes);
    this.account();
    const changes = some.map(({ event }) => event && ourChange(event, this.scan));
    const expired = await this.expiredOf(changes);
    for (const [index, { event, place }] of some.entries()) {
      const change = changes[index];
      if (change === 'lost') {
        this.forget();
        return;
      }
      if (change !== undefined) {
        const kind = expired.has(change) ? 'expire' : change.kind;
        this.ready.push({ kind, line: change.line, token: encodeReplicaPlace(this.cluster, place) });
      }
      if (this.catchUp === undefined ? this.isSign(event) : place.revision > this.catchUp.upTo) {
        await this.tellCaughtUp(place);
      }
    }
    if (!this.isPaused || !this.received.isEmpty) return;
    this.isPaused = false;
    if (!this.isForgotten) this.deps.streams.follow(this);
  }

  /** The removals of what had expired. */
  private async expiredOf(
    changes: readonly (OurChange | 'lost' | undefined)[],
  ): Promise<ReadonlySet<OurChange>> {
    const doubtful = changes.filter((change): change is OurChange => {
      return typeof change === 'object' && change.kind === 'remove' && change.line.expiresAt !== undefined;
    });
    if (doubtful.length === 0) return new Set();
    const gone = doubtful.map(({ line: { key }, revision }) => ({ key, revision }));
    const isWritten = await this.deps.past.removedByWriters(gone);
    return new Set(doubtful.filter((_, index) => isWritten[index] !== true));
  }

  private async tellCaughtUp(place: ReplicaPlace): Promise<void> {
    const { catchUp } = this;
    this.catchUp = undefined;
    // The replicas may have forgotten removals just before they told them.
    if (catchUp === undefined || (await this.deps.past.isKept(catchUp.since))) this.tellUpToDate(place);
    else this.forget();
  }

  private tellUpToDate(place: ReplicaPlace): void {
    this.ready.push({ kind: 'upToDate', token: encodeReplicaPlace(this.cluster, place) });
  }

  // ── for the replicas ───────────────────────────────────────────────────────────────────────────────────────────

  goOn(): number {
    return this.received.goOn();
  }

  changed(events: readonly EtcdEvent[], isWhole: boolean): void {
    this.received.take(events, isWhole);
    this.noteHeard();
    const hasRoom = this.account();
    if (!hasRoom || this.bytes > replicaWatchLimits.queueBytes) {
      this.isPaused = this.isBehind = true;
      this.deps.streams.drop(this);
    }
    this.stream.wake();
  }

  heard(revision: number): void {
    this.received.heard(revision);
    this.noteHeard();
    this.stream.wake();
  }

  compacted(): void {
    this.isForgotten = true;
    this.stream.wake();
  }

  looked(nowMs: number): void {
    if (nowMs - this.heardMs < replicaWatchLimits.staleMs) return;
    this.heardMs = nowMs;
    void this.mark();
  }

  private noteHeard(): void {
    this.heardMs = this.deps.time.monotonicMs();
    this.isBehind = false;
  }

  /** Without what was received, which is not all that was there. */
  private forget(): void {
    this.isForgotten = true;
    this.received.clear();
    this.account();
    this.deps.streams.drop(this);
  }

  /** Has the replicas tell something, so that it is known that they told all before. Never rejects. */
  private async mark(): Promise<void> {
    if (this.isMarking) return;
    this.isMarking = true;
    const { past, time, retryMs } = this.deps;
    let isDone = false;
    while (!isDone && !this.isOver) {
      isDone = await past.mark(this.range.mark).then(
        () => true,
        () => false,
      );
      if (!isDone) await new Promise<void>((resolve) => void time.after(retryMs, resolve));
    }
    this.isMarking = false;
  }

  /** Whether there was nothing else, or this is a mark. */
  private isSign(event: EtcdEvent | undefined): boolean {
    return event === undefined || (event.kv?.version !== 0 && event.kv?.key.equals(this.range.mark) === true);
  }

  private account(): boolean {
    const { bytes } = this.received;
    const hasRoom = this.deps.queued(bytes - this.bytes);
    this.bytes = bytes;
    return hasRoom;
  }
}

/** The place after a whole revision. */
function after(revision: number): ReplicaPlace {
  return { revision: revision + 1, told: 0 };
}

function slow(): KvsError {
  return new KvsError(
    'LEITOR_LENTO',
    'o leitor ficou para trás do que as réplicas guardam; continue do último evento',
  );
}
