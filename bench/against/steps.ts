import { cpuMicros, moveToCore, OTHERS_CORE, WRITER_CORE } from '../support/machine.js';
import { unaryCalls } from '../support/unary-calls.js';
import type { Side } from './side.js';

const CONNECTIONS = 8;
const IN_FLIGHT = 32;
/** Unary calls of a slice: a tenth of a second. What disturbs the machine longer meets both builds. */
const CALLS = 3_000;
/** Streamed inserts of a slice. */
const INSERTS = 20_000;
/** Slices whose work is done and not measured: code that has not run often is slow, and differently slow each time. */
const UNARY_WARM_UP = 10;
const STREAM_WARM_UP = 4;
/** Entries that memory is measured with, and that a late server takes, at least. */
const ENTRIES = 300_000;

/** Something that a build uses, per call, mutation or entry: less is better. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly decimals: number;
}

/** A part of a round, made of slices that the two builds do in turn. */
export interface Step {
  /** Its name for `--only`. */
  readonly section: string;
  readonly figures: readonly Figure[];
  readonly slices: number;
  /** Brings a side to the state in which slices are measured. */
  prepare(side: Side): Promise<void>;
  /** @returns a value of each figure */
  slice(side: Side, number: number): Promise<readonly number[]>;
}

/** Calls of one of the two servers, each with a key of its own. The servers take turns, so that there are two processes of each build in a round. */
async function unary(side: Side, operation: 'insert' | 'query', turn: number): Promise<number> {
  const [called, other] = turn % 2 === 0 ? [side.server, side.peer] : [side.peer, side.server];
  const before = side.cpu(called);
  await unaryCalls({
    port: called.port,
    operation,
    calls: CALLS,
    firstKey: operation === 'insert' ? side.keys : 0,
    keys: side.keys,
    connections: CONNECTIONS,
    inFlight: IN_FLIGHT,
  });
  if (operation === 'insert') {
    side.keys += CALLS;
    side.entries += CALLS;
    await side.settled(called, other);
  }
  return (side.cpu(called) - before) / CALLS;
}

/** @returns the cost of an insert to the server that is called, and of the mutation to the peer that receives it */
async function streamed(side: Side): Promise<readonly [number, number]> {
  const [sent, received] = [side.cpu(side.server), side.cpu(side.peer)];
  await side.stream(INSERTS);
  return [(side.cpu(side.server) - sent) / INSERTS, (side.cpu(side.peer) - received) / INSERTS];
}

/** @returns the cost of an entry to a server that starts, takes the whole state and serves */
async function join(side: Side): Promise<number> {
  const joiner = await side.fleet.add(WRITER_CORE);
  const cpu = cpuMicros(joiner.pid);
  await side.fleet.kill(joiner);
  return cpu / side.entries;
}

function unaryStep(operation: 'insert' | 'query'): Step {
  return {
    section: 'unary',
    figures: [{ name: `unary ${operation}`, unit: 'CPU µs/call', decimals: 1 }],
    slices: 16,
    prepare: async (side) => {
      for (let i = 0; i < UNARY_WARM_UP; i++) await unary(side, operation, i);
    },
    slice: async (side, number) => [await unary(side, operation, number)],
  };
}

/** All parts of a round, in their order. */
export const STEPS: readonly Step[] = [
  unaryStep('insert'),
  unaryStep('query'),
  {
    section: 'streams',
    figures: [
      { name: 'streamed insert', unit: 'CPU µs/insert', decimals: 2 },
      { name: 'receiving', unit: 'CPU µs/mutation', decimals: 2 },
    ],
    slices: 12,
    prepare: async (side) => {
      for (let i = 0; i < STREAM_WARM_UP; i++) await streamed(side);
    },
    slice: streamed,
  },
  {
    section: 'memory',
    figures: [
      { name: 'memory, heap', unit: 'bytes/entry', decimals: 1 },
      { name: 'memory, resident', unit: 'bytes/entry', decimals: 0 },
    ],
    slices: 1,
    prepare: (side) => side.fillTo(ENTRIES),
    slice: async (side) => {
      const { used, resident } = await side.memoryPerEntry();
      return [used, resident];
    },
  },
  {
    section: 'join',
    figures: [{ name: 'joining', unit: 'CPU µs/entry', decimals: 2 }],
    slices: 1,
    prepare: async (side) => {
      await side.fillTo(ENTRIES);
      // The joiner has the core to itself.
      for (const { pid } of [side.server, side.peer]) moveToCore(OTHERS_CORE, pid);
    },
    slice: async (side) => [await join(side)],
  },
];
