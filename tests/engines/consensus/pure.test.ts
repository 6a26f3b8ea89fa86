import { status } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { systemRandom } from '../../../src/app/system-random.js';
import { systemTime } from '../../../src/app/system-time.js';
import { CommitTransactions } from '../../../src/engines/consensus/commits.js';
import { EtcdClient, Unanswered } from '../../../src/engines/consensus/etcd-client.js';
import { Expired } from '../../../src/engines/consensus/expired.js';
import { ExpiryLeases } from '../../../src/engines/consensus/expiry-leases.js';
import { HeadCache } from '../../../src/engines/consensus/head-cache.js';
import { meaningOfFailure } from '../../../src/engines/consensus/outcome.js';
import {
  inquiryOf,
  judge,
  HeadFacts,
  planTransaction,
  transactionOf,
} from '../../../src/engines/consensus/transactions.js';
import { decide } from '../../../src/engines/plan.js';
import type { KeyWrite } from '../../../src/ports/engine.js';
import {
  decodeHead,
  decodeValue,
  encodeHead,
  encodeValue,
  headOf,
  NO_HEAD,
  ourHead,
} from '../../../src/engines/consensus/records.js';
import type { StoredHead } from '../../../src/engines/consensus/records.js';
import { Reads } from '../../../src/engines/consensus/reads.js';
import { defaultConsensusTuning } from '../../../src/engines/consensus/tuning.js';
import { EVENT_DELETE, RESULT, TARGET, TXN, WATCH } from '../../../src/engines/consensus/etcd-messages.js';
import { Writes } from '../../../src/engines/consensus/writes.js';
import type { WritesOptions } from '../../../src/engines/consensus/writes.js';
import type { EtcdKeyValue, TxnResponse } from '../../../src/engines/consensus/etcd-messages.js';

describe('records in etcd', () => {
  it('are these bytes', () => {
    const record = {
      greatestVersion: 3,
      greatestTimestamp: 1_700_000_000_002,
      last: { version: 2, timestamp: 1_700_000_000_001 },
      recent: ['aa', 'bb'],
    };
    const text =
      '{"formato":1,"maiorVersao":3,"maiorInstante":1700000000002,"ultima":[2,1700000000001],"recentes":["aa","bb"]}';
    expect(encodeHead(record).toString()).toBe(text);
    expect(decodeHead(Buffer.from(text))).toEqual(record);
    const empty = { ...record, last: undefined };
    expect(decodeHead(encodeHead(empty))).toEqual(empty);
    expect(encodeValue(3, 'aa', 'um\ndois').toString()).toBe('1 3 aa\num\ndois');
  });

  it('keep any value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(decodeValue(encodeValue(7, 'tok-_', value))).toEqual({ version: 7, token: 'tok-_', value });
      }),
    );
  });

  it.each([
    '',
    'x',
    '{}',
    '[]',
    'null',
    '{"formato":2,"maiorVersao":1,"maiorInstante":1,"ultima":null,"recentes":[]}',
  ])('refuse what another program wrote: %s', (text) => {
    expect(() => decodeHead(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'INTERNO' }));
    expect(() => decodeValue(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'INTERNO' }));
  });
});

it('what others have in the place of a head is nothing to readers, and is not written over', () => {
  const kv = { key: Buffer.from('ha'), value: Buffer.of(0xff, 0), mod_revision: 7, version: 1 };
  expect(ourHead(kv)).toBeUndefined();
  expect(() => headOf(kv)).toThrow(expect.objectContaining({ code: 'NAO_SUPORTADO' }));
  expect([ourHead(undefined), headOf(undefined)]).toEqual([NO_HEAD, NO_HEAD]);
});

describe('what a failure means', () => {
  it.each([
    [status.UNAVAILABLE, 'etcdserver: no leader', 'leaderless'],
    [status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests', 'notApplied'],
    [status.UNAVAILABLE, 'etcdserver: not capable', 'notApplied'],
    [status.UNAVAILABLE, 'No connection established. Last error: Error: connect ECONNREFUSED', 'notApplied'],
    [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision is a future revision', 'notApplied'],
    [status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded', 'full'],
    [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted', 'compacted'],
    [status.INVALID_ARGUMENT, 'etcdserver: request is too large', 'refused'],
    [status.UNAVAILABLE, 'etcdserver: leader changed', 'ambiguous'],
    [status.UNAVAILABLE, 'etcdserver: request timed out', 'ambiguous'],
    [status.UNAVAILABLE, 'etcdserver: server stopped', 'ambiguous'],
    [status.UNAVAILABLE, 'Connection dropped', 'ambiguous'],
    [status.DEADLINE_EXCEEDED, 'Deadline exceeded after 1.000s', 'ambiguous'],
    [status.CANCELLED, 'Call cancelled', 'ambiguous'],
    [status.UNKNOWN, 'whatever', 'ambiguous'],
    [status.INTERNAL, 'Received RST_STREAM with code 2', 'ambiguous'],
  ])('%s %s: %s', (code, details, meaning) => {
    expect(meaningOfFailure(code, details)).toBe(meaning);
  });
});

describe('enums on the wire', () => {
  const path = fileURLToPath(new URL('../../../proto/etcd.proto', import.meta.url));
  const named = loadSync(path, { keepCase: true, enums: String });
  const kvService = named['etcdserverpb.KV'] as Record<string, MethodDefinition<object, object>>;
  const watchService = named['etcdserverpb.Watch'] as Record<string, MethodDefinition<object, object>>;

  it('have the names of the proto', () => {
    const key = Buffer.from('k');
    for (const [name, result] of Object.entries(RESULT)) {
      for (const [targetName, target] of Object.entries(TARGET)) {
        const compare = [{ result, target, key, mod_revision: 1 }];
        const bytes = TXN.requestSerialize({ compare, success: [], failure: [] });
        expect(kvService['Txn']?.requestDeserialize(bytes)).toMatchObject({
          compare: [{ result: name, target: targetName, key }],
        });
      }
    }
    const event = watchService['Watch']?.responseSerialize({ events: [{ type: 'DELETE' }] });
    expect(WATCH.responseDeserialize(event ?? Buffer.of()).events[0]?.type).toBe(EVENT_DELETE);
  });

  it('puts a comparison on the wire as these bytes', () => {
    const compare = [{ result: RESULT.LESS, target: TARGET.MOD, key: Buffer.from('k'), mod_revision: 5 }];
    // result 2, target 2, key "k", mod_revision 5
    expect(TXN.requestSerialize({ compare, success: [], failure: [] }).toString('hex')).toBe(
      '0a09080210021a016b3005',
    );
  });
});

const planned = (write: KeyWrite, base: StoredHead, token: string, wallMs = 1000) => {
  const facts = new HeadFacts(base);
  return planTransaction(write, decide(write, facts, wallMs), facts, token);
};
const kv = (value: Buffer, writes = 1): EtcdKeyValue => ({
  key: Buffer.from('k'),
  value,
  mod_revision: 10 + writes,
  version: writes,
});
const answer = (...kvs: (EtcdKeyValue | undefined)[]): TxnResponse => ({
  header: { revision: 99 },
  succeeded: false,
  responses: kvs.map((found) => ({
    response_range: { header: { revision: 99 }, kvs: found ? [found] : [], more: false, count: 0 },
  })),
});
const headKv = (tokens: string[], writes: number): EtcdKeyValue =>
  kv(encodeHead({ greatestVersion: 5, greatestTimestamp: 5, last: undefined, recent: tokens }), writes);

describe('plans', () => {
  it('count on from what was ever there, whatever the clock says', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e9), fc.nat(2e9), (greatestVersion, greatestTimestamp, wallMs) => {
        const base: StoredHead = {
          record: { greatestVersion, greatestTimestamp, last: undefined, recent: [] },
          revision: 1,
          writes: 1,
        };
        const { made } = planned({ kind: 'insert', key: 'k', value: 'v' }, base, 't', wallMs);
        expect(made?.version).toBe(greatestVersion + 1);
        expect(made?.timestamp).toBe(Math.max(wallMs, greatestTimestamp + 1));
      }),
    );
  });

  it('refuse a version beyond the contract', () => {
    const record = { greatestVersion: 2 ** 31 - 1, greatestTimestamp: 1, last: undefined, recent: [] };
    const base = { record, revision: 1, writes: 1 };
    expect(() => planned({ kind: 'insert', key: 'k', value: 'v' }, base, 't')).toThrow(
      expect.objectContaining({ code: 'VERSAO_ESGOTADA' }),
    );
  });

  it('remember eight writers', () => {
    let base = NO_HEAD;
    for (let n = 1; n <= 10; n++) {
      const { next } = planned({ kind: 'insert', key: 'k', value: 'v' }, base, `t${n}`);
      base = { record: next, revision: n, writes: n };
    }
    expect(base.record.recent).toEqual(['t3', 't4', 't5', 't6', 't7', 't8', 't9', 't10']);
  });

  it('compare the head, and an inquiry changes nothing', () => {
    const plan = planned({ kind: 'insert', key: 'k', value: 'v' }, NO_HEAD, 't');
    expect(transactionOf(plan).compare).toEqual(inquiryOf(plan).compare);
    expect(inquiryOf(plan).success).toEqual([]);
    expect(inquiryOf(plan).failure.length).toBeGreaterThan(0);
  });

  it.each([
    ['its token is in the head', ['x', 'mine'], 2, undefined, true, 'applied'],
    ['others wrote since, and all are remembered', ['x', 'y'], 8, undefined, true, 'notApplied'],
    ['more wrote than are remembered', ['x', 'y'], 9, undefined, true, 'unknown'],
    ['more wrote, but it was never sent before', ['x', 'y'], 9, undefined, false, 'notApplied'],
    ['more wrote, and its value is there', ['x', 'y'], 9, 'mine', true, 'applied'],
    ['more wrote, and another value is in its place', ['x', 'y'], 9, 'other', true, 'notApplied'],
  ] as const)('are judged: %s', (_, tokens, writes, valueToken, doubtful, outcome) => {
    const insert = planned({ kind: 'insert', key: 'k', value: 'v' }, NO_HEAD, 'mine');
    const value = valueToken && kv(encodeValue(1, valueToken, 'v'));
    expect(judge(insert, answer(headKv([...tokens], writes), value), doubtful).outcome).toBe(outcome);
    if (valueToken === undefined) {
      const removal = planTransaction(
        { kind: 'removeAll', key: 'k' },
        { kind: 'removeAll' },
        new HeadFacts(NO_HEAD),
        'mine',
      );
      expect(judge(removal, answer(headKv([...tokens], writes)), doubtful).outcome).toBe(outcome);
    }
  });
});

/** What writers need for values that expire. */
function expiryFor(client: EtcdClient): Pick<WritesOptions, 'expired' | 'expiryLeases'> {
  const store = { admitExpiry: () => Promise.resolve() };
  return {
    expired: new Expired(client, systemTime),
    expiryLeases: new ExpiryLeases(client, store, systemTime, systemRandom),
  };
}

describe('a write that finds the replicas full', () => {
  const full = (doubtful: boolean): Unanswered => new Unanswered('full', doubtful, 'space exceeded');

  /** A client whose first write is refused, and whose next request is answered with `found`. */
  async function insert(refusal: Unanswered, found: TxnResponse): Promise<unknown> {
    const cache = new HeadCache(1e6);
    cache.note('k', { ...NO_HEAD, revision: 1, writes: 1 });
    const client = new EtcdClient(['127.0.0.1:1'], defaultConsensusTuning, systemTime, systemRandom);
    const [member] = client.members;
    const call = vi.spyOn(client, 'call').mockRejectedValueOnce(refusal);
    call.mockResolvedValueOnce({ response: found, member: member!, doubtful: false });
    const expiry = expiryFor(client);
    const reads = new Reads(client, cache, expiry.expired, false);
    const random = systemRandom;
    const options = {
      client,
      cache,
      reads,
      ...expiry,
      random,
      time: systemTime,
      tuning: defaultConsensusTuning,
    };
    const writes = new Writes({ ...options, newToken: () => 'mine' });
    const write = { kind: 'insert', key: 'k', value: 'v' } as const;
    return writes.write(write, systemTime.monotonicMs() + 1_000).finally(() => client.close());
  }

  it('is refused if it was never sent before', async () => {
    await expect(insert(full(false), answer())).rejects.toMatchObject({ code: 'LIMITE_MEMORIA' });
  });

  it('succeeds if an earlier attempt turns out to have been applied', async () => {
    await expect(insert(full(true), answer(headKv(['mine'], 2)))).resolves.toMatchObject({ version: 1 });
  });

  it('is unknown while an earlier attempt may be on its way', async () => {
    const unchangedYet = { ...answer(), succeeded: true };
    await expect(insert(full(true), unchangedYet)).rejects.toMatchObject({ code: 'RESULTADO_DESCONHECIDO' });
  });
});

describe('a commit on what is only remembered', () => {
  it('that would change nothing is looked at anew: another server may have written meanwhile', async () => {
    const cache = new HeadCache(1e6);
    cache.note('k', { ...NO_HEAD, revision: 1, writes: 1 });
    const client = new EtcdClient(['127.0.0.1:1'], defaultConsensusTuning, systemTime, systemRandom);
    const [member] = client.members;
    const last = { version: 5, timestamp: 5 };
    const written = kv(encodeHead({ greatestVersion: 5, greatestTimestamp: 5, last, recent: ['x'] }), 2);
    const call = vi.spyOn(client, 'call');
    for (const response of [answer(written), { ...answer(), succeeded: true }]) {
      call.mockResolvedValueOnce({ response, member: member!, doubtful: false });
    }
    const expiry = expiryFor(client);
    const reads = new Reads(client, cache, expiry.expired, false);
    const options = { client, cache, reads, ...expiry, random: systemRandom, time: systemTime };
    const commits = new CommitTransactions({
      ...options,
      tuning: defaultConsensusTuning,
      newToken: () => 'mine',
    });
    const removal = { kind: 'removeAll', key: 'k' } as const;
    const change = { kind: 'commit', guards: [], writes: [removal] } as const;
    expect(await commits.commit(change, systemTime.monotonicMs() + 1_000)).toBe(true);
    expect(call).toHaveBeenCalledTimes(2);
    client.close();
  });
});

describe('remembered heads', () => {
  const head = (revision: number): StoredHead => ({ ...NO_HEAD, revision });

  it('never go back', () => {
    const cache = new HeadCache(1e6);
    cache.note('k', head(5));
    cache.note('k', head(4));
    cache.refresh('k', head(3));
    expect(cache.get('k')?.revision).toBe(5);
    cache.refresh('k', head(6));
    expect(cache.get('k')?.revision).toBe(6);
    cache.refresh('other', head(1));
    expect(cache.has('other')).toBe(false);
  });

  it('take a bounded memory, the one used longest ago goes first', () => {
    const cache = new HeadCache(10_000);
    cache.note('kept', head(1));
    for (let n = 0; n < 1000; n++) {
      cache.note(`k${n}`, head(1));
      cache.get('kept');
    }
    expect(cache.size).toBeLessThan(20);
    expect(cache.has('kept')).toBe(true);
    expect(cache.has('k999')).toBe(true);
    expect(cache.has('k0')).toBe(false);
  });
});
