import { laboratoryLimits } from './limits.js';
import type { RecordedEvent, RecordedHost, Recording } from './recording.js';

/** Where everything of a diagram stands: hosts side by side, time downwards. */
export interface DiagramLayout {
  readonly hosts: readonly RecordedHost[];
  readonly events: readonly RecordedEvent[];
  /** How many events are left out at the end. */
  readonly left: number;
  readonly width: number;
  readonly height: number;
  /** Where the lines of life begin and end. */
  readonly top: number;
  readonly bottom: number;
  xOf(host: string): number | undefined;
  yOf(event: RecordedEvent): number;
}

const [LEFT, COLUMN, TOP, BOTTOM] = [110, 170, 150, 30];
/** Height of an event that has a text of its own, and of one that is only drawn. */
const [LABELLED, PLAIN] = [15, 4];
/** Silence takes room too: so much a second, but not for ever. */
const [SECOND, SILENCE] = [8, 60];

/** Lays out a recording: time runs downwards, faster where little happens. */
export function layoutOf({ header, events }: Recording): DiagramLayout {
  const drawn = events.slice(0, laboratoryLimits.drawnEvents);
  const used = new Set(drawn.flatMap((event) => hostsOf(event)));
  const hosts = header.hosts.filter(({ id, kind }) => used.has(id) || kind === 'server');
  const columns = new Map(hosts.map(({ id }, at) => [id, LEFT + COLUMN * (at + 0.5)]));
  // By time: the recorder may learn of an earlier event later.
  const inTime = drawn.toSorted((one, other) => one.t - other.t || one.n - other.n);
  const rows = new Map<number, number>();
  let [y, t] = [TOP + LABELLED, inTime[0]?.t ?? 0];
  for (const event of inTime) {
    const silence = Math.min(SILENCE, ((event.t - t) / 1_000) * SECOND);
    y += Math.max(isLabelled(event) ? LABELLED : PLAIN, silence);
    t = event.t;
    rows.set(event.n, y);
  }
  const bottom = y + LABELLED;
  return {
    ...{ hosts, events: inTime, left: events.length - drawn.length },
    ...{ width: LEFT + COLUMN * Math.max(3, hosts.length) + 20, height: bottom + BOTTOM, top: TOP, bottom },
    xOf: (host) => columns.get(host),
    yOf: ({ n }) => rows.get(n) ?? TOP,
  };
}

/** Whether a text stands beside it: presences say that all is as it was, again and again. */
export function isLabelled(event: RecordedEvent): boolean {
  switch (event.kind) {
    case 'sent':
      return !QUIET.has(event.type);
    case 'relayed':
    case 'received':
    case 'missed':
    case 'state':
      return false;
    default:
      return true;
  }
}

const QUIET: ReadonlySet<string> = new Set(['presence', 'PING', 'PONG', 'clockRequest', 'clockReply']);

function hostsOf(event: RecordedEvent): readonly string[] {
  return event.kind === 'call' ? [event.host, event.client] : [event.host];
}
