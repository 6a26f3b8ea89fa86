import type { CallRecord, CaosHistory } from '../history.js';
import { PROMISES } from '../promises.js';
import { numberOf } from './acknowledged.js';
import { observerOf } from './removed.js';
import { writesOf } from './requests.js';
import type { Finding } from './requests.js';

/**
 * Of a key from which nothing is removed, whoever sees one past (a session; without one, a life of a server) never sees
 * an older version than before, and what it writes is newer than what it has seen.
 */
export function wentBack({ run, calls }: CaosHistory): readonly Finding[] {
  if (!PROMISES[run.engine].sessions) return [];
  const shrinking = removedFrom(calls);
  const repeated = new Set(
    writesOf(calls)
      .filter(({ attempts }) => attempts.length > 1)
      .map(({ key, value }) => JSON.stringify([key, value])),
  );
  const findings: Finding[] = [];
  const seen = new Map<string, CallRecord[]>();
  for (const call of calls) {
    if (shrinking.has(call.key) || call.outcome !== 'ok') continue;
    const version = call.answer?.version ?? 0;
    const name = JSON.stringify([observerOf(call), call.key]);
    const before = seen.get(name) ?? [];
    seen.set(name, before);
    // Calls of several clients at one server overlap: only what had ended before counts.
    const newest = before
      .filter(({ returned }) => returned < call.called)
      .reduce((most, { answer }) => Math.max(most, answer?.version ?? 0), 0);
    before.push(call);
    const isWrite = call.op === 'insert' || call.op === 'compare';
    // One of several attempts is told the version that an earlier one took.
    const isRepeated = isWrite && repeated.has(JSON.stringify([call.key, call.value]));
    if (isRepeated || (isWrite ? version > newest : version >= newest)) continue;
    const text = `${call.process} em ${call.server}, ${call.op} de ${call.key}: versão ${String(version)}, depois de ver a ${String(newest)}`;
    findings.push({ rule: 'versão que volta atrás', text });
  }
  return findings;
}

/** Keys from which anything may have been removed. */
export function removedFrom(calls: readonly CallRecord[]): ReadonlySet<string> {
  const removals = calls.filter(({ op, outcome }) => {
    return (op === 'remove' || op === 'removeVersion') && outcome !== 'failed';
  });
  return new Set(removals.map(({ key }) => key));
}

/**
 * A write that `n` others confirmed is missing on no more servers than the rest, by any later read; one of an engine that
 * acknowledges on all servers is missing on none.
 */
export function unconfirmed({ run, calls, ends }: CaosHistory): readonly Finding[] {
  const { confirmations, everywhere, losesUnconfirmed } = PROMISES[run.engine];
  if (losesUnconfirmed || !(confirmations || everywhere)) return [];
  const shrinking = removedFrom(calls);
  const byKey = new Map<string, CallRecord[]>();
  for (const call of calls) {
    if (shrinking.has(call.key) || call.outcome !== 'ok' || call.op !== 'get') continue;
    const reads = byKey.get(call.key);
    if (reads === undefined) byKey.set(call.key, [call]);
    else reads.push(call);
  }
  return writesOf(calls).flatMap(({ key, value, answered }): Finding[] => {
    const confirmed = everywhere
      ? run.servers - 1
      : answered?.confirmed === true
        ? (answered.confirm ?? 0)
        : 0;
    const version = answered?.answer?.version ?? 0;
    if (answered === undefined || confirmed === 0) return [];
    const without = new Set(
      (byKey.get(key) ?? [])
        .filter(({ called, answer }) => called > answered.returned && (answer?.version ?? 0) < version)
        .map(({ server }) => server),
    );
    // Those without a disk forget what they confirmed when they die.
    const forgetful = new Set(
      ends
        .filter(({ server, at }) => at > answered.called && numberOf(server) > run.servers - run.withoutDisk)
        .map(({ server }) => server),
    );
    if (without.size <= run.servers - 1 - confirmed + forgetful.size) return [];
    const text = `"${value}" em ${key}, versão ${String(version)}, confirmado por ${String(confirmed)} além de ${answered.server}: leituras depois disso não o viam em ${[...without].join(', ')}`;
    return [{ rule: 'confirmação sem a gravação', text }];
  });
}
