import { compare, type Rounds } from '../against/ratio.js';
import { again } from '../support/again.js';
import { Fleet, hasMosquitto } from '../support/fleet.js';
import type { Member } from '../support/fleet.js';
import { benchFile, unaryLoad } from '../support/load.js';
import { cpuMicros, OTHERS_CORE, WRITER_CORE } from '../support/machine.js';
import { pause, run, until } from '../support/processes.js';
import { fixed, median, whole } from '../support/stats.js';
import { markdown } from '../support/table.js';
import type { Table } from '../support/table.js';
import { keyOf } from '../support/unary-calls.js';

const CALLS = Number(process.env['KVS_BENCH_CALLS'] ?? 5_000);
const IN_FLIGHT = 64;
/** Slices of a way in a round. */
const TURNS = 4;
const LAG_CALLS = 500;
/** Half of what a mirror publishes in a second at most. */
const HALF_LOAD = 1_000;
const MIRROR_CALLS = Math.min(CALLS, 4_000);
const MIRROR_ORDER = [false, true, true, false, true, false, false, true] as const;
/** A server that uses less of its core than this for so long has nothing more to do for a load. */
const QUIET_MS = 300;
const QUIET_SHARE = 0.02;

interface Found {
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What the door of MQTT costs: inserts by it beside those by gRPC, the way of a value, and a mirror that nobody looks at. */
export async function mqtt(rounds: number): Promise<Table[]> {
  // What was found so far is shown even where a later part fails.
  const tables: Table[] = [];
  for (const part of [() => doors(rounds), lags, () => mirrors(rounds)]) {
    const table = await part();
    process.stderr.write(`\n${markdown(table)}`);
    tables.push(table);
  }
  return tables;
}

const WAYS = ['gRPC', 'grava', 'pede'] as const;
type Way = (typeof WAYS)[number];
type PerWay<T> = Record<Way, T>;

const WAY_NAMES: PerWay<string> = {
  gRPC: 'kvs.KVS/Insere',
  grava: 'grava/, QoS 1',
  pede: 'pede/, answered at resposta/',
};

/** Inserts of new keys by each way at one server after the other, in turn. */
async function doors(rounds: number): Promise<Table> {
  const cpu: PerWay<number[][]> = { gRPC: [], grava: [], pede: [] };
  const rates: PerWay<number[]> = { gRPC: [], grava: [], pede: [] };
  for (let round = 0; round < rounds; round++) {
    await onServer(['--mqtt', '--mqtt-topicos', '0'], async (fleet, server) => {
      let first = 0;
      const slices: PerWay<number[]> = { gRPC: [], grava: [], pede: [] };
      // The first turn is not counted: code that has never run is slow.
      for (let turn = 0; turn <= TURNS; turn++) {
        for (const way of turn % 2 === 0 ? WAYS : WAYS.toReversed()) {
          const { micros, seconds } = await again(server.said, async () => {
            const before = cpuMicros(server.pid);
            const from = first;
            first += CALLS + IN_FLIGHT;
            const took = await inserts(way, fleet, server, from);
            return { micros: (cpuMicros(server.pid) - before) / CALLS, seconds: took };
          });
          if (turn === 0) continue;
          slices[way].push(micros);
          rates[way].push(CALLS / seconds);
        }
      }
      for (const way of WAYS) cpu[way].push(slices[way]);
    });
  }
  return {
    title: 'An insert by MQTT beside one by gRPC',
    columns: ['Insert', 'inserts/s', 'CPU µs/insert', 'this ÷ gRPC', '95 % interval'],
    rows: WAYS.map((way) => [
      WAY_NAMES[way],
      whole(median(rates[way])),
      fixed(median(cpu[way].flat()), 1),
      ...(way === 'gRPC' ? ['', ''] : ratioOf(cpu[way], cpu.gRPC)),
    ]),
    notes: [
      `${rounds} rounds on a new server each of ${TURNS} slices of ${whole(CALLS)} inserts of new keys with 64-character values, ${IN_FLIGHT} under way on one connection, the ways in turn there and back; the ratio is of processor time of the server, the cheaper half of each round, until the store shows the last key.`,
      `One server, ${hasMosquitto() ? 'Mosquitto on the other core with the load' : 'its embedded broker in its figure'}, no mirror. A PUBACK is the broker’s word; an answer at resposta/ and one by gRPC are the store’s.`,
      'Checked: each insert by gRPC and pede/ was answered with version 1; the last keys of grava/ are there.',
    ],
  };
}

async function inserts(way: Way, fleet: Fleet, server: Member, first: number): Promise<number> {
  const startMs = performance.now();
  if (way === 'gRPC') {
    const manner = { connections: 1, inFlight: IN_FLIGHT, metadata: [] };
    return (await unaryLoad(server.port, 'insert', CALLS, first, CALLS, manner)).seconds;
  }
  const { seconds } = await mqttLoad(fleet, way, CALLS, first, IN_FLIGHT);
  const endedMs = performance.now();
  // The end of the load's process is no part of it, what the server still does is.
  for (const key of [first + CALLS - 1, first]) {
    await until(`${keyOf(key)} is there`, async () => (await server.client.latest(keyOf(key))) === 1);
  }
  const lateMs = performance.now() - endedMs;
  if (lateMs > endedMs - startMs) throw new Error('the door was not done when the load was');
  return seconds + lateMs / 1000;
}

/** From `grava/` to `valor/`. */
async function lags(): Promise<Table> {
  const rows: string[][] = [];
  await onServer(['--mqtt'], async (fleet) => {
    await mqttLoad(fleet, 'valor', LAG_CALLS / 5, 0, 0);
    for (const [name, others] of [
      ['idle', 0],
      [`${whole(HALF_LOAD)} other inserts/s`, HALF_LOAD],
    ] as const) {
      const { p50Ms, p99Ms } = await mqttLoad(fleet, 'valor', LAG_CALLS, 1, others);
      rows.push([name, fixed(p50Ms, 1), fixed(p99Ms, 1)]);
    }
  });
  return {
    title: 'A value’s way from grava/ to valor/',
    columns: ['Server', 'p50 (ms)', 'p99 (ms)'],
    rows,
    notes: [
      `${LAG_CALLS} values of one key, one after the other, 10 to 30 ms apart: from the publish of a client to its first message on valor/. The mirror gathers what changes within 20 ms.`,
      'Half load: half of the 2,000 publishes a second that a mirror makes at most, on 1,000 other keys.',
    ],
  };
}

/** Two servers on one core, one of them with a mirror that nobody subscribes to. */
async function mirrors(rounds: number): Promise<Table> {
  const names = ['off', 'on'] as const;
  const loaded = { off: [] as number[][], on: [] as number[][] };
  const finished = { off: [] as number[][], on: [] as number[][] };
  for (let round = 0; round < rounds; round++) {
    await onServer([], async (_off, off) =>
      onServer(['--mqtt'], async (_on, on) => {
        const slices = { off: [] as number[], on: [] as number[] };
        const all = { off: [] as number[], on: [] as number[] };
        let first = 0;
        for (const [at, isOn] of [false, true, ...MIRROR_ORDER].entries()) {
          const [name, { pid, port, said }] = isOn ? (['on', on] as const) : (['off', off] as const);
          const { answered, done } = await again(said, async () => {
            const before = await quiet(pid);
            const from = first;
            first += MIRROR_CALLS + 8;
            await unaryLoad(port, 'insert', MIRROR_CALLS, from, MIRROR_CALLS);
            const loadedMicros = cpuMicros(pid) - before;
            return { answered: loadedMicros, done: (await quiet(pid)) - before };
          });
          // The first ones are not counted: code that has never run is slow.
          if (at < 2) continue;
          slices[name].push(answered / MIRROR_CALLS);
          all[name].push(done / MIRROR_CALLS);
        }
        for (const name of names) {
          loaded[name].push(slices[name]);
          finished[name].push(all[name]);
        }
      }),
    );
  }
  const row = (name: string, { off, on }: Record<'off' | 'on', Rounds>): string[] => [
    name,
    ...[off, on].map((each) => fixed(median(each.flat()), 1)),
    ...ratioOf(on, off),
  ];
  return {
    title: 'What a mirror costs that nobody looks at, CPU µs of the server for each insert',
    columns: ['Counted', 'without --mqtt', 'with --mqtt', 'with ÷ without', '95 % interval'],
    rows: [row('until the last answer', loaded), row('until all is published', finished)],
    notes: [
      `${rounds} rounds of two new servers on one core, with slices of ${whole(MIRROR_CALLS)} unary inserts of new keys with 64-character values at full speed, with and without in turn; of each round the cheaper half.`,
      `Each insert is of a key of its own, so each one is a message. The mirror publishes at most 2,000 a second: the second row counts on until the server uses less than ${100 * QUIET_SHARE} % of its core.`,
    ],
  };
}

/** Waits until a process has nothing more to do. @returns its processor time before it was idle */
async function quiet(pid: number): Promise<number> {
  let last = cpuMicros(pid);
  for (;;) {
    await pause(QUIET_MS);
    const now = cpuMicros(pid);
    if (now - last < QUIET_SHARE * QUIET_MS * 1000) return last;
    last = now;
  }
}

async function onServer(
  options: readonly string[],
  measure: (fleet: Fleet, server: Member) => Promise<void>,
): Promise<void> {
  const fleet = await Fleet.open(hasMosquitto() ? 'mosquitto' : 'embedded', true);
  try {
    const server = await fleet.add(WRITER_CORE, options);
    await quiet(server.pid);
    await measure(fleet, server);
  } finally {
    await fleet.close();
  }
}

async function mqttLoad({ brokerUrl, name }: Fleet, kind: string, ...numbers: number[]): Promise<Found> {
  const args = [benchFile('mqtt-load'), brokerUrl, name, kind, ...numbers.map(String)];
  return JSON.parse(await run({ program: process.execPath, args, core: OTHERS_CORE })) as Found;
}

function ratioOf(one: Rounds, other: Rounds): string[] {
  const { ratio, low, high } = compare(one, other);
  return [fixed(ratio, 3), `${fixed(low, 3)} – ${fixed(high, 3)}`];
}
