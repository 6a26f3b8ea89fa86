import type { CallRecord, CaosHistory } from '../history.js';
import { PROMISES } from '../promises.js';
import { rowsByKey } from './requests.js';
import type { Finding } from './requests.js';

/** A value that was there, with its version, for somebody. */
interface Sighting {
  readonly value: string;
  readonly version: number;
  readonly returned: number;
  readonly by: string;
}

/**
 * What a removal had seen is gone for good. A removal takes what its writer had observed: what its session had seen
 * before, and where every server shows every acknowledged write, what anybody had seen before.
 */
export function cameBack(history: CaosHistory): readonly Finding[] {
  const { everywhere, losesUnconfirmed, sessions } = PROMISES[history.run.engine];
  const sightings = new Map<string, Sighting[]>();
  const gone: { readonly key: string; readonly value: string; readonly removal: CallRecord }[] = [];
  for (const call of history.calls) {
    if (call.outcome !== 'ok') continue;
    if (call.op === 'remove' || call.op === 'removeVersion') {
      if (call.answer?.version === 0) continue;
      // A master that is gone may take a removal with it.
      if (losesUnconfirmed && call.confirmed !== true) continue;
      const isSeen = everywhere || !sessions ? () => true : (by: string) => by === observerOf(call);
      for (const { value, version, returned, by } of sightings.get(call.key) ?? []) {
        const isMeant = call.op === 'remove' || call.version === version;
        if (isMeant && returned < call.called && isSeen(by))
          gone.push({ key: call.key, value, removal: call });
      }
      continue;
    }
    const value = call.op === 'get' ? call.answer?.value : call.value;
    const { version } = call.answer ?? { version: 0 };
    if (value === undefined || version === 0) continue;
    const { key, returned } = call;
    const sighting = { value, version, returned, by: observerOf(call) };
    const known = sightings.get(key);
    if (known === undefined) sightings.set(key, [sighting]);
    else known.push(sighting);
  }
  const finals = history.finals.map(({ server, rows }) => ({ server, keys: rowsByKey(rows) }));
  return gone.flatMap(({ key, value, removal }) => {
    return finals.flatMap(({ server, keys }): Finding[] => {
      if (!(keys.get(key) ?? []).some(([, held]) => held === value)) return [];
      const text = `"${value}" em ${key}, removido por ${removal.process} em ${removal.server} aos ${removal.called.toFixed(0)} ms, está em ${server}`;
      return [{ rule: 'removido que voltou', text }];
    });
  });
}

/** Whoever sees one consistent past: a session, or else one life of a server. */
export function observerOf({ process, session, server, life }: CallRecord): string {
  return session === undefined ? `${server}/${String(life)}` : `${process}#${String(session)}`;
}
