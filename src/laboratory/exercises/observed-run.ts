import type {
  CallAnswered,
  CallMade,
  HostChange,
  HostChanged,
  HostState,
  MessageDropped,
  MessageReceived,
  MessageSent,
  RecordedEngine,
  RecordedEvent,
  RecordedLine,
  Recording,
} from '../recording.js';

/** A call and its answer. */
interface ObservedCall {
  readonly made: CallMade;
  /** Absent: the recording ended before it came. */
  readonly answer: CallAnswered | undefined;
  readonly server: string;
}

/** An answered call. */
export interface AnsweredCall extends ObservedCall {
  readonly answer: CallAnswered;
}

/** A stretch of a run in which a server was cut off from the others. */
export interface Separation {
  readonly server: string;
  readonly from: HostChanged;
  /** Absent: until the end of the recording. */
  readonly to: HostChanged | undefined;
}

type Operation = CallMade['operation'];

interface CallFilter {
  readonly operation?: Operation | readonly Operation[];
  readonly server?: string;
  readonly notServer?: string;
  readonly client?: string;
  readonly notClient?: string;
  readonly key?: string;
  readonly code?: string;
  readonly isSession?: boolean;
  /** It began after this event. */
  readonly after?: RecordedEvent;
  /** Its answer came before this event; absent: at any time. */
  readonly before?: RecordedEvent | undefined;
}

/** Codes of an answer that nothing of that key, or of that version, is there. */
const NOTHING_FOUND: readonly string[] = ['CHAVE_INEXISTENTE', 'VERSAO_INEXISTENTE'];

/** A recorded run, with what the exercises ask it. */
export class ObservedRun {
  readonly engine: RecordedEngine;
  /** Wall clock at `t` 0, ms since 1970. */
  readonly startedMs: number;
  readonly events: readonly RecordedEvent[];
  /** In the order in which they are drawn. */
  readonly servers: readonly string[];
  readonly replicas: readonly string[];
  readonly calls: readonly ObservedCall[];
  readonly changes: readonly HostChanged[] = [];
  readonly states: readonly HostState[] = [];
  readonly dropped: readonly MessageDropped[] = [];
  readonly received: readonly MessageReceived[] = [];
  private readonly sent = new Map<string, MessageSent>();
  private readonly names = new Map<string, string>();
  private cuts: readonly Separation[] | undefined;
  private looksLeft = Infinity;

  constructor(recording: Recording) {
    const { header, events } = recording;
    this.engine = header.engine;
    this.startedMs = header.startedMs;
    this.events = events;
    const hostsOf = (kind: string): string[] =>
      header.hosts.filter((host) => host.kind === kind).map(({ id }) => id);
    this.servers = hostsOf('server');
    this.replicas = hostsOf('replica');
    for (const { id, name } of header.hosts) this.names.set(id, name);
    const answers = new Map<string, CallAnswered>();
    const made: CallMade[] = [];
    const changes: HostChanged[] = [];
    const states: HostState[] = [];
    const dropped: MessageDropped[] = [];
    const received: MessageReceived[] = [];
    for (const event of events) {
      if (event.kind === 'call') made.push(event);
      else if (event.kind === 'answer') answers.set(event.call, event);
      else if (event.kind === 'host') changes.push(event);
      else if (event.kind === 'state') states.push(event);
      else if (event.kind === 'dropped') dropped.push(event);
      else if (event.kind === 'received') received.push(event);
      else if (event.kind === 'sent') this.sent.set(event.message, event);
    }
    this.calls = made.map((call) => ({ made: call, answer: answers.get(call.call), server: call.host }));
    this.changes = changes;
    this.states = states;
    this.dropped = dropped;
    this.received = received;
  }

  /** From now on nothing more is found once so many calls and changes were looked at. */
  limitLooks(looks: number): void {
    this.looksLeft = looks;
  }

  get isExhausted(): boolean {
    return this.looksLeft <= 0;
  }

  /** The message that an event is about. */
  messageOf({ message }: { readonly message: string }): MessageSent | undefined {
    return this.sent.get(message);
  }

  /** Messages that left anybody after an event. */
  *sentMessages(after: RecordedEvent): Generator<MessageSent> {
    for (const event of this.sent.values()) {
      if (this.looksLeft-- <= 0) return;
      if (event.n > after.n) yield event;
    }
  }

  /** Answered calls that fit, in the order of their answers' calls. */
  *answered(filter: CallFilter = {}): Generator<AnsweredCall> {
    const { operation, after, before } = filter;
    const operations = typeof operation === 'string' ? [operation] : operation;
    for (const call of this.calls) {
      if (this.looksLeft-- <= 0) return;
      const { made, answer } = call;
      if (answer === undefined) continue;
      if (operations !== undefined && !operations.includes(made.operation)) continue;
      if (filter.server !== undefined && made.host !== filter.server) continue;
      if (filter.notServer !== undefined && made.host === filter.notServer) continue;
      if (filter.client !== undefined && made.client !== filter.client) continue;
      if (filter.notClient !== undefined && made.client === filter.notClient) continue;
      if (filter.key !== undefined && made.key !== filter.key) continue;
      if (filter.code !== undefined && answer.code !== filter.code) continue;
      if (filter.isSession !== undefined && (made.isSession === true) !== filter.isSession) continue;
      if (after !== undefined && made.n <= after.n) continue;
      if (before !== undefined && answer.n >= before.n) continue;
      yield { ...call, answer };
    }
  }

  /** Writes of a value that were acknowledged. */
  writes(filter: CallFilter = {}): Generator<AnsweredCall> {
    return this.answered({ operation: ['insert', 'compare'], code: 'OK', ...filter });
  }

  /** Reads of the latest value of a key that were answered, with a value or with nothing. */
  *reads(filter: CallFilter = {}): Generator<AnsweredCall> {
    for (const call of this.answered({ operation: ['query', 'history'], ...filter })) {
      if (call.made.version !== undefined) continue;
      if (call.answer.code === 'OK' || NOTHING_FOUND.includes(call.answer.code)) yield call;
    }
  }

  /** What happened to servers or replicas. */
  *changed(filter: {
    readonly change: HostChange | readonly HostChange[];
    readonly host?: string;
    readonly after?: RecordedEvent;
    readonly before?: RecordedEvent | undefined;
  }): Generator<HostChanged> {
    const { change, host, after, before } = filter;
    for (const event of this.changes) {
      if (this.looksLeft-- <= 0) return;
      if (typeof change === 'string' ? event.change !== change : !change.includes(event.change)) continue;
      if (host !== undefined && event.host !== host) continue;
      if (after !== undefined && event.n <= after.n) continue;
      if (before !== undefined && event.n >= before.n) continue;
      yield event;
    }
  }

  /** Stretches in which a server heard nobody: isolated, or with all of its messages dropped. */
  *separations(): Generator<Separation> {
    this.cuts ??= cutsIn(this.changes);
    for (const cut of this.cuts) {
      if (this.looksLeft-- <= 0) return;
      yield cut;
    }
  }

  /** Whether a server or replica runs at an event, as far as the recording tells. */
  isUpAt(host: string, at: RecordedEvent): boolean {
    let isUp = true;
    for (const event of this.changes) {
      if (event.n > at.n || this.looksLeft-- <= 0) break;
      if (event.host !== host) continue;
      if (event.change === 'killed' || event.change === 'ended') isUp = false;
      if (event.change === 'started' || event.change === 'serving') isUp = true;
    }
    return isUp;
  }

  /** Whether a server or replica runs at an event, and is not cut off from the others. */
  isReachedAt(server: string, at: RecordedEvent): boolean {
    if (!this.isUpAt(server, at)) return false;
    for (const { server: cut, from, to } of this.separations()) {
      if (cut === server && from.n <= at.n && (to === undefined || to.n > at.n)) return false;
    }
    return true;
  }

  /** ms by which the clock of a server runs ahead at an event. */
  aheadMs(server: string, at: RecordedEvent): number {
    let ms = 0;
    for (const event of this.changes) {
      if (event.n > at.n || this.looksLeft-- <= 0) break;
      if (event.host !== server) continue;
      if (event.change === 'clock') ms = event.amount ?? 0;
      // A clock that was put ahead is so until its process ends.
      if (event.change === 'killed' || event.change === 'ended') ms = 0;
    }
    return ms;
  }

  /** The first event from `after` on at which all running servers hold the same, and were seen to. */
  agreementAfter(after: RecordedEvent): RecordedEvent | undefined {
    const held = new Map<string, string>();
    const agree = (): boolean => {
      const running = this.servers.filter((server) => held.has(server));
      return running.length > 1 && new Set(running.map((server) => held.get(server))).size === 1;
    };
    for (const event of this.events) {
      if (event.kind === 'host' && (event.change === 'killed' || event.change === 'ended')) {
        held.delete(event.host);
      }
      if (event.kind === 'state') held.set(event.host, event.storeHash);
      const counts = event.kind === 'state' || event.n === after.n;
      if (counts && event.n >= after.n && agree()) {
        this.looksLeft -= event.n;
        return event;
      }
    }
    this.looksLeft -= this.events.length;
    return undefined;
  }
}

/** Every cut and its end, in one walk. */
function cutsIn(changes: readonly HostChanged[]): Separation[] {
  const cuts: { server: string; from: HostChanged; to: HostChanged | undefined }[] = [];
  const open = new Map<string, (typeof cuts)[number][]>();
  for (const change of changes) {
    const { host: server } = change;
    const left: (typeof cuts)[number][] = [];
    for (const cut of open.get(server) ?? []) {
      if (endsCut(change, cut.from)) cut.to = change;
      else left.push(cut);
    }
    if (isCut(change)) {
      const cut = { server, from: change, to: undefined };
      cuts.push(cut);
      left.push(cut);
    }
    open.set(server, left);
  }
  return cuts;
}

/** Whether it cuts a server off. */
function isCut({ change, amount }: HostChanged): boolean {
  return change === 'isolated' || (change === 'loss' && (amount ?? 0) >= 1);
}

/** Whether it ends what cut the server off. */
function endsCut({ change, amount }: HostChanged, cut: HostChanged): boolean {
  if (change === 'killed' || change === 'ended') return true;
  return cut.change === 'isolated' ? change === 'connected' : change === 'loss' && (amount ?? 0) < 1;
}

/** Whether the server heard the others again, and did not just end. */
export function isJoined(apart: Separation): apart is Separation & { readonly to: HostChanged } {
  return apart.to !== undefined && apart.to.change !== 'killed' && apart.to.change !== 'ended';
}

/** The latest line of an answer; `undefined` where nothing is there. */
export function latestLine({ answer }: AnsweredCall): RecordedLine | undefined {
  if (answer.code !== 'OK') return undefined;
  return answer.lines.reduce<RecordedLine | undefined>(
    (latest, line) => (latest === undefined || isLater(line, latest) ? line : latest),
    undefined,
  );
}

/** The order of the versions of a key: (version, timestamp, origin). */
function isLater(line: RecordedLine, than: RecordedLine): boolean {
  if (line.version !== than.version) return line.version > than.version;
  if (line.timestampMs !== than.timestampMs) return line.timestampMs > than.timestampMs;
  return line.origin > than.origin;
}

/** Whether a read shows as the latest value what that write wrote. */
export function shows(read: AnsweredCall, write: AnsweredCall): boolean {
  const line = latestLine(read);
  return line !== undefined && isOf(line, write);
}

/** Whether a line is the one that a write made. */
export function isOf(line: RecordedLine, write: AnsweredCall): boolean {
  if (line.value !== write.made.value) return false;
  const [written] = write.answer.lines;
  return written === undefined || (written.version === line.version && sameOrigin(written, line));
}

/** The version that a write made; `undefined` if its answer does not tell. */
export function writtenVersion({ answer }: AnsweredCall): number | undefined {
  return answer.lines[0]?.version;
}

function sameOrigin(one: RecordedLine, other: RecordedLine): boolean {
  return one.origin === '' || other.origin === '' || one.origin === other.origin;
}
