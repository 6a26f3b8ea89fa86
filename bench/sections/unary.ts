import { Fleet, hasMosquitto } from '../support/fleet.js';
import type { BrokerKind, Member } from '../support/fleet.js';
import { benchFile, h2load, hasH2load, measured, unaryLoad } from '../support/load.js';
import type { Load } from '../support/load.js';
import { canPin, OTHERS_CORE, WRITER_CORE } from '../support/machine.js';
import { keyFrame, keyValueFrame, valueOf } from '../support/messages.js';
import { freePort, startBackground, until } from '../support/processes.js';
import type { Background } from '../support/processes.js';
import { fixed, median, percent, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const CALLS = 40_000;
const KEY = 'chave-0000000001';
// Both have this size on the wire: Tupla and Versao of the empty handlers, with their prefixes.
const EMPTY_TUPLE_BYTES = 5 + 18 + 66 + 2;
const EMPTY_VERSION_BYTES = 7;

interface Scenario {
  readonly name: string;
  readonly kind: BrokerKind;
  /** Which server comes first, and so hosts the embedded broker. */
  readonly first: 'writer' | 'peer';
  /** Whether queries and distinct keys are measured too. */
  readonly full: boolean;
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'Mosquitto', kind: 'mosquitto', first: 'writer', full: true },
  { name: 'embedded broker in a peer', kind: 'embedded', first: 'peer', full: false },
  { name: 'embedded broker in the writer', kind: 'embedded', first: 'writer', full: false },
];

/** One kind of call on the server under test, and its counterpart on the empty server. */
interface Contest {
  readonly name: string;
  readonly kvs: Load[];
  readonly empty: Load[];
  readonly kvsRun: () => Promise<Load>;
  readonly emptyRun: () => Promise<Load>;
}

/** Unary inserts and queries per second and per second of processor time, beside empty handlers. */
export async function unary(rounds: number): Promise<Table[]> {
  const scenarios = SCENARIOS.filter(({ kind }) => kind !== 'mosquitto' || hasMosquitto());
  const rows: string[][] = [];
  for (const scenario of scenarios) {
    for (const contest of await play(scenario, rounds)) rows.push(rowOf(scenario, contest));
  }
  return [
    {
      title: 'Unary calls, 8 connections with 32 in flight each, beside empty handlers',
      columns: [
        'Call, broker',
        'calls/s',
        'calls per CPU-second',
        'CPU µs/call',
        'empty: calls/s',
        'empty: per CPU-second',
        'ratio per CPU-second',
        'ratios of the rounds',
      ],
      rows,
      notes: [
        `Three servers: the one called, and two peers that receive every insert. Medians of ${rounds} rounds of ${whole(CALLS)} calls, the two servers in turn; ratio of medians.`,
        canPin()
          ? 'The server called (or the empty one) alone on core 0; load generator, peers and Mosquitto on core 1.'
          : 'Nothing was pinned to a core: `taskset` or a second core is missing.',
        'Processor time of the server called, user and system, from the first call until both peers have the last insert.',
        '“One key”: h2load, the same body each time; “distinct keys”: a generator of our own.',
        'Checked: the key’s version counter grew by exactly the number of calls; every answer to a query or of an empty handler has the size of the right one; with distinct keys each answer is looked at.',
        ...(scenarios.length < SCENARIOS.length ? ['Mosquitto is not installed: left out.'] : []),
        ...(hasH2load() ? [] : ['h2load is not installed: calls with one key left out.']),
      ],
    },
  ];
}

async function play(scenario: Scenario, rounds: number): Promise<Contest[]> {
  const fleet = await Fleet.open(scenario.kind, true);
  const cores = scenario.first === 'writer' ? [WRITER_CORE, OTHERS_CORE] : [OTHERS_CORE, WRITER_CORE];
  for (const core of [...cores, OTHERS_CORE]) await fleet.add(core);
  const writer = fleet.members[scenario.first === 'writer' ? 0 : 1] as Member;
  const emptyPort = await freePort();
  const args = [benchFile('empty-server'), String(emptyPort)];
  const empty = await startBackground({ program: process.execPath, args, core: WRITER_CORE }, 'ready');
  try {
    const contests = contestsOf(scenario, new Calls(fleet, writer), new EmptyCalls(emptyPort, empty));
    for (let round = 0; round < rounds; round++) {
      for (const contest of contests) {
        contest.empty.push(await contest.emptyRun());
        contest.kvs.push(await contest.kvsRun());
      }
    }
    await fleet.agreed();
    return contests;
  } finally {
    await empty.kill();
    await fleet.close();
  }
}

function contestsOf(scenario: Scenario, calls: Calls, empty: EmptyCalls): Contest[] {
  const contest = (name: string, kvsRun: () => Promise<Load>, emptyRun: () => Promise<Load>): Contest => ({
    ...{ name, kvsRun: warm(kvsRun), emptyRun: warm(emptyRun) },
    ...{ kvs: [], empty: [] },
  });
  const contests = hasH2load()
    ? [
        contest(
          'insert, one key',
          () => calls.insertOne(),
          () => empty.insertOne(),
        ),
      ]
    : [];
  if (!scenario.full) return contests;
  if (hasH2load())
    contests.push(
      contest(
        'query, one key',
        () => calls.queryOne(),
        () => empty.queryOne(),
      ),
    );
  contests.push(
    contest(
      'insert, distinct keys',
      () => calls.insertDistinct(),
      () => empty.distinct('insert'),
    ),
    contest(
      'query, distinct keys',
      () => calls.queryDistinct(),
      () => empty.distinct('query'),
    ),
  );
  return contests;
}

/** Runs once unmeasured before the first time: code that has never run is slow. */
function warm(run: () => Promise<Load>): () => Promise<Load> {
  let isCold = true;
  return async () => {
    if (isCold) await run();
    isCold = false;
    return run();
  };
}

/** Calls of the server under test. */
class Calls {
  private inserted = 0;
  private keys = 0;
  private marks = 0;

  constructor(
    private readonly fleet: Fleet,
    private readonly writer: Member,
  ) {}

  async insertOne(): Promise<Load> {
    const { port, pid, client } = this.writer;
    const body = keyValueFrame(KEY, valueOf(1));
    const load = await measured(pid, () => h2load(port, '/kvs.KVS/Insere', body, CALLS), this.arrived);
    this.inserted += CALLS;
    const version = await client.latest(KEY);
    if (version !== this.inserted) throw new Error(`version ${version} after ${this.inserted} inserts`);
    return load;
  }

  async queryOne(): Promise<Load> {
    const { port, pid, client } = this.writer;
    const version = await client.latest(KEY);
    // Three bytes of version up to 2²¹, one less up to 2¹⁴.
    const answer = EMPTY_TUPLE_BYTES + (version < 2 ** 7 ? 0 : version < 2 ** 14 ? 1 : 2);
    return measured(pid, () => h2load(port, '/kvs.KVS/Consulta', keyFrame(KEY), CALLS, answer));
  }

  async insertDistinct(): Promise<Load> {
    const { port, pid } = this.writer;
    const first = 1_000_000 + this.keys;
    this.keys += CALLS;
    return measured(pid, () => unaryLoad(port, 'insert', CALLS, first, CALLS), this.arrived);
  }

  async queryDistinct(): Promise<Load> {
    const { port, pid } = this.writer;
    return measured(pid, () => unaryLoad(port, 'query', CALLS, 1_000_000, this.keys));
  }

  /** Until both peers have one more insert, and so, since they apply in order, all before it. */
  private readonly arrived = async (): Promise<void> => {
    const mark = `marca-${this.marks++}`;
    await this.writer.client.insert(mark, 'marca');
    for (const member of this.fleet.members) {
      await until('an insert reaches the peers', async () => (await member.client.latest(mark)) === 1);
    }
  };
}

/** The same calls of the empty server. */
class EmptyCalls {
  constructor(
    private readonly port: number,
    private readonly server: Background,
  ) {}

  insertOne(): Promise<Load> {
    const body = keyValueFrame(KEY, valueOf(1));
    return this.run(() => h2load(this.port, '/kvs.KVS/Insere', body, CALLS, EMPTY_VERSION_BYTES));
  }

  queryOne(): Promise<Load> {
    return this.run(() => h2load(this.port, '/kvs.KVS/Consulta', keyFrame(KEY), CALLS, EMPTY_TUPLE_BYTES));
  }

  distinct(operation: 'insert' | 'query'): Promise<Load> {
    return this.run(() => unaryLoad(this.port, operation, CALLS, 1_000_000, CALLS));
  }

  private run(load: () => Promise<{ items: number; seconds: number }>): Promise<Load> {
    return measured(this.server.pid, load);
  }
}

function rowOf(scenario: Scenario, { name, kvs, empty }: Contest): string[] {
  const perSecond = (loads: readonly Load[]): number =>
    median(loads.map((load) => load.items / load.seconds));
  const perCpu = (load: Load): number => load.items / load.cpuSeconds;
  const mine = median(kvs.map(perCpu));
  const theirs = median(empty.map(perCpu));
  const ratios = kvs.map((load, round) => perCpu(load) / perCpu(empty[round] as Load));
  return [
    `${name}, ${scenario.name}`,
    whole(perSecond(kvs)),
    whole(mine),
    fixed(1e6 / mine, 1),
    whole(perSecond(empty)),
    whole(theirs),
    percent(mine / theirs),
    ratios.map((ratio) => fixed(100 * ratio, 0)).join(' '),
  ];
}
