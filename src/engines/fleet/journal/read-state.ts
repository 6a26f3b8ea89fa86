import type { ClassicLevel } from 'classic-level';
import type { KeptEntry, KeptKey, KeyMark } from '../../../ports/journal.js';
import { decodeEntry, decodeMark, keyOf, placeOffset } from './layout.js';

// Records fetched at once; LevelDB reads them on another thread.
const RECORDS_PER_FETCH = 2_000;
const FETCH_BYTES = 1024 * 1024;

/** Reads every key of a state, with its mark and its entries, in record order. */
export async function readState(
  database: ClassicLevel<Buffer, Buffer>,
  range: { readonly gte: Buffer; readonly lt: Buffer },
  origins: readonly string[],
  take: (kept: KeptKey) => void,
): Promise<void> {
  const originName = (number: number): string => {
    const name = origins[number];
    if (name === undefined) throw new Error(`an entry of origin number ${number}, which has no name`);
    return name;
  };
  const iterator = database.iterator({ ...range, highWaterMarkBytes: FETCH_BYTES, fillCache: false });
  let present: Buffer | undefined;
  let place = 0;
  let mark: KeyMark | undefined;
  let entries: KeptEntry[] = [];
  const finish = (): void => {
    if (present) take({ key: keyOf(present, place), mark, entries });
    mark = undefined;
    entries = [];
  };
  try {
    for (;;) {
      const records = await iterator.nextv(RECORDS_PER_FETCH);
      if (records.length === 0) break;
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
    }
    finish();
  } finally {
    await iterator.close();
  }
}
