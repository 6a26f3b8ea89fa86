import type { CallRecord, CaosHistory } from '../history.js';
import { PROMISES } from '../promises.js';
import { rowsByKey, writesOf } from './requests.js';
import type { Finding, Write } from './requests.js';

/** What was acknowledged, and promised to last, is on every server, with the version that was told, unless removed. */
export function lostWrites(history: CaosHistory): readonly Finding[] {
  const removals = byKey(history.calls.filter(isRemoval));
  const finals = history.finals.map(({ server, rows }) => ({ server, keys: rowsByKey(rows) }));
  return writesOf(history.calls).flatMap((write) => {
    const { answered } = write;
    if (answered === undefined || !isPromised(history, write, answered)) return [];
    const version = answered.answer?.version;
    const explained = (removals.get(write.key) ?? []).some((removal) => mayRemove(removal, write, version));
    if (explained) return [];
    return finals.flatMap(({ server, keys }): Finding[] => {
      const row = (keys.get(write.key) ?? []).find(([, value]) => value === write.value);
      if (row !== undefined && row[2] === version) return [];
      const found = row === undefined ? 'não o tem' : `o tem na versão ${String(row[2])}`;
      const told = `"${write.value}" em ${write.key}, confirmado a ${write.process} por ${answered.server} na versão ${String(version)}`;
      return [{ rule: 'gravação confirmada perdida', text: `${told}: ${server} ${found}` }];
    });
  });
}

/** How many acknowledged writes are gone that the engine does not promise to keep: told, and no finding. */
export function lossesAllowed(history: CaosHistory): number {
  const removals = byKey(history.calls.filter(isRemoval));
  const [first] = history.finals;
  if (first === undefined) return 0;
  const keys = rowsByKey(first.rows);
  return writesOf(history.calls).filter((write) => {
    const { answered } = write;
    if (answered === undefined || isPromised(history, write, answered)) return false;
    const explained = (removals.get(write.key) ?? []).some((removal) => {
      return mayRemove(removal, write, answered.answer?.version);
    });
    return !explained && !(keys.get(write.key) ?? []).some(([, value]) => value === write.value);
  }).length;
}

function isRemoval({ op, outcome }: CallRecord): boolean {
  return (op === 'remove' || op === 'removeVersion') && outcome !== 'failed';
}

/** A removal that ended before the write began cannot have seen it; one of unknown outcome may still be done. */
function mayRemove(removal: CallRecord, write: Write, version: number | undefined): boolean {
  if (removal.outcome === 'ok' && removal.returned < write.called) return false;
  return removal.op === 'remove' || removal.version === version;
}

function isPromised({ run, ends }: CaosHistory, write: Write, answered: CallRecord): boolean {
  const confirmed = answered.confirmed === true ? (answered.confirm ?? 0) : 0;
  if (PROMISES[run.engine].losesUnconfirmed) return confirmed > 0;
  if (run.engine !== 'frota' || run.withoutDisk === 0) return true;
  const diskServers = run.servers - run.withoutDisk;
  if (numberOf(answered.server) <= diskServers) return true;
  // More others said that they hold it than there are without a disk.
  if (confirmed >= run.withoutDisk) return true;
  // The server that took any attempt of it lives on, and hands it over.
  return !ends.some(({ server, at }) => server === answered.server && at >= write.called);
}

/** `s3` → 3. */
export function numberOf(server: string): number {
  return Number(server.slice(1));
}

function byKey(calls: readonly CallRecord[]): ReadonlyMap<string, readonly CallRecord[]> {
  const keys = new Map<string, CallRecord[]>();
  for (const call of calls) {
    const known = keys.get(call.key);
    if (known === undefined) keys.set(call.key, [call]);
    else known.push(call);
  }
  return keys;
}
