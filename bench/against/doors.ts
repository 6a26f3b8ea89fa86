import type { Member } from '../support/fleet.js';
import { memoryUse } from '../support/server-memory.js';
import type { MemoryUse } from '../support/server-memory.js';
import { percentile } from '../support/stats.js';
import {
  openSessions,
  openStreams,
  snapshots,
  streamedInserts,
  streamedQueries,
} from '../support/streamed-calls.js';
import { keyOf, unaryCalls } from '../support/unary-calls.js';
import type { UnaryCalls } from '../support/unary-calls.js';
import type { Side } from './side.js';
import type { Figure, Step } from './steps.js';

const MANY_CLIENTS = 64;
/** Entries that a snapshot has, and rows of a slice, about. */
const ROWS = 500;
const ROWS_PER_SLICE = 32_000;
/** Calls of a slice: one at a time, and with many clients. */
const CALLS_OF_ONE = 600;
const CALLS_OF_MANY = 2_560;
/** Requests of a slice of streams. */
const STREAMED = 6_400;
/** Connections of a slice. */
const CONNECTS = 200;
const SLICES = 4;
const WARM_UP = 2;

/** Connections whose memory is measured, and streams on few of them. */
const IDLE_CONNECTIONS = 1_000;
const STREAM_CONNECTIONS = 8;
const STREAMS_EACH = 600;

/** The two ways of speaking with a server, each with a server of its own. */
interface Way {
  /** What is added to names of figures. */
  readonly note: string;
  server(side: Side): Promise<Member>;
}

const PLAIN: Way = { note: '', server: (side) => Promise.resolve(side.server) };
const SECURE: Way = { note: ', TLS', server: (side) => side.secure() };

/** Waits until all servers have what one of them has been told until now. */
async function settledAll(side: Side, told: Member): Promise<void> {
  for (const other of side.fleet.members) if (other !== told) await side.settled(told, other);
}

/** Unary calls on connections that are open already. @returns ms of the middle call, and processor time of one, in µs */
async function unary(
  side: Side,
  called: Member,
  operation: 'insert' | 'query',
  connections: number,
): Promise<readonly [number, number]> {
  const calls = connections === 1 ? CALLS_OF_ONE : CALLS_OF_MANY;
  let before = NaN;
  const times = await unaryCalls({
    ...load(side, called, operation, calls, connections),
    opened: () => {
      before = side.cpu(called);
    },
  });
  if (operation === 'insert') {
    side.keys += calls;
    side.entries += calls;
    await settledAll(side, called);
  }
  return [1000 * percentile(times, 0.5), (side.cpu(called) - before) / (calls - connections)];
}

function load(
  side: Side,
  { port, ca }: Member,
  operation: 'insert' | 'query',
  calls: number,
  connections: number,
): UnaryCalls {
  const firstKey = operation === 'insert' ? side.keys : 0;
  return { port, ca, operation, calls, firstKey, keys: side.keys, connections, inFlight: 1 };
}

/** Memory of a server before and with something open, per one of them, in bytes. */
async function memoryOf(
  server: Member,
  count: number,
  opened: (measure: () => Promise<void>) => Promise<void>,
): Promise<readonly number[]> {
  const before = await memoryUse([server]);
  let after: MemoryUse | undefined;
  await opened(async () => {
    after = await memoryUse([server]);
  });
  if (after === undefined) throw new Error('nothing was opened');
  return [(after.used - before.used) / count, (after.resident - before.resident) / count];
}

/** Connections that have made one call and stay. */
function idle(side: Side, server: Member, count: number): Promise<readonly number[]> {
  return memoryOf(server, count, async (opened) => {
    await unaryCalls({ ...load(side, server, 'query', 2 * count, count), opened });
  });
}

/** Streams that have made one query and stay. */
function streams(server: Member, each: number): Promise<readonly number[]> {
  return memoryOf(server, STREAM_CONNECTIONS * each, async (opened) => {
    const sessions = await openSessions(server.port, server.ca, STREAM_CONNECTIONS);
    await openStreams(sessions, each, keyOf(0));
    await opened();
    for (const session of sessions) session.destroy();
  });
}

function bytesOf(what: string): readonly Figure[] {
  return ['heap', 'resident'].map((kind) => ({ name: `${what}, ${kind}`, unit: 'bytes', decimals: 0 }));
}

const memory: Step = {
  section: 'doors',
  figures: [...bytesOf('idle connection'), ...bytesOf('idle connection, TLS'), ...bytesOf('open stream')],
  slices: 1,
  prepare: async (side) => {
    await side.fillTo(ROWS);
    await unaryCalls(load(side, side.server, 'insert', MANY_CLIENTS, MANY_CLIENTS));
    side.keys += MANY_CLIENTS;
    side.entries += MANY_CLIENTS;
    await side.secure();
    await settledAll(side, side.server);
    // What is made once, whatever is open, is no part of it.
    for (const way of [PLAIN, SECURE]) await idle(side, await way.server(side), IDLE_CONNECTIONS / 10);
    await streams(side.peer, STREAMS_EACH / 10);
  },
  slice: async (side) => [
    ...(await idle(side, side.server, IDLE_CONNECTIONS)),
    ...(await idle(side, await side.secure(), IDLE_CONNECTIONS)),
    // Its memory has held nothing yet.
    ...(await streams(side.peer, STREAMS_EACH)),
  ],
};

/** A step whose warm-up is a few slices. */
function stepOf(
  figures: readonly Figure[],
  way: Way,
  work: (side: Side, server: Member) => Promise<readonly number[]>,
): Step {
  const slice = async (side: Side): Promise<readonly number[]> => work(side, await way.server(side));
  return {
    section: 'doors',
    figures,
    slices: SLICES,
    prepare: async (side) => {
      for (let i = 0; i < WARM_UP; i++) await slice(side);
    },
    slice,
  };
}

/** Processor time of something, in µs. */
function cpuOf(name: string, unit: string): Figure {
  return { name, unit: `CPU µs/${unit}`, decimals: 2 };
}

function connecting(way: Way): Step {
  return stepOf([cpuOf(`connecting, with a call${way.note}`, 'connection')], way, async (side, server) => {
    const before = side.cpu(server);
    await unaryCalls(load(side, server, 'query', CONNECTS, CONNECTS));
    return [(side.cpu(server) - before) / CONNECTS];
  });
}

function rows(way: Way, clients: number): Step {
  return stepOf([cpuOf(`snapshot${noteOf(way, clients)}`, 'row')], way, async (side, server) => {
    const sessions = await side.clients(server, clients);
    const times = Math.ceil(ROWS_PER_SLICE / ROWS / clients);
    const before = side.cpu(server);
    const count = await snapshots(sessions, times);
    return [(side.cpu(server) - before) / count];
  });
}

function unarySteps(way: Way, clients: number): readonly Step[] {
  return (['insert', 'query'] as const).map((operation) => {
    const name = `unary ${operation}${noteOf(way, clients)}`;
    const middle = { name, unit: 'µs until answered', decimals: 0 };
    return stepOf([...(clients === 1 ? [middle] : []), cpuOf(name, 'call')], way, async (side, server) => {
      const [answered, cpu] = await unary(side, server, operation, clients);
      return clients === 1 ? [answered, cpu] : [cpu];
    });
  });
}

let prefixes = 0;

/** Inserts of new keys on streams, and queries of the same keys. */
function streamed(way: Way, clients: number): Step {
  const figures = [
    cpuOf(`streamed insert${noteOf(way, clients)}`, 'insert'),
    cpuOf(`streamed query${noteOf(way, clients)}`, 'query'),
  ];
  return stepOf(figures, way, async (side, server) => {
    const sessions = await side.clients(server, clients);
    const prefix = `portas${prefixes++}`;
    const requests = { port: server.port, streams: clients, items: STREAMED, prefix, sessions };
    const start = side.cpu(server);
    await streamedInserts(requests);
    side.entries += STREAMED;
    await settledAll(side, server);
    const inserted = side.cpu(server);
    await streamedQueries(requests);
    return [(inserted - start) / STREAMED, (side.cpu(server) - inserted) / STREAMED];
  });
}

function noteOf({ note }: Way, clients: number): string {
  return `, ${clients === 1 ? '1 client' : `${clients} clients`}${note}`;
}

const WAYS = [PLAIN, SECURE];
const CLIENTS = [1, MANY_CLIENTS];

/** Everything that passes through the doors: the fleets of these steps hold little when they begin. */
export const DOOR_STEPS: readonly Step[] = [
  memory,
  ...WAYS.map(connecting),
  ...WAYS.flatMap((way) => CLIENTS.map((clients) => rows(way, clients))),
  ...WAYS.flatMap((way) => CLIENTS.flatMap((clients) => unarySteps(way, clients))),
  ...WAYS.flatMap((way) => CLIENTS.map((clients) => streamed(way, clients))),
];
