import { compareCodePoints } from '../../core/text-order.js';
import type { Line } from '../../ports/lines.js';
import type { PartitionCaller } from './caller.js';
import { endOfPlace, keyOfPlace } from './layout.js';
import type { Stretch } from './layout.js';
import { partitionLimits } from './limits.js';
import { lineOfMaster } from './reads.js';
import { rowOfRecord } from './records.js';

/** Some versions of one partition, oldest first of each key, as they were at one time of its log. */
interface PresentPage {
  readonly partition: number;
  readonly lines: readonly Line[];
  /** The time of the last entry of the log then. */
  readonly us: number;
  /** The last version that it is about, told or not, and where to go on; `undefined`: that was all. */
  readonly upTo: VersionOfKey | undefined;
}

interface VersionOfKey {
  readonly key: string;
  readonly version: number;
}

/** What was told of a partition at one time of its log. */
type ToldPage = Pick<PresentPage, 'us' | 'upTo'>;

/** Which versions a state has told, as of which times. */
export class ToldState {
  private readonly pages = new Map<number, ToldPage[]>();

  note({ partition, us, upTo }: PresentPage): void {
    const known = this.pages.get(partition);
    if (known === undefined) this.pages.set(partition, [{ us, upTo }]);
    else known.push({ us, upTo });
  }

  /** Whether the state had what happened to a version at a time. */
  has(partition: number, us: number, { key, version }: VersionOfKey): boolean {
    const page = this.pages.get(partition)?.find(({ upTo }) => {
      if (upTo === undefined) return true;
      const order = compareCodePoints(key, upTo.key);
      return order < 0 || (order === 0 && version <= upTo.version);
    });
    return page !== undefined && us <= page.us;
  }
}

const INCLUDED = Buffer.from('[');
const EXCLUDED = Buffer.from('(');

/** Every version in a stretch of some partitions, in pages. */
export async function* presentRows(
  cluster: PartitionCaller,
  deadline: () => number,
  partitions: readonly number[],
  stretch: Stretch,
): AsyncGenerator<PresentPage, void> {
  const { walkBytes, presentRows, walkedAtOnce } = partitionLimits;
  const to = stretch.to === undefined ? '+' : Buffer.concat([EXCLUDED, stretch.to]);
  const page = async (
    partition: number,
    from: Buffer,
  ): Promise<PresentPage & { readonly rest: Buffer | null }> => {
    const args = [from, to, String(presentRows), String(walkBytes)];
    const reply = await cluster.call('present', partition, args, { deadline: deadline() });
    const [last, rest, ...rows] = reply as readonly [Buffer, Buffer | null, ...unknown[]];
    const lines: Line[] = [];
    for (let at = 0; at + 2 < rows.length; at += 3) {
      const [place, record, isNewest] = rows.slice(at, at + 3) as [Buffer, Buffer, number];
      lines.push(lineOfMaster(rowOfRecord(keyOfPlace(place), record), isNewest === 1));
    }
    return { partition, lines, us: Number(last), rest, upTo: rest === null ? undefined : versionIn(rest) };
  };
  const first = Buffer.concat([INCLUDED, stretch.from]);
  const asked: ReturnType<typeof page>[] = [];
  for (let next = 0; next < partitions.length || asked.length > 0;) {
    while (next < partitions.length && asked.length < walkedAtOnce) {
      const answer = page(partitions[next++] as number, first);
      // Whoever reads them in turn is told; until then a failure waits.
      answer.catch(() => undefined);
      asked.push(answer);
    }
    let one = await (asked.shift() as ReturnType<typeof page>);
    yield one;
    while (one.rest !== null) {
      one = await page(one.partition, one.rest);
      yield one;
    }
  }
}

/** Of a place to go on from: `(`, K, and four bytes, which are the version, or more than any. */
function versionIn(rest: Buffer): VersionOfKey {
  const end = endOfPlace(rest, EXCLUDED.length);
  return { key: keyOfPlace(rest.subarray(EXCLUDED.length, end)), version: rest.readUInt32BE(end) };
}
