import { Fleet, hasMosquitto } from '../support/fleet.js';
import type { Member } from '../support/fleet.js';
import { batchLoad } from '../support/load.js';
import { OTHERS_CORE, root, WRITER_CORE } from '../support/machine.js';
import { pause, until } from '../support/processes.js';
import { memoryUse, probeOptions } from '../support/server-memory.js';
import { programIn } from '../support/program.js';
import { median } from '../support/stats.js';
import type { Curve, Line } from './curve.js';
import { costOf, play, TURNS, USUAL } from './load.js';

const CALLS = 20_000;
const BATCH_PAIRS = 1_000;
const LAG_SAMPLES = 200;
/** Longer answers come in several frames, which the generator does not put together. */
const ASKED_BYTES_MAX = 1_024;

/** What grows, and how far. A short look leaves out the greatest sizes. */
type Grow = (isShort: boolean) => Promise<Curve>;

/** Curves by their names on the command line. */
export const CURVES: Readonly<Record<string, Grow>> = {
  chaves: keys,
  versoes: versions,
  servidores: servers,
  valores: values,
  clientes: clients,
};

async function keys(isShort: boolean): Promise<Curve> {
  const sizes = [1_000, 10_000, 100_000, 1_000_000, ...(isShort ? [] : [10_000_000])];
  const [insert, query, bytes, fill] = lines('insert', 'query', 'per entry', 'batches of 1,000 pairs');
  await withServer(async (server) => {
    const empty = (await memoryUse([server])).used;
    let [held, inserted] = [0, 0];
    for (const size of sizes) {
      const more = size - held;
      const filled = await batchLoad(server.port, more / BATCH_PAIRS, BATCH_PAIRS, `c${size}`);
      fill.values.push(filled.items / filled.seconds);
      held = size;
      bytes.values.push(((await memoryUse([server])).used - empty) / (held + inserted));
      const asked = { ...USUAL, port: server.port, calls: CALLS };
      const known = { ...asked, prefix: `c${size}`, firstKey: 0, keys: more };
      query.values.push((await costOf(server, () => ({ ...known, operation: 'query' }))).micros);
      const isNew = (turn: number) => ({ ...asked, prefix: `n${size}-${turn}`, firstKey: 0, keys: CALLS });
      insert.values.push((await costOf(server, (turn) => ({ ...isNew(turn), operation: 'insert' }))).micros);
      inserted += TURNS * CALLS;
    }
  });
  return {
    ...{ name: 'chaves', title: 'Growth with the number of keys', x: 'keys', sizes },
    plots: [
      { unit: 'CPU µs a call', lines: [insert, query] },
      { unit: 'bytes', lines: [bytes] },
      { unit: 'entries/s', lines: [fill] },
    ],
    notes: ['One server. Inserts are of new keys; queries spread over the keys without locality.'],
  };
}

async function versions(isShort: boolean): Promise<Curve> {
  const sizes = [1, 10, 100, 1_000, 10_000, 100_000, ...(isShort ? [] : [900_000])];
  const [insert, latest, old] = lines('insert', 'query of the latest', 'query of one in the middle');
  await withServer(async (server) => {
    for (const [i, size] of sizes.entries()) {
      // Many keys with so many versions each, where that is little: one key alone would be in every cache.
      const count = Math.max(1, Math.min(10_000, 100_000 / size));
      const load = { ...USUAL, port: server.port, prefix: `v${i}`, firstKey: 0, keys: count } as const;
      await play({ ...load, operation: 'insert', calls: size * count });
      const ask = { ...load, operation: 'query', calls: CALLS } as const;
      latest.values.push((await costOf(server, () => ask)).micros);
      const version = Math.max(1, size >> 1);
      old.values.push((await costOf(server, () => ({ ...ask, version }))).micros);
      const calls = Math.max(2_000, count);
      insert.values.push((await costOf(server, () => ({ ...load, operation: 'insert', calls }))).micros);
    }
  });
  return {
    ...{ name: 'versoes', title: 'Growth with the versions of a key', x: 'versions of each key', sizes },
    plots: [{ unit: 'CPU µs a call', lines: [insert, latest, old] }],
    notes: [
      'One server. Up to 100,000 entries they are spread over keys; more are versions of one key. Each round of inserts adds one to three versions to short histories.',
    ],
  };
}

async function servers(isShort: boolean): Promise<Curve> {
  const sizes = [1, 2, 3, 5, 10, ...(isShort ? [] : [20])];
  const [insert, received, lag] = lines(
    'insert, at the writer',
    'mutation, at a peer',
    'lag of an idle fleet',
  );
  const fleet = await Fleet.open(hasMosquitto() ? 'mosquitto' : 'embedded', true);
  try {
    const writer = await fleet.add(WRITER_CORE);
    for (const size of sizes) {
      while (fleet.members.length < size) await fleet.add(OTHERS_CORE);
      const peer = fleet.members.at(-1) as Member;
      await pause(2_000);
      let [turn, peerMicros] = [0, 0];
      const last = (at: number): string => `s${size}-${at}-${String(CALLS - 1).padStart(9, '0')}`;
      const loadOf = (at: number) => ({
        ...{ ...USUAL, port: writer.port, operation: 'insert' as const, calls: CALLS },
        ...{ prefix: `s${size}-${at}`, firstKey: 0, keys: CALLS },
      });
      const peerCost = await costOf(
        peer,
        (at) => loadOf((turn = at)),
        () =>
          until('the peer has it', async () => (await peer.client.latest(last(turn))) === 1, { everyMs: 20 }),
      );
      peerMicros = peerCost.micros;
      received.values.push(size === 1 ? undefined : peerMicros);
      insert.values.push(
        (
          await costOf(
            writer,
            (at) => loadOf(at + 10),
            () => pause(1_000),
          )
        ).micros,
      );
      lag.values.push(size === 1 ? undefined : await lagMs(writer, peer, `l${size}`));
    }
  } finally {
    await fleet.close();
  }
  return {
    ...{ name: 'servidores', title: 'Growth with the number of servers', x: 'servers', sizes },
    plots: [
      { unit: 'CPU µs each', lines: [insert, received] },
      { unit: 'ms, p50', lines: [lag] },
    ],
    notes: [
      'The writer alone on a core; all peers, the broker and the load share the other one, so that lag is that of a crowded machine.',
    ],
  };
}

async function values(isShort: boolean): Promise<Curve> {
  const sizes = [16, 64, 256, 1_024, 4_096, ...(isShort ? [] : [12_288])];
  const [insert, query] = lines('insert', 'query');
  await withServer(async (server) => {
    for (const size of sizes) {
      const calls = Math.min(CALLS, Math.ceil(200_000_000 / size / 10));
      const load = { ...USUAL, port: server.port, calls, firstKey: 0, keys: calls, valueBytes: size };
      const writes = (turn: number) => ({
        ...load,
        prefix: `t${size}-${turn}`,
        operation: 'insert' as const,
      });
      insert.values.push((await costOf(server, writes)).micros);
      const asks = { ...load, prefix: `t${size}-0`, operation: 'query' as const };
      query.values.push(size > ASKED_BYTES_MAX ? undefined : (await costOf(server, () => asks)).micros);
    }
  });
  return {
    ...{ name: 'valores', title: 'Growth with the size of values', x: 'bytes of a value', sizes },
    plots: [{ unit: 'CPU µs a call', lines: [insert, query] }],
    notes: [
      'One server. Each insert is of a new key. The generator takes no answers of several frames, so longer values are not asked for, and sends none that are longer than one.',
    ],
  };
}

async function clients(isShort: boolean): Promise<Curve> {
  const sizes = [1, 3, 10, 30, 100, 300, ...(isShort ? [] : [1_000])];
  const [insert, query, insertMs, queryMs] = lines('insert', 'query', 'insert', 'query');
  await withServer(async (server) => {
    for (const size of sizes) {
      const calls = Math.min(CALLS, size * 2_000);
      const load = {
        ...USUAL,
        port: server.port,
        calls,
        firstKey: 0,
        keys: calls,
        connections: size,
        inFlight: 1,
      };
      const writes = (turn: number) => ({
        ...load,
        prefix: `k${size}-${turn}`,
        operation: 'insert' as const,
      });
      const written = await costOf(server, writes);
      const asked = await costOf(server, () => ({ ...load, prefix: `k${size}-0`, operation: 'query' }));
      insert.values.push(written.micros);
      query.values.push(asked.micros);
      insertMs.values.push(written.p50Ms);
      queryMs.values.push(asked.p50Ms);
    }
  });
  return {
    ...{
      name: 'clientes',
      title: 'Growth with the number of clients',
      x: 'clients, one call at a time each',
      sizes,
    },
    plots: [
      { unit: 'CPU µs a call', lines: [insert, query] },
      { unit: 'ms, p50', lines: [insertMs, queryMs] },
    ],
    notes: ['One server. Each client has a connection of its own; opening them is in the figures.'],
  };
}

interface Growing extends Line {
  readonly values: (number | undefined)[];
}

function lines<const Names extends readonly string[]>(...names: Names): { [I in keyof Names]: Growing } {
  return names.map((name): Growing => ({ name, values: [] })) as { [I in keyof Names]: Growing };
}

/** Measures one server of a fleet without peers. */
async function withServer(measure: (server: Member) => Promise<void>): Promise<void> {
  const fleet = await Fleet.open('embedded', true, programIn(root, probeOptions()));
  try {
    await measure(await fleet.add(WRITER_CORE));
  } finally {
    await fleet.close();
  }
}

/** The middle time from the answer of one server to the first answer of another that has it. */
async function lagMs(from: Member, to: Member, prefix: string): Promise<number> {
  const lags: number[] = [];
  for (let i = 0; i < LAG_SAMPLES; i++) {
    const key = `${prefix}-${i}`;
    if ((await from.client.insert(key, 'valor')) !== 1) throw new Error('the insert was refused');
    const answeredMs = performance.now();
    while ((await to.client.latest(key)) !== 1);
    lags.push(performance.now() - answeredMs);
    await pause(5);
  }
  return median(lags);
}
