import type { Line } from '../../ports/lines.js';
import { Unanswered } from './etcd-client.js';
import type { EtcdCaller } from './etcd-client.js';
import type { Expired } from './expired.js';
import { TXN } from './etcd-messages.js';
import { get, read } from './etcd-requests.js';
import { after, headKey, isPlaceOfValue, placeOfValue } from './layout.js';
import type { EtcdRange } from './layout.js';
import { lineFromRow } from './line-reads.js';
import { pageOf } from './pages.js';
import { ourHead, ourRow } from './records.js';

interface PresentDeps {
  readonly client: EtcdCaller;
  readonly expired: Expired;
  readonly deadline: () => number;
  /** Values asked for at once. */
  readonly rows: number;
}

/**
 * Pages of every version in a range of values that has not expired, oldest first for each key: the state at one revision.
 * @throws KvsError SEM_MAIORIA, LEITURA_VENCIDA
 */
export async function* presentPages(
  { client, expired, deadline, rows: most }: PresentDeps,
  range: EtcdRange,
  revision: number,
): AsyncGenerator<readonly Line[], void, undefined> {
  const local = { local: true } as const;
  let from = range.key;
  try {
    for (;;) {
      const { range_end } = range;
      const request = { key: from, range_end, revision, serializable: true };
      const { response } = await pageOf(client, request, most, { ...local, deadline: deadline() });
      const rows = response.kvs.flatMap((kv) => {
        if (!isPlaceOfValue(kv.key)) return [];
        const { key, timestamp } = placeOfValue(kv.key);
        const row = ourRow(key, timestamp, kv);
        return row === undefined || expired.isOver(row) ? [] : [row];
      });
      const keys = [...new Set(rows.map(({ key }) => key))];
      const latest = new Map<string, number | undefined>();
      if (keys.length > 0) {
        const success = keys.map((key) => get(headKey(key), { ...local, revision }));
        const options = { ...local, deadline: deadline() };
        const answer = await client.call(TXN, { compare: [], success, failure: [] }, options);
        for (const [index, key] of keys.entries()) {
          const head = read(answer.response, index);
          latest.set(key, head && ourHead(head)?.record.last?.version);
        }
      }
      yield rows.map((row) => lineFromRow(row, latest.get(row.key) === row.version));
      const last = response.kvs.at(-1);
      if (!response.more || last === undefined) return;
      from = after(last.key);
    }
  } catch (thrown) {
    throw thrown instanceof Unanswered ? thrown.toReadError() : thrown;
  }
}
