import type { ClassicLevel } from 'classic-level';
import type { VectorEntries } from '../../../core/dot.js';
import type { Origins } from '../../../core/origins.js';
import type { KeptEntry, KeptKey, KeyMark } from '../../../ports/journal.js';
import { decodeOrigin, keyOf, originNumber, originRange, placeOffset, stateRange } from './layout.js';
import { decodeEntry, decodeMark } from './records.js';

// Records fetched at once; LevelDB reads them on another thread.
const RECORDS_PER_FETCH = 2_000;
const FETCH = { highWaterMarkBytes: 1024 * 1024, fillCache: false } as const;

type Database = ClassicLevel<Buffer, Buffer>;

/** Encoding of the records of origins. */
export const TEXT = { keyEncoding: 'utf8', valueEncoding: 'utf8' } as const;

/** Reads every key of a state, with its mark and its entries, in record order. */
export async function readKeys(
  database: Database,
  generation: number,
  numbers: Origins,
  take: (kept: KeptKey) => void,
): Promise<void> {
  const originName = (number: number): string => {
    if (number >= numbers.count) throw new Error(`origin number ${number} has no name`);
    return numbers.nameAt(number);
  };
  let present: Buffer | undefined;
  let place = 0;
  let mark: KeyMark | undefined;
  let entries: KeptEntry[] = [];
  const finish = (): void => {
    if (present) take({ key: keyOf(present, place), mark, entries });
    mark = undefined;
    entries = [];
  };
  const iterator = database.iterator({ ...stateRange(generation), ...FETCH });
  await eachFetch(iterator, (records) => {
    for (const [key, value] of records) {
      // Records of one key share everything before the place, and the terminator there occurs nowhere else.
      if (!present || key.length < place || key.compare(present, 0, place, 0, place) !== 0) {
        finish();
        present = key;
        place = placeOffset(key);
      }
      if (key.length === place) mark = decodeMark(value);
      else entries.push(decodeEntry(key, place, value, originName));
    }
  });
  finish();
}

/** Reads the records of all origins into `numbers`, and passes on what they say of the vector. */
export async function readOrigins(
  database: Database,
  numbers: Origins,
  take: (entries: VectorEntries) => void,
): Promise<void> {
  const iterator = database.iterator<string, string>({ ...originRange(), ...FETCH, ...TEXT });
  await eachFetch(iterator, (records) => {
    const entries = records.map(([key, value]) => {
      const [name, seq] = decodeOrigin(value);
      if (numbers.indexOf(name) !== originNumber(key)) throw new Error(`origin ${name} is out of order`);
      return [name, seq] as const;
    });
    take(entries);
  });
}

async function eachFetch<T>(
  iterator: { nextv(size: number): Promise<[T, T][]>; close(): Promise<void> },
  take: (records: [T, T][]) => void,
): Promise<void> {
  try {
    for (;;) {
      const records = await iterator.nextv(RECORDS_PER_FETCH);
      if (records.length === 0) return;
      take(records);
    }
  } finally {
    await iterator.close();
  }
}
