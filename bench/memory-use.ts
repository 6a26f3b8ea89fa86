/**
 * Fills a store and tells what it uses.
 *
 *     node --expose-gc memory-use.js map|engine <keys> <versions of each>      prints one JSON object
 */
import { decodeKeyValue } from '../src/doors/grpc/kvs/wire.js';
import { aloneEngine } from './support/alone.js';
import { keyValueFrame, valueOf } from './support/messages.js';
import { verbs } from '../tests/support/verbs.js';

const INSERTS_PER_TURN = 32;
const PREFIX_BYTES = 5;

interface Filled {
  insert(key: string, value: string): void;
  /** Entries that are in it. */
  count(): number;
}

function plainMap(): Filled {
  const map = new Map<string, Map<number, string>>();
  return {
    insert: (key, value) => {
      const versions = map.get(key);
      if (versions === undefined) map.set(key, new Map([[1, value]]));
      else versions.set(versions.size + 1, value);
    },
    count: () => [...map.values()].reduce((sum, versions) => sum + versions.size, 0),
  };
}

/** A serving engine, alone. */
async function engine(): Promise<Filled> {
  const fleet = await aloneEngine();
  return {
    insert: (key, value) => {
      verbs(fleet).insert(key, value);
    },
    count: () => fleet.store.entryCount,
  };
}

async function collect(): Promise<NodeJS.MemoryUsage> {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage();
}

if (globalThis.gc === undefined) throw new Error('run it with --expose-gc');
const [what, keysText, versionsText] = process.argv.slice(2);
const keys = Number(keysText);
const versions = Number(versionsText);
const filled = what === 'map' ? plainMap() : await engine();
const before = await collect();
for (let i = 0; i < keys * versions; i++) {
  const frame = keyValueFrame(`chave-${String(i % keys).padStart(10, '0')}`, valueOf(i));
  const { key, value } = decodeKeyValue(frame.subarray(PREFIX_BYTES));
  if (key === undefined || value === undefined) throw new Error('not decoded');
  filled.insert(key, value);
  if (i % INSERTS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
}
const after = await collect();
const entries = filled.count();
if (entries !== keys * versions) throw new Error(`${entries} entries`);
const used = (memory: NodeJS.MemoryUsage): number => memory.heapUsed + memory.external;
console.log(
  JSON.stringify({
    usedBytes: (used(after) - used(before)) / entries,
    residentBytes: (after.rss - before.rss) / entries,
  }),
);
process.exit(0);
