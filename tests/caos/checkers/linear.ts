import { byKey, checkHistory } from '../../support/linearizability/check.js';
import type { Answer, Operation, Request } from '../../support/linearizability/history.js';
import { SearchLimit } from '../../support/linearizability/search.js';
import type { CallRecord, CaosHistory } from '../history.js';
import { PROMISES } from '../promises.js';
import { writesOf } from './requests.js';
import type { Finding } from './requests.js';

/** The keys of an engine with one order of writes, and what became of their search. */
export interface LinearReport {
  readonly findings: readonly Finding[];
  readonly keys: number;
  /** Keys whose search was given up: neither yes nor no. */
  readonly undecided: readonly string[];
}

/** Whether calls of each key can be put into one order that explains every answer. */
export function linearizable(history: CaosHistory): LinearReport {
  const findings: Finding[] = [];
  const undecided: string[] = [];
  const keys = byKey(operationsOf(history));
  for (const [key, operations] of keys) {
    try {
      const verdict = checkHistory(operations);
      if (!verdict.linearizable) findings.push({ rule: 'sem ordem que explique', text: verdict.explanation });
    } catch (thrown) {
      if (!(thrown instanceof SearchLimit)) throw thrown;
      undecided.push(key);
    }
  }
  return { findings, keys: keys.size, undecided };
}

/** Calls as the checker takes them: all attempts of one request id are one operation; last, what all servers hold. */
export function operationsOf(history: CaosHistory): readonly Operation[] {
  const { linearizable: extent } = PROMISES[history.run.engine];
  if (extent === 'no') return [];
  const writes = writesOf(history.calls).map((write): Operation => {
    const [attempt] = write.attempts as [CallRecord];
    const { process: client, key, called, returned, outcome } = { ...attempt, ...write };
    const request: Request =
      attempt.op === 'compare'
        ? { kind: 'compare', expected: attempt.version ?? 0, value: write.value }
        : { kind: 'insert', value: write.value };
    const common = { client, key, request, called, returned };
    if (attempt.code === 'VERSAO_OUTRA') return answered(common, { refused: true });
    if (outcome !== 'ok') return { ...common, outcome: { kind: outcome } };
    return answered(common, { made: { version: write.answered?.answer?.version ?? 0 } });
  });
  const others = history.calls.flatMap((call): Operation[] => {
    if (call.op === 'insert' || call.op === 'compare') return [];
    if (call.op === 'get' && extent === 'writes') return [];
    const { process: client, key, called, returned, outcome } = call;
    const common = { client, key, request: requestOf(call), called, returned };
    if (outcome !== 'ok') return [{ ...common, outcome: { kind: outcome } }];
    return [answered(common, answerOf(call))];
  });
  return [...writes, ...others, ...lastReads(history)];
}

function answered(operation: Omit<Operation, 'outcome'>, answer: Answer): Operation {
  return { ...operation, outcome: { kind: 'answered', answer } };
}

function requestOf({ op, version }: CallRecord): Request {
  if (op === 'get') return { kind: 'get' };
  return op === 'remove' ? { kind: 'removeAll' } : { kind: 'remove', version: version ?? 0 };
}

function answerOf({ op, answer, code }: CallRecord): Answer {
  const { version, value } = answer ?? { version: 0 };
  if (op === 'get')
    return { found: version === 0 ? null : { version, ...(value !== undefined && { value }) } };
  if (op === 'remove') return { found: version === 0 ? null : {} };
  return { removed: code === 'CHAVE_INEXISTENTE' ? 'noKey' : code === undefined ? 'removed' : 'noVersion' };
}

/** What the first server held at the end, as reads after everything else. */
function lastReads({ calls, finals }: CaosHistory): readonly Operation[] {
  const [final] = finals;
  if (final === undefined) return [];
  const end = calls.reduce((latest, { returned }) => Math.max(latest, returned), 0);
  const newest = new Map<string, { readonly value: string; readonly version: number }>();
  for (const [key, value, version] of final.rows) {
    if ((newest.get(key)?.version ?? 0) < version) newest.set(key, { value, version });
  }
  return [...new Set(calls.map(({ key }) => key))].map((key): Operation => {
    const common = {
      client: 'fim',
      key,
      request: { kind: 'get' } as const,
      called: end + 1,
      returned: end + 2,
    };
    return answered(common, { found: newest.get(key) ?? null });
  });
}
