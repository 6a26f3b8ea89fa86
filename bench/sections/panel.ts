import { get } from 'node:http';
import { compare, type Rounds } from '../against/ratio.js';
import { again } from '../support/again.js';
import { cpuMicros } from '../support/machine.js';
import { pause } from '../support/processes.js';
import { fixed, median } from '../support/stats.js';
import type { Table } from '../support/table.js';
import { unaryLoad } from '../support/load.js';
import { Inserts, onEachEngine, onWriter } from '../support/writers.js';
import type { Writer } from '../support/writers.js';

/**
 * Within a round, with an open panel and without: many short slices, since the machine's moods last for seconds. Every
 * second round begins the other way: collections of garbage fall into the same slices of every new server.
 */
const ORDER = [false, true, true, false, true, false, false, true] as const;
/** The beginning of a stream is work too, and not that of inserts. */
const WARM_SHARE = 1 / 5;
/** Slices of the shared writers are too short for two pictures. Whole numbers of calls on each of the eight connections. */
const LONGER = 1.6;
/** Keys that are asked for: few, so that they are in the caches of the processor in every slice alike. */
const ASKED_KEYS = 2_000;
/** Calls of a slice of queries for each of inserts: they cost less, and a slice must last for some pictures. */
const QUERIES_PER_INSERT = 2;
/** A limit of the ratio that the 95 % interval should lie above. */
const LIMIT = 0.97;
/** What a server without calls needs is looked at for so long, and so often in turn. */
const IDLE_MS = 5_000;
const IDLE_TURNS = 4;

/** What one open panel costs the calls of a server, beside none, on each engine. */
export async function panel(rounds: number): Promise<Table[]> {
  const inserts: string[][] = [];
  const queries: string[][] = [];
  const idle: string[][] = [];
  await onEachEngine(async (engine, open) => {
    queries.push([engine, ...(await onWriter(open, (writer) => queriesCost(writer, rounds)))]);
    inserts.push([engine, ...(await insertsCost(open, rounds))]);
    idle.push([engine, ...(await onWriter(open, idleCost))]);
  });
  const columns = [
    'Engine',
    'closed',
    'open',
    'closed ÷ open',
    '95 % interval',
    `above ${LIMIT}`,
    'pictures',
  ];
  return [
    {
      title: 'What an open panel costs, CPU µs of the server for each query',
      columns,
      rows: queries,
      notes: [
        `${rounds} rounds of slices of unary queries of ${ASKED_KEYS} keys, without a panel and with one in turn, as below but on one server: nothing grows and little garbage is made, so that these intervals are the narrow ones.`,
      ],
    },
    {
      title: 'What an open panel costs, CPU µs of the server for each insert',
      columns,
      rows: inserts,
      notes: [
        `${rounds} rounds of slices of unary inserts of new keys, without a panel and with one in turn (ABBABAAB, then BAABABBA), each round on a new server and after a slice that warms it; the first fifth of each slice is not counted, and of each round the cheaper half counts.`,
        'Open: one reader of GET /v1/painel, which takes everything at once. The servers are those of the section on watches: a fleet of two, a leader without followers, a server over three replicas.',
      ],
    },
    {
      title: 'What an open panel costs a server without calls, ms of processor time a second',
      columns: ['Engine', 'closed', 'open', 'more, % of a core'],
      rows: idle,
      notes: [
        `Medians of ${IDLE_TURNS} times ${IDLE_MS / 1_000} s each, in turn. A picture is the same work whatever the calls: this, and no work for each call, is what the table above looks for among the moods of a loaded machine.`,
      ],
    },
  ];
}

async function idleCost(writer: Writer): Promise<string[]> {
  const [closed, opened]: [number[], number[]] = [[], []];
  // What follows from the start, and from the first picture, is over.
  await new Inserts(writer).play(8);
  await idleMs(writer, true);
  for (let turn = 0; turn < IDLE_TURNS; turn++) {
    closed.push(await idleMs(writer, false));
    opened.push(await idleMs(writer, true));
  }
  const more = median(opened) - median(closed);
  return [fixed(median(closed), 1), fixed(median(opened), 1), fixed(more / 10, 2)];
}

/** Processor time of a server without calls, in ms for each second. */
async function idleMs(writer: Writer, isOpen: boolean): Promise<number> {
  const reader = isOpen ? PanelReader.open(writer.port) : undefined;
  try {
    await pause(500);
    const before = cpuMicros(writer.pid);
    await pause(IDLE_MS);
    const used = (cpuMicros(writer.pid) - before) / IDLE_MS;
    if (reader?.pictures === 0) throw new Error('no pictures came');
    return used;
  } finally {
    reader?.close();
  }
}

async function queriesCost(writer: Writer, rounds: number): Promise<string[]> {
  const { port } = writer;
  await new Inserts(writer).play(ASKED_KEYS);
  const play = async (calls: number): Promise<void> => {
    await unaryLoad(port, 'query', QUERIES_PER_INSERT * calls, 0, ASKED_KEYS);
  };
  const costs = new Costs(QUERIES_PER_INSERT);
  for (let round = 0; round < rounds; round++) await costs.addRound(writer, play, round % 2 === 1);
  return costs.row();
}

async function insertsCost(open: () => Promise<Writer>, rounds: number): Promise<string[]> {
  const costs = new Costs(1);
  for (let round = 0; round < rounds; round++) {
    // A new server each time: with millions of keys a full collection of garbage would be most of a slice.
    await onWriter(open, async (writer) => {
      const inserts = new Inserts(writer);
      await costs.addRound(writer, (calls) => inserts.play(calls), round % 2 === 1);
    });
  }
  return costs.row();
}

/** Makes so many inserts, or what takes as long. */
type Play = (calls: number) => Promise<void>;

/** Processor time with a panel and without, slice by slice. */
class Costs {
  private readonly closed: number[][] = [];
  private readonly opened: number[][] = [];
  private pictures = 0;

  constructor(private readonly callsPerInsert: number) {}

  async addRound(writer: Writer, play: Play, isSwapped: boolean): Promise<void> {
    const [closed, opened]: [number[], number[]] = [[], []];
    // Code that has never run is slow.
    await again(writer.said, () => slice(writer, play, true));
    for (const isSecond of ORDER) {
      const isOpen = isSecond !== isSwapped;
      const { micros, seen } = await again(writer.said, () => slice(writer, play, isOpen));
      (isOpen ? opened : closed).push(micros / this.callsPerInsert);
      this.pictures += seen;
    }
    this.closed.push(closed);
    this.opened.push(opened);
  }

  row(): string[] {
    const { ratio, low, high } = compare(this.closed, this.opened);
    const middle = (of: Rounds): string => fixed(median(of.flat()), 2);
    const interval = `${fixed(low, 3)} – ${fixed(high, 3)}`;
    const verdict = low > LIMIT ? 'ok' : 'open';
    const costs = [middle(this.closed), middle(this.opened)];
    return [...costs, fixed(ratio, 3), interval, verdict, String(this.pictures)];
  }
}

interface Slice {
  /** Of processor time for each insert, or what was played in its place. */
  readonly micros: number;
  readonly seen: number;
}

async function slice(writer: Writer, play: Play, isOpen: boolean): Promise<Slice> {
  const calls = LONGER * writer.calls;
  const warm = Math.round(calls * WARM_SHARE);
  const reader = isOpen ? PanelReader.open(writer.port) : undefined;
  try {
    await play(warm);
    const before = cpuMicros(writer.pid);
    await play(calls - warm);
    const micros = (cpuMicros(writer.pid) - before) / (calls - warm);
    const seen = reader?.pictures ?? 0;
    if (isOpen && seen < 2) throw new Error('no pictures came');
    return { micros, seen };
  } finally {
    reader?.close();
    // It is seen to have left.
    await pause(50);
  }
}

/** Reads what feeds a panel. */
class PanelReader {
  pictures = 0;
  private constructor(readonly close: () => void) {}

  static open(port: number): PanelReader {
    const request = get({ port, host: '127.0.0.1', path: '/v1/painel' }, (response) => {
      response.setEncoding('utf8').on('data', (piece: string) => {
        reader.pictures += piece.split('{"tipo":"quadro"').length - 1;
      });
      response.on('error', () => undefined);
    });
    request.on('error', () => undefined);
    const reader = new PanelReader(() => request.destroy());
    return reader;
  }
}
