import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../../src/app/system-random.js';
import { systemTime } from '../../../src/app/system-time.js';
import type { EtcdCaller } from '../../../src/engines/consensus/etcd-client.js';
import { RESULT } from '../../../src/engines/consensus/etcd-messages.js';
import { ExpiryLeases } from '../../../src/engines/consensus/expiry-leases.js';
import {
  afterRemoval,
  afterTrim,
  markedWith,
  mayBeGone,
  withoutLast,
} from '../../../src/engines/consensus/expiry-marks.js';
import { headKey, versionKey } from '../../../src/engines/consensus/layout.js';
import { expiryLimits } from '../../../src/engines/consensus/limits.js';
import {
  decodeHead,
  decodeIndex,
  decodeValue,
  encodeHead,
  encodeIndex,
  encodeValue,
} from '../../../src/engines/consensus/records.js';
import type { HeadRecord } from '../../../src/engines/consensus/records.js';
import { HeadFacts, planTransaction, transactionOf } from '../../../src/engines/consensus/transactions.js';
import { decide } from '../../../src/engines/plan.js';
import type { KeyWrite } from '../../../src/ports/engine.js';

const at = (version: number) => ({ version, timestamp: 100 + version });
const record = (last: number | undefined, versions: number[], floor = 0): HeadRecord => ({
  greatestVersion: 9,
  greatestTimestamp: 109,
  last: last === undefined ? undefined : at(last),
  recent: ['a'],
  expiry: { versions, floor },
});

describe('records of values that expire', () => {
  it('are these bytes, which programs of before take for those of another', () => {
    const head = encodeHead(record(5, [3, 5], 2));
    expect(head.toString()).toBe(
      '{"formato":2,"maiorVersao":9,"maiorInstante":109,"ultima":[5,105],"recentes":["a"],"expiram":[3,5],"piso":2}',
    );
    expect(decodeHead(head)).toEqual(record(5, [3, 5], 2));
    const value = encodeValue(5, 'marca', 'um\ndois', 1_700_000_000_000);
    expect(value.toString()).toBe('2 5 marca 1700000000000\num\ndois');
    expect(decodeValue(value)).toEqual({
      ...{ version: 5, token: 'marca', value: 'um\ndois', expiresAt: 1_700_000_000_000 },
    });
    const entry = { key: Buffer.of(), value: encodeIndex(5, 17), mod_revision: 1, version: 1 };
    expect(decodeIndex(entry)).toEqual({ other: 5, expiresAt: 17 });
  });

  it.each(['2 5 marca\nx', '2 5 marca x\nx', '3 5 marca 1\nx'])('refuse a value like %j', (text) => {
    expect(() => decodeValue(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'INTERNO' }));
  });

  it.each(['"piso":0', '"expiram":["x"],"piso":0', '"expiram":[],"piso":-1', '"expiram":[]'])(
    'refuse a head with %s',
    (fields) => {
      const text = `{"formato":2,"maiorVersao":1,"maiorInstante":1,"ultima":null,"recentes":[],${fields}}`;
      expect(() => decodeHead(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'INTERNO' }));
    },
  );
});

describe('what a head knows of versions that expire', () => {
  it('names the newest, which may be gone', () => {
    expect(mayBeGone(record(5, [5]))).toBe(true);
    expect(mayBeGone(record(6, [5]))).toBe(false);
    expect(mayBeGone(record(undefined, []))).toBe(false);
    expect(mayBeGone({ ...record(5, []), expiry: undefined })).toBe(false);
  });

  it('hides all up to a newest version that has expired', () => {
    const head = { record: record(5, [3, 5], 1), revision: 7, writes: 3 };
    expect(withoutLast(head)).toEqual({ ...head, record: record(undefined, [], 5) });
  });

  it('shows the version before one that was removed while it was there', () => {
    expect(afterRemoval(record(5, [5]), 5, at(4))).toEqual({
      last: at(4),
      expiry: { versions: [], floor: 0 },
    });
    expect(afterRemoval(record(5, [4, 5]), 5, at(4)).last).toEqual(at(4));
    expect(afterRemoval(record(5, [5]), 4, at(3))).toEqual({
      last: at(5),
      expiry: { versions: [5], floor: 0 },
    });
  });

  it('shows none before a version that has expired in between, then or later', () => {
    const after = afterRemoval(record(6, [3, 5]), 6, at(4));
    expect(after).toEqual({ last: undefined, expiry: { versions: [], floor: 5 } });
    expect(afterRemoval(record(8, [], 5), 8, at(4)).last).toBeUndefined();
    expect(afterRemoval(record(8, [], 5), 8, at(7)).last).toEqual(at(7));
  });

  it('forgets everything once nothing is left to hide', () => {
    expect(afterRemoval(record(5, [5], 3), 5, undefined)).toEqual({ last: undefined, expiry: undefined });
    expect(afterTrim(record(5, [3], 2))).toBeUndefined();
    expect(afterTrim(record(5, [3, 5], 2))).toEqual({ versions: [5], floor: 0 });
  });

  it('names a bounded number of versions, and counts older ones as expired', () => {
    let expiry = record(undefined, []).expiry;
    for (let version = 1; version <= 20; version++) expiry = markedWith({ last: undefined, expiry }, version);
    const { markedVersions } = expiryLimits;
    expect(expiry?.versions).toHaveLength(markedVersions);
    expect(expiry?.versions.at(-1)).toBe(20);
    expect(expiry?.floor).toBe(20 - markedVersions);
  });
});

describe('plans on keys with versions that expire', () => {
  const compares = (write: KeyWrite, from: HeadRecord, named?: number, older?: number) => {
    const base = { record: from, revision: 7, writes: 3 };
    const place = (version: number | undefined) => (version === undefined ? undefined : at(version));
    const facts = new HeadFacts(base, place(named), place(older));
    const value = write.kind === 'renew' ? 'v' : undefined;
    const plan = planTransaction(write, decide(write, facts, 1000), facts, 't', {}, value);
    const [head, ...others] = transactionOf(plan).compare;
    expect(head?.key).toEqual(headKey('k'));
    expect(others.every(({ result, create_revision: r }) => result === RESULT.GREATER && r === 0)).toBe(true);
    return others.map(({ key }) => key);
  };

  it('are applied only while what they rest on is there', () => {
    const five = versionKey('k', 5);
    for (const kind of ['removeAll', 'trim', 'remove'] as const) {
      expect(compares({ kind, key: 'k' }, record(5, [5]))).toEqual([five]);
      expect(compares({ kind, key: 'k' }, record(6, [5]))).toEqual([]);
    }
    expect(compares({ kind: 'remove', key: 'k', version: 5 }, record(6, [5]), 5, 4)).toEqual([five]);
    expect(compares({ kind: 'remove', key: 'k', version: 4 }, record(5, [5]), 4, 3)).toEqual([
      five,
      versionKey('k', 4),
    ]);
  });

  it('that add on top of the latest version are applied only while that is there', () => {
    const five = versionKey('k', 5);
    const writes: KeyWrite[] = [
      { kind: 'compare', key: 'k', expected: 5, value: 'v' },
      { kind: 'compare', key: 'k', expected: 5, value: 'v', ttlMs: 5 },
      { kind: 'compare', key: 'k', expected: 5 },
      { kind: 'renew', key: 'k' },
      { kind: 'renew', key: 'k', ttlMs: 5 },
    ];
    for (const write of writes) {
      expect(compares(write, record(5, [3, 5]))).toEqual([five]);
      expect(compares(write, record(5, [3]))).toEqual([]);
    }
  });

  it('add whatever is there', () => {
    for (const kind of ['insert', 'put'] as const) {
      expect(compares({ kind, key: 'k', value: 'v', ttlMs: 5 }, record(5, [5]))).toEqual([]);
    }
  });
});

describe('leases for values that expire', () => {
  const stand = () => {
    const granted: { readonly TTL: number; readonly ID: number }[] = [];
    const state = { nowMs: 1_000_000, wallMs: 5_000_000, failing: false };
    const client = {
      call: (_method: unknown, request: { TTL: number; ID: number }) => {
        if (state.failing) return Promise.reject(new Error('no majority'));
        granted.push(request);
        return Promise.resolve({});
      },
    } as unknown as EtcdCaller;
    const time = { ...systemTime, monotonicMs: () => state.nowMs, wallMs: () => state.wallMs };
    const store = { admitExpiry: () => Promise.resolve() };
    const leases = new ExpiryLeases(client, store, time, systemRandom);
    const take = (ttlMs: number): Promise<number> => leases.outlasting(ttlMs, Infinity);
    const pass = (ms: number): void => {
      state.nowMs += ms;
      state.wallMs += ms;
    };
    return { granted, state, leases, take, pass };
  };

  it('are shared by versions that expire at about the same time', async () => {
    const { granted, take, pass } = stand();
    const ids = new Set<number>();
    for (let n = 0; n < 900; n++) {
      ids.add(await take(3_600_000));
      pass(10);
    }
    expect(granted.length).toBe(ids.size);
    expect(ids.size).toBeLessThanOrEqual(2);
  });

  it('outlast what is under them, and not by much', async () => {
    for (const ttlMs of [1, 1000, 1001, 60_000, 86_400_000, (2 ** 31 - 1) * 1000]) {
      const { granted, take } = stand();
      await take(ttlMs);
      const leastMs = ttlMs + expiryLimits.leaseSlackMs;
      expect(granted[0]!.TTL * 1000).toBeGreaterThanOrEqual(leastMs);
      expect(granted[0]!.TTL * 1000).toBeLessThanOrEqual(leastMs + Math.max(1000, ttlMs / 32) + 1000);
      expect(Number.isInteger(granted[0]!.TTL)).toBe(true);
    }
  });

  it('hold a bounded number of versions', async () => {
    const { granted, take } = stand();
    for (let n = 0; n < 2 * expiryLimits.entriesPerLease + 1; n++) await take(60_000);
    expect(granted).toHaveLength(3);
  });

  it('are refused beyond a number, until some have ended', async () => {
    const { state, leases, take, pass } = stand();
    for (let n = 0; n < expiryLimits.leases; n++) {
      await take(10_000);
      leases.forget();
    }
    await expect(take(10_000)).rejects.toMatchObject({ code: 'LIMITE_ENTRADAS' });
    pass(30_000);
    expect(await take(10_000)).toBeGreaterThan(0);
    expect(state.failing).toBe(false);
  });

  it('are asked for anew after a failure', async () => {
    const { granted, state, take } = stand();
    state.failing = true;
    await expect(take(1000)).rejects.toThrow('no majority');
    state.failing = false;
    await take(1000);
    expect(granted).toHaveLength(1);
  });

  it('that ran on while the machine slept are not used again', async () => {
    const { granted, state, take } = stand();
    await take(86_400_000);
    // The monotonic clock stood still.
    state.wallMs += 3_000_000;
    await take(86_400_000);
    expect(granted).toHaveLength(2);
    await take(86_400_000);
    expect(granted).toHaveLength(2);
  });
});
