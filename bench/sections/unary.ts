import { Fleet, hasMosquitto } from '../support/fleet.js';
import type { BrokerKind, Member } from '../support/fleet.js';
import { benchFile, h2load, hasH2load, measured, unaryLoad } from '../support/load.js';
import type { Load } from '../support/load.js';
import { canPin, OTHERS_CORE, WRITER_CORE } from '../support/machine.js';
import { keyFrame, keyValueFrame, valueOf } from '../support/messages.js';
import { freePort, startBackground, until } from '../support/processes.js';
import type { Background } from '../support/processes.js';
import { nodeOptions } from '../support/program.js';
import { fixed, median, percent, percentile, whole } from '../support/stats.js';
import type { Table } from '../support/table.js';

const CALLS = 20_000;
// Rounds of each server alone, for calls per second.
const SOLO_ROUNDS = 3;
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

/** One kind of call on the server under test, and its counterpart on an empty server. */
interface Contest {
  readonly name: string;
  readonly kvs: Side;
  readonly empty: Side;
}

/** One server of a contest. */
interface Side {
  readonly run: () => Promise<Load>;
  /** Rounds with the core to itself. */
  readonly solo: Load[];
  /** Rounds at the same time as the other side's, on the same core. */
  readonly shared: Load[];
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
        'calls/s alone',
        'empty: calls/s alone',
        'CPU µs/call',
        'empty: CPU µs/call',
        'ratio per CPU-second',
        'middle half of the rounds',
      ],
      rows,
      notes: [
        'Three servers: the one called, and two peers that receive every insert.',
        `Processor time: both servers are called at the same time and share a core, so whatever the machine does to one it does to the other. ${rounds} rounds of ${whole(CALLS)} calls each; totals, and their ratio.`,
        `Calls per second: each server with the core to itself, in turn; medians of ${SOLO_ROUNDS} rounds.`,
        `Our servers run as bin/kvs starts them, with ${YOUNG}; the empty one as Node starts it, but in the row that says otherwise.`,
        canPin()
          ? 'The server called and the empty one on core 0; load generators, peers and Mosquitto on core 1.'
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
  const empties: EmptyCalls[] = [];
  try {
    empties.push(await EmptyCalls.start([]), await EmptyCalls.start(nodeOptions()));
    const contests = contestsOf(
      scenario,
      new Calls(fleet, writer),
      empties[0] as EmptyCalls,
      empties[1] as EmptyCalls,
    );
    for (const contest of contests) await hold(contest, rounds);
    await fleet.agreed();
    return contests;
  } finally {
    for (const empty of empties) await empty.stop();
    await fleet.close();
  }
}

/** An unmeasured round of both, since code that has never run is slow, then those that count. */
async function hold({ kvs, empty }: Contest, rounds: number): Promise<void> {
  await Promise.all([kvs.run(), empty.run()]);
  for (let round = 0; round < SOLO_ROUNDS; round++) {
    for (const side of [empty, kvs]) side.solo.push(await side.run());
  }
  for (let round = 0; round < rounds; round++) {
    const [mine, theirs] = await Promise.all([kvs.run(), empty.run()]);
    kvs.shared.push(mine);
    empty.shared.push(theirs);
  }
}

const YOUNG = nodeOptions().join(' ');

function contestsOf(scenario: Scenario, calls: Calls, empty: EmptyCalls, alike: EmptyCalls): Contest[] {
  const side = (run: () => Promise<Load>): Side => ({ run, solo: [], shared: [] });
  const contest = (name: string, kvs: () => Promise<Load>, other: () => Promise<Load>): Contest => ({
    ...{ name, kvs: side(kvs), empty: side(other) },
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
        `insert, one key (empty one with ${YOUNG} too)`,
        () => calls.insertOne(),
        () => alike.insertOne(),
      ),
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
  private constructor(
    private readonly port: number,
    private readonly server: Background,
  ) {}

  /** @param nodeOptions options of Node for the server's process */
  static async start(nodeOptions: readonly string[]): Promise<EmptyCalls> {
    const port = await freePort();
    const args = [...nodeOptions, benchFile('empty-server'), String(port)];
    const server = await startBackground({ program: process.execPath, args, core: WRITER_CORE }, 'ready');
    return new EmptyCalls(port, server);
  }

  stop(): Promise<void> {
    return this.server.kill();
  }

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
  const perSecond = ({ solo }: Side): number => median(solo.map((load) => load.items / load.seconds));
  const ratios = kvs.shared.map(
    (load, round) => cpuMicros([empty.shared[round] as Load]) / cpuMicros([load]),
  );
  return [
    `${name}, ${scenario.name}`,
    whole(perSecond(kvs)),
    whole(perSecond(empty)),
    fixed(cpuMicros(kvs.shared), 1),
    fixed(cpuMicros(empty.shared), 1),
    percent(cpuMicros(empty.shared) / cpuMicros(kvs.shared)),
    `${percent(percentile(ratios, 0.25))} – ${percent(percentile(ratios, 0.75))}`,
  ];
}

/** Processor time of one call, over all these rounds. */
function cpuMicros(loads: readonly Load[]): number {
  const total = (figure: (load: Load) => number): number =>
    loads.reduce((sum, load) => sum + figure(load), 0);
  return (1e6 * total((load) => load.cpuSeconds)) / total((load) => load.items);
}
