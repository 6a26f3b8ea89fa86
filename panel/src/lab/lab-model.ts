import { computed, signal } from '@preact/signals';
import type { RecordedEvent, RecordingHeader } from '../../../src/laboratory/recording.js';
import { LabClient, LabRefusal } from './client.js';
import type { LabAction, Situation } from './client.js';
import { labPageLimits } from './limits.js';
import { Player } from './player.js';
import type { PageFrames } from './player.js';
import { Run } from './run.js';
import { ROUTINE_TYPES, Sequence } from './sequence.js';
import type { RunFilter } from './sequence.js';
import { atEnd, clamped, firstView, showing, switched, wholeView } from './view.js';
import type { RunView } from './view.js';

/**
 * Where the page's run comes from. `noLink`: there is none, and a new link or a file is needed; `usedLink`, `ended`: the same,
 * since the link was used before, or the session is void.
 */
type LabPhase = 'noLink' | 'usedLink' | 'ended' | 'connecting' | 'live' | 'broken' | 'file';

/** What outlives the page: the session, where its tab is loaded again. */
export interface KeptSession {
  readonly get: () => string | undefined;
  readonly set: (session: string | undefined) => void;
}

/** The laboratory as the page holds it: the run, what of it is in sight, and the way to its servers. */
export class LabModel {
  readonly phase = signal<LabPhase>('noLink');
  readonly run = signal<Run | undefined>(undefined);
  readonly sequence = signal<Sequence | undefined>(undefined);
  /** Changes when the run has grown. */
  readonly grown = signal(0);
  readonly filter = signal<RunFilter>({ types: new Set(ROUTINE_TYPES), hosts: new Set(), text: '' });
  readonly view = signal<RunView>(firstView('order'));
  /** Of the picture, CSS pixels. */
  readonly width = signal(800);
  readonly isFollowing = signal(true);
  readonly selected = signal<number | undefined>(undefined);
  /** Nothing later than this is shown, ms. */
  readonly until = signal(Infinity);
  readonly situation = signal<Situation | undefined>(undefined);
  /** Name of the file that is shown; empty: none is. */
  readonly fileName = signal('');
  readonly isFileTruncated = signal(false);
  /** Actions can be taken: servers of a laboratory are behind this page. */
  readonly hasServers = computed(() => (this.situation.value?.servidores.length ?? 0) > 0);
  readonly player: Player;
  private client: LabClient | undefined;
  private pending: RecordedEvent[] = [];
  private flushing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly frames: PageFrames,
    private readonly kept: KeptSession,
  ) {
    this.player = new Player(this, frames);
  }

  /** A component that calls this is drawn again when the run has grown. */
  observeGrowth(): number {
    return this.grown.value;
  }

  /** Enters by a one-time token and follows the run from then on. A token that is void changes nothing for whoever is in. */
  async enter(token: string): Promise<void> {
    const before = this.phase.value;
    const isIn = this.client !== undefined && before !== 'usedLink' && before !== 'ended';
    if (!isIn) this.phase.value = 'connecting';
    let client: LabClient;
    try {
      client = await LabClient.enter(token);
      this.kept.set(client.session);
    } catch (error) {
      // A link is opened again by whoever went back to it in the tab that used it.
      if (!isIn && !this.resume()) this.phase.value = error instanceof LabRefusal ? 'usedLink' : 'broken';
      return;
    }
    if (before === 'file') {
      this.fileName.value = '';
      this.run.value = undefined;
    }
    this.use(client);
  }

  /** Goes on where this tab was before its page was loaded again. @returns whether it was anywhere */
  resume(): boolean {
    const session = this.kept.get();
    if (session !== undefined) this.use(new LabClient(session));
    return session !== undefined;
  }

  private use(client: LabClient): void {
    this.client = client;
    this.phase.value = 'connecting';
    // Whoever has entered before is followed no more.
    this.restart?.abort();
    void this.followForEver(client);
    void this.watchSituation(client);
  }

  /** @throws LabRefusal */
  async act(action: LabAction): Promise<unknown> {
    if (this.client === undefined) throw new LabRefusal(409, 'SEM_LABORATORIO', '');
    const answer = await this.client.act(action);
    await this.askSituation(this.client);
    return answer;
  }

  private asked = 0;
  private answered = 0;

  /** An answer that comes after that of a later question is of no use. */
  private async askSituation(client: LabClient): Promise<void> {
    const nth = ++this.asked;
    const situation = await client.situation();
    if (nth < this.answered || client !== this.client) return;
    this.answered = nth;
    this.situation.value = situation;
  }

  /** Whether a recording can be fetched from behind this page. */
  get canFetch(): boolean {
    return this.client !== undefined && this.phase.value !== 'file';
  }

  async recording(): Promise<{ readonly name: string; readonly content: Blob }> {
    if (this.client === undefined) throw new LabRefusal(409, 'SEM_LABORATORIO', '');
    return this.client.recording();
  }

  /** Shows a recording that was read from a file. */
  open(run: Run, name: string, isTruncated: boolean): void {
    this.phase.value = 'file';
    this.fileName.value = name;
    this.isFileTruncated.value = isTruncated;
    this.show(run);
    this.isFollowing.value = false;
    this.view.value = clamped(firstView(this.view.value.axis), this.mustSequence(), this.width.value);
  }

  /** Leaves the file for the laboratory behind this page, which went on meanwhile. */
  leaveFile(): void {
    if (this.client === undefined) return;
    this.fileName.value = '';
    this.phase.value = 'connecting';
    this.run.value = undefined;
    this.restart?.abort();
  }

  setFilter(change: Partial<RunFilter>): void {
    this.filter.value = { ...this.filter.value, ...change };
    const run = this.run.value;
    if (run === undefined) return;
    const middle = this.selectedEvent();
    this.sequence.value = new Sequence(run, this.filter.value);
    this.move(this.isFollowing.value ? this.end() : middle ? this.around(middle) : this.view.value);
  }

  /** Moves what is in sight; whoever moves it looks at something, so it follows no more. */
  move(view: RunView, keepsFollowing = false): void {
    const sequence = this.sequence.value;
    if (sequence === undefined) return;
    this.view.value = clamped(view, sequence, this.width.value);
    if (!keepsFollowing) return;
    this.isFollowing.value = true;
  }

  pan(view: RunView): void {
    this.isFollowing.value = false;
    this.move(view);
  }

  follow(): void {
    this.player.stop();
    this.until.value = Infinity;
    this.selected.value = undefined;
    this.move(this.end(), true);
  }

  showAll(): void {
    this.isFollowing.value = false;
    this.move(wholeView(this.view.value, this.mustSequence(), this.width.value));
  }

  switchAxis(): void {
    const sequence = this.mustSequence();
    const event = this.selectedEvent();
    this.view.value = switched(this.view.value, sequence, this.width.value);
    this.move(this.isFollowing.value ? this.end() : event ? this.around(event) : this.view.value);
  }

  select(n: number | undefined): void {
    this.selected.value = n;
    const event = this.selectedEvent();
    if (event === undefined) return;
    this.isFollowing.value = false;
    if (event.t > this.until.value) this.until.value = event.t;
    this.move(this.around(event));
  }

  /** Moves on so that the place of the replay stays in sight, where nothing happens for a while too. */
  keepInSight(): void {
    const { axis, left, scale } = this.view.peek();
    const until = this.until.peek();
    if (axis === 'order' || until === Infinity) return;
    const px = (until - left) * scale;
    const edge = this.width.peek() * 0.85;
    if (px > edge) this.move({ axis, scale, left: left + (px - edge) / scale });
  }

  /** To the next event that is shown, or the one before. */
  step(by: 1 | -1): void {
    const sequence = this.sequence.value;
    if (sequence === undefined || sequence.items.length === 0) return;
    const n = this.selected.value;
    const rank = n === undefined ? undefined : sequence.rank(n);
    const from = rank ?? this.rankInSight(by);
    const next = sequence.items[Math.min(sequence.items.length - 1, Math.max(0, from + by))];
    if (next === undefined) return;
    if (this.until.value !== Infinity) this.until.value = next.t;
    this.select(next.n);
  }

  selectedEvent(): RecordedEvent | undefined {
    const n = this.selected.value;
    return n === undefined ? undefined : this.run.value?.event(n);
  }

  private rankInSight(by: 1 | -1): number {
    const sequence = this.mustSequence();
    if (this.isFollowing.value) return by > 0 ? sequence.items.length - 1 : sequence.items.length;
    const { left, axis } = this.view.value;
    const first = axis === 'order' ? Math.ceil(left) : sequence.rankOfTime(left);
    return by > 0 ? first - 1 : first + 1;
  }

  private around(event: RecordedEvent): RunView {
    return showing(this.view.value, event, this.mustSequence(), this.width.value);
  }

  private end(): RunView {
    return atEnd(this.view.value, this.mustSequence(), this.width.value);
  }

  private mustSequence(): Sequence {
    const sequence = this.sequence.value;
    if (sequence === undefined) throw new Error('there is no run');
    return sequence;
  }

  private show(run: Run): void {
    this.player.stop();
    this.pending = [];
    this.selected.value = undefined;
    this.until.value = Infinity;
    this.filter.value = { ...this.filter.value, hosts: new Set(), text: '' };
    run.settled();
    this.run.value = run;
    this.sequence.value = new Sequence(run, this.filter.value);
    this.isFollowing.value = true;
    this.grown.value += 1;
  }

  private restart: AbortController | undefined;

  /** Follows the events, and again when their stream ended: a laboratory may be gone for a while, or begin a new run. */
  private async followForEver(client: LabClient): Promise<void> {
    let wait: number = labPageLimits.reconnectMs;
    while (client === this.client) {
      const since = (this.liveRun?.lastNumber ?? 0) + 1;
      this.isFromStart = since === 1;
      const taken = this.liveRun?.version ?? 0;
      const restart = new AbortController();
      this.restart = restart;
      try {
        await client.follow(since, (line) => this.takeLine(line), restart.signal);
      } catch (error) {
        if (error instanceof LabRefusal && error.status === 401) {
          if (client !== this.client) return;
          this.phase.value = 'ended';
          this.kept.set(undefined);
          return;
        }
      }
      if ((this.liveRun?.version ?? 0) > taken) wait = labPageLimits.reconnectMs;
      if (restart.signal.aborted) continue;
      if (this.phase.value !== 'file') this.phase.value = 'broken';
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(labPageLimits.reconnectMsMax, wait * 2);
    }
  }

  private liveRun: Run | undefined;
  private isFromStart = true;

  private takeLine(line: string): void {
    if (line === '') return;
    const one = JSON.parse(line) as RecordingHeader | RecordedEvent | { readonly kind: 'alive' };
    if (one.kind === 'alive') return;
    if (one.kind === 'recording') {
      this.takeHeader(one);
      return;
    }
    this.pending.push(one);
    this.flushing ??= setTimeout(() => this.flush(), 16);
  }

  private takeHeader(header: RecordingHeader): void {
    this.flush();
    const isSame =
      this.liveRun?.header.startedMs === header.startedMs && this.liveRun.header.engine === header.engine;
    if (!isSame) {
      this.liveRun = new Run(header);
      if (!this.isFromStart) {
        // What was asked for is the end of another run: this one is asked for from its start.
        this.restart?.abort();
        return;
      }
    }
    this.isFromStart = true;
    if (this.phase.value === 'file') return;
    this.phase.value = 'live';
    if (this.run.value !== this.liveRun && this.liveRun !== undefined) this.show(this.liveRun);
  }

  private flush(): void {
    clearTimeout(this.flushing);
    this.flushing = undefined;
    const run = this.liveRun;
    const events = this.pending;
    this.pending = [];
    if (run === undefined || events.length === 0) return;
    for (const event of events) run.add(event);
    if (this.run.value !== run) return;
    this.sequence.value?.grow(run.settled());
    if (this.isFollowing.value) this.view.value = this.end();
    this.grown.value += 1;
  }

  private async watchSituation(client: LabClient): Promise<void> {
    while (client === this.client) {
      try {
        if (!this.frames.isHidden()) await this.askSituation(client);
      } catch (error) {
        if (error instanceof LabRefusal && error.status === 401) return;
      }
      await new Promise((resolve) => setTimeout(resolve, labPageLimits.situationMs));
    }
  }
}
