import type { CallRecord, CaosHistory, FinalRow } from '../history.js';

/** What a client wanted once, in as many attempts as it took. */
export interface Write {
  readonly key: string;
  readonly value: string;
  readonly process: string;
  readonly attempts: readonly CallRecord[];
  /** When the first attempt was made, and when the last one ended. */
  readonly called: number;
  readonly returned: number;
  /** `unknown`: one of the attempts may have been done, and none was answered. */
  readonly outcome: CallRecord['outcome'];
  /** The attempt that was answered. */
  readonly answered?: CallRecord;
}

/** Inserts and compares, each attempt with those of the same value. */
export function writesOf(calls: readonly CallRecord[]): readonly Write[] {
  const byValue = new Map<string, CallRecord[]>();
  for (const call of calls) {
    if ((call.op !== 'insert' && call.op !== 'compare') || call.value === undefined) continue;
    const name = JSON.stringify([call.key, call.value]);
    const attempts = byValue.get(name);
    if (attempts === undefined) byValue.set(name, [call]);
    else attempts.push(call);
  }
  return [...byValue.values()].map((attempts) => {
    const [first] = attempts as [CallRecord];
    const answered = attempts.find(({ outcome }) => outcome === 'ok');
    const isUnknown = attempts.some(({ outcome }) => outcome === 'unknown');
    return {
      key: first.key,
      value: first.value ?? '',
      process: first.process,
      attempts,
      called: first.called,
      returned: answered?.returned ?? Math.max(...attempts.map(({ returned }) => returned)),
      outcome: answered !== undefined ? 'ok' : isUnknown ? 'unknown' : 'failed',
      ...(answered !== undefined && { answered }),
    };
  });
}

/** Rows of one server by key. */
export function rowsByKey(rows: readonly FinalRow[]): ReadonlyMap<string, readonly FinalRow[]> {
  const keys = new Map<string, FinalRow[]>();
  for (const row of rows) {
    const known = keys.get(row[0]);
    if (known === undefined) keys.set(row[0], [row]);
    else known.push(row);
  }
  return keys;
}

/** A broken promise, for people. */
export interface Finding {
  readonly rule: string;
  readonly text: string;
}

/** No value stands twice under its key: whoever repeated a request by its id wrote once. */
export function doneTwice({ finals }: CaosHistory): readonly Finding[] {
  return finals.flatMap(({ server, rows }) => {
    const seen = new Map<string, number>();
    return rows.flatMap(([key, value, version]): Finding[] => {
      const name = JSON.stringify([key, value]);
      const before = seen.get(name);
      seen.set(name, version);
      if (before === undefined) return [];
      const text = `${server} tem "${value}" duas vezes em ${key}: versões ${String(before)} e ${String(version)}`;
      return [{ rule: 'pedido feito duas vezes', text }];
    });
  });
}

/** Nothing is there that nobody may have written: a write that failed, or none at all. */
export function neverWritten({ calls, finals }: CaosHistory): readonly Finding[] {
  const writes = new Map(writesOf(calls).map((write) => [JSON.stringify([write.key, write.value]), write]));
  return finals.flatMap(({ server, rows }) => {
    return rows.flatMap(([key, value, version]): Finding[] => {
      const write = writes.get(JSON.stringify([key, value]));
      if (write !== undefined && write.outcome !== 'failed') return [];
      const why = write === undefined ? 'que ninguém gravou' : 'cuja gravação foi recusada';
      return [
        {
          rule: 'valor sem autor',
          text: `${server} tem "${value}" em ${key}, versão ${String(version)}, ${why}`,
        },
      ];
    });
  });
}
