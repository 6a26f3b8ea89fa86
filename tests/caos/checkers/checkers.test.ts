import { describe, expect, it } from 'vitest';
import type { CallRecord, CaosHistory, CaosRecord, EngineName, FinalRow } from '../history.js';
import { historyOf } from '../history.js';
import { porcupineText } from '../porcupine/export.js';
import { judge } from './check.js';

type Call = Partial<CallRecord> & Pick<CallRecord, 'op'>;

/** One call after the other, each of which ends before the next begins, on key `k` by session 1 of `c1` at `s1`. */
function history(
  engine: EngineName,
  calls: readonly Call[],
  rows: readonly FinalRow[],
  more: readonly CaosRecord[] = [],
  withoutDisk = 0,
): CaosHistory {
  const records = calls.map((call, index): CallRecord => ({
    ...{ kind: 'call', process: 'c1', session: 1, server: 's1', life: 1, key: 'k', outcome: 'ok' },
    ...{ called: 10 * index, returned: 10 * index + 5 },
    ...call,
  }));
  const finals = ['s1', 's2', 's3'].map((server): CaosRecord => {
    return { kind: 'final', server, health: { '': 'SERVING' }, agrees: true, rows };
  });
  const run: CaosRecord = { kind: 'run', engine, seed: 1, seconds: 1, servers: 3, withoutDisk };
  const replaced = new Set(more.flatMap((record) => (record.kind === 'final' ? [record.server] : [])));
  const kept = finals.filter((record) => record.kind !== 'final' || !replaced.has(record.server));
  return historyOf([run, ...records, ...kept, ...more]);
}

const insert = (value: string, version: number, more: Partial<CallRecord> = {}): Call => {
  return { op: 'insert', value, answer: { version, value }, ...more };
};
const get = (value: string, version: number, more: Partial<CallRecord> = {}): Call => {
  return { op: 'get', answer: { version, value }, ...more };
};
const nothing = (more: Partial<CallRecord> = {}): Call => ({ op: 'get', answer: { version: 0 }, ...more });
const removeAll = (more: Partial<CallRecord> = {}): Call => ({
  op: 'remove',
  answer: { version: 1 },
  ...more,
});
const removeOne = (version: number, more: Partial<CallRecord> = {}): Call => {
  return { op: 'removeVersion', version, answer: { version }, ...more };
};
const other = { process: 'c2', session: 1 };
const end = (server: string, at: number): CaosRecord => ({ kind: 'end', server, life: 1, at, by: 'fault' });

const right: Readonly<Record<string, CaosHistory>> = {
  'what was acknowledged is there': history('frota', [insert('a', 1)], [['k', 'a', 1]]),
  'an unknown write may be there': history(
    'frota',
    [{ op: 'insert', value: 'a', outcome: 'unknown' }],
    [['k', 'a', 1]],
  ),
  'an unknown write may be missing': history('frota', [{ op: 'insert', value: 'a', outcome: 'unknown' }], []),
  'removed and gone': history('frota', [insert('a', 1), removeAll()], []),
  'one version removed, the other there': history(
    'frota',
    [insert('a', 1), insert('b', 2), removeOne(1)],
    [['k', 'b', 2]],
  ),
  'an unknown removal explains what is missing': history(
    'frota',
    [removeAll({ outcome: 'unknown' }), insert('a', 1)],
    [],
  ),
  'a removal of another session had not seen it': history(
    'frota',
    [insert('a', 1), removeAll({ ...other, server: 's2' })],
    [['k', 'a', 1]],
  ),
  'a repeated request stands once, as answered': history(
    'frota',
    [
      { op: 'insert', value: 'a', request: 'r', attempt: 1, outcome: 'unknown' },
      insert('a', 1, { request: 'r', attempt: 2, server: 's2' }),
    ],
    [['k', 'a', 1]],
  ),
  'lost with a server without a disk': history(
    'frota',
    [insert('a', 1, { server: 's3' })],
    [],
    [end('s3', 50)],
    1,
  ),
  'two confirmed, one lacks it': history(
    'frota',
    [insert('a', 1, { confirm: 1, confirmed: true }), nothing({ ...other, server: 's3' })],
    [['k', 'a', 1]],
  ),
  'another session has not seen it yet': history('frota', [insert('a', 1), nothing(other)], [['k', 'a', 1]]),
  'a new life of a server begins behind': history(
    'frota',
    [get('a', 1, { process: 'c2' }), nothing({ ...other, life: 2 })].map(withoutSession),
    [],
  ),
  'an order on the consensus': history(
    'consenso',
    [
      insert('a', 1),
      { op: 'compare', value: 'b', version: 1, answer: { version: 2, value: 'b' } },
      { op: 'compare', value: 'c', version: 1, outcome: 'failed', code: 'VERSAO_OUTRA' },
      get('b', 2),
    ],
    [
      ['k', 'a', 1],
      ['k', 'b', 2],
    ],
  ),
  'an unconfirmed write of a partition is lost': history('particoes', [insert('a', 1)], []),
};

/** With the rule that must find it. */
const wrong: Readonly<Record<string, readonly [rule: string, CaosHistory]>> = {
  'an acknowledged write is missing': ['gravação confirmada perdida', history('frota', [insert('a', 1)], [])],
  'it has another version': [
    'gravação confirmada perdida',
    history('frota', [insert('a', 1)], [['k', 'a', 2]]),
  ],
  'a removal before it explains nothing': [
    'gravação confirmada perdida',
    history('frota', [removeAll(), insert('a', 1)], []),
  ],
  'the removal of another version explains nothing': [
    'gravação confirmada perdida',
    history('frota', [insert('a', 1), removeOne(2)], []),
  ],
  'a server without a disk lives and has lost it': [
    'gravação confirmada perdida',
    history('frota', [insert('a', 1, { server: 's3' })], [], [], 1),
  ],
  'confirmed by one with a disk, and lost': [
    'gravação confirmada perdida',
    history('frota', [insert('a', 1, { server: 's3', confirm: 1, confirmed: true })], [], [end('s3', 50)], 1),
  ],
  'a confirmed write of a partition is lost': [
    'gravação confirmada perdida',
    history('particoes', [insert('a', 1, { confirm: 1, confirmed: true })], []),
  ],
  'missing on one server': [
    'gravação confirmada perdida',
    history(
      'frota',
      [insert('a', 1)],
      [['k', 'a', 1]],
      [{ kind: 'final', server: 's2', health: { '': 'SERVING' }, agrees: true, rows: [] }],
    ),
  ],
  'removed and there again': [
    'removido que voltou',
    history('frota', [insert('a', 1), removeAll()], [['k', 'a', 1]]),
  ],
  'one version removed and there again': [
    'removido que voltou',
    history(
      'frota',
      [get('a', 1), { ...removeOne(1) }, { op: 'insert', value: 'a', outcome: 'unknown' }],
      [['k', 'a', 1]],
    ),
  ],
  'removed by another client where all is shown to all': [
    'removido que voltou',
    history('consenso', [insert('a', 1), removeAll(other)], [['k', 'a', 1]]),
  ],
  'a request is done twice': [
    'pedido feito duas vezes',
    history(
      'frota',
      [
        { op: 'insert', value: 'a', request: 'r', attempt: 1, outcome: 'unknown' },
        insert('a', 2, { request: 'r', attempt: 2, server: 's2' }),
      ],
      [
        ['k', 'a', 1],
        ['k', 'a', 2],
      ],
    ),
  ],
  'a failed write is there': [
    'valor sem autor',
    history('frota', [{ op: 'insert', value: 'a', outcome: 'failed' }], [['k', 'a', 1]]),
  ],
  'a value that nobody wrote': ['valor sem autor', history('frota', [], [['k', 'z', 1]])],
  'a session goes back': [
    'versão que volta atrás',
    history('frota', [insert('a', 1), nothing({ server: 's2' })], [['k', 'a', 1]]),
  ],
  'a session writes a version that it has seen': [
    'versão que volta atrás',
    history(
      'frota',
      [get('a', 1), insert('b', 1, { server: 's2' }), { op: 'insert', value: 'a', outcome: 'unknown' }],
      [
        ['k', 'a', 1],
        ['k', 'b', 1],
      ],
    ),
  ],
  'a server goes back within a life': [
    'versão que volta atrás',
    history('frota', [insert('a', 1), nothing()].map(withoutSession), [['k', 'a', 1]]),
  ],
  'confirmed by all, and one lacks it': [
    'confirmação sem a gravação',
    history(
      'frota',
      [insert('a', 1, { confirm: 2, confirmed: true }), nothing({ ...other, server: 's3' })],
      [['k', 'a', 1]],
    ),
  ],
  'acknowledged by a leader, and one lacks it': [
    'confirmação sem a gravação',
    history('lider', [insert('a', 1), nothing({ ...other, server: 's3' })], [['k', 'a', 1]]),
  ],
  'servers differ in the end': [
    'servidores diferentes no fim',
    history(
      'frota',
      [{ op: 'insert', value: 'a', outcome: 'unknown' }],
      [['k', 'a', 1]],
      [{ kind: 'final', server: 's3', health: { '': 'SERVING' }, agrees: true, rows: [] }],
    ),
  ],
  'a server does not agree': [
    'servidores diferentes no fim',
    history('frota', [], [], [{ kind: 'final', server: 's3', health: {}, agrees: false, rows: [] }]),
  ],
  'a server is not well': [
    'saúde no fim',
    history(
      'frota',
      [],
      [],
      [{ kind: 'final', server: 's3', health: { 'kvs.disco': 'NOT_SERVING' }, agrees: true, rows: [] }],
    ),
  ],
  'a session is refused in the end': [
    'sessão perdida',
    history('frota', [{ op: 'get', outcome: 'failed', code: 'SESSAO_ADIANTE', last: true }], []),
  ],
  'a server ends by itself': [
    'falha do próprio servidor',
    history('frota', [], [], [{ kind: 'end', server: 's1', life: 1, at: 1, by: 'itself' }]),
  ],
  'a server raises an alarm': [
    'falha do próprio servidor',
    history('frota', [], [], [{ kind: 'alarm', server: 's1', text: 'ALARME' }]),
  ],
  'a server answers with an error of its own': [
    'falha do próprio servidor',
    history('frota', [{ op: 'get', outcome: 'unknown', code: 'INTERNO' }], []),
  ],
  'a stale read on the consensus': [
    'sem ordem que explique',
    history(
      'consenso',
      [insert('a', 1), insert('b', 2), get('a', 1, other)],
      [
        ['k', 'a', 1],
        ['k', 'b', 2],
      ],
    ),
  ],
  'two comparisons of one version on the consensus': [
    'sem ordem que explique',
    history(
      'consenso',
      [
        insert('a', 1),
        { op: 'compare', value: 'b', version: 1, answer: { version: 2, value: 'b' } },
        { op: 'compare', value: 'c', version: 1, answer: { version: 3, value: 'c' } },
      ],
      [
        ['k', 'a', 1],
        ['k', 'b', 2],
        ['k', 'c', 3],
      ],
    ),
  ],
  'two writes of one version with a leader': [
    'sem ordem que explique',
    history(
      'lider',
      [insert('a', 1), insert('b', 1, other)],
      [
        ['k', 'a', 1],
        ['k', 'b', 1],
      ],
    ),
  ],
};

function withoutSession(call: Call): Call {
  return { ...call, session: undefined } as unknown as Call;
}

describe('the checkers of recorded runs', () => {
  it.each(Object.keys(right))('accept: %s', (name) => {
    expect(judge(right[name]!).findings).toEqual([]);
  });

  it.each(Object.keys(wrong))('reject: %s', (name) => {
    const [rule, broken] = wrong[name]!;
    expect(judge(broken).findings.map((finding) => finding.rule)).toContain(rule);
  });

  it('the history for Porcupine has one operation for all attempts, and none that was not done', () => {
    const lines = porcupineText(
      history(
        'consenso',
        [
          {
            op: 'insert',
            value: 'a',
            request: 'r',
            attempt: 1,
            outcome: 'unknown',
            code: 'DEADLINE_EXCEEDED',
          },
          insert('a', 1, { request: 'r', attempt: 2 }),
          { op: 'insert', value: 'b', outcome: 'failed' },
          { op: 'insert', value: 'c', outcome: 'unknown' },
          removeAll(),
        ],
        [],
      ),
    )
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { op: 'insert', value: 'a', call: 0, return: 15_000, version: 1 },
      { op: 'insert', value: 'c', return: -1 },
      { op: 'removeAll', version: 1 },
      { op: 'get', key: 'k', version: 0 },
    ]);
  });
});
