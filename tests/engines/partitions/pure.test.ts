import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareCodePoints } from '../../../src/core/text-order.js';
import { mastersOf, parseNodes, replicasOfEach } from '../../../src/engines/partitions/cluster-view.js';
import { meaningOfError, redirection } from '../../../src/engines/partitions/failures.js';
import {
  behind,
  keyOfPlace,
  partitionOf,
  placeOfKey,
  slotOf,
  stretchOf,
} from '../../../src/engines/partitions/layout.js';
import { keysInRange } from '../../support/keys-in-range.js';

const key = fc.string({
  unit: fc.constantFrom('\0', '\u0001', 'a', 'b', 'é', '\uffff', '😀', '\u{10ffff}'),
  maxLength: 6,
});

describe('keys in a partition', () => {
  it('are what they were, in the order of code points, and none begins another', () => {
    fc.assert(
      fc.property(key, key, (one, other) => {
        const [a, b] = [placeOfKey(one), placeOfKey(other)];
        expect(keyOfPlace(a)).toBe(one);
        expect(Math.sign(Buffer.compare(a, b))).toBe(Math.sign(compareCodePoints(one, other)));
        if (one !== other) expect(a.subarray(0, b.length).equals(b)).toBe(false);
        // Behind a key come its versions, and then the next key.
        if (compareCodePoints(one, other) < 0) expect(Buffer.compare(behind(a), b)).toBeLessThan(0);
      }),
    );
  });

  it('lie in a stretch exactly if they satisfy all that is set of its range', () => {
    const bound = fc.option(key, { nil: undefined });
    const prefix = fc.option(fc.oneof(key, fc.constantFrom('\ud83d', 'a\ud83d')), { nil: undefined });
    fc.assert(
      fc.property(fc.uniqueArray(key), prefix, bound, bound, bound, (keys, begin, from, to, after) => {
        const range = { prefix: begin, from, to, after };
        const { from: first, to: end } = stretchOf(range);
        const found = keys.filter((one) => {
          const place = Buffer.concat([placeOfKey(one), Buffer.from([0, 0, 0, 1])]);
          return Buffer.compare(place, first) >= 0 && (end === undefined || Buffer.compare(place, end) < 0);
        });
        expect(new Set(found)).toEqual(new Set(keysInRange(keys, range)));
      }),
    );
  });

  it('are spread evenly over three masters, and partitions have the slots that a cluster gives them', () => {
    // CLUSTER KEYSLOT 'kvs:{5}' and 'kvs:{123}'.
    expect([slotOf(5), slotOf(123)]).toEqual([9974, 5970]);
    const masters = [0, 0, 0];
    for (let i = 0; i < 30_000; i++) masters[Math.floor((3 * slotOf(partitionOf(`chave ${i}`))) / 16_384)]!++;
    for (const count of masters) expect(Math.abs(count - 10_000)).toBeLessThan(600);
  });
});

describe('what nodes say', () => {
  const view = (lines: readonly string[]) => parseNodes(`${lines.join('\n')}\n`);

  it('of the replicas that masters can have: also while one is replaced, and nothing before any is known', () => {
    const [a, b] = [
      'aa 127.0.0.1:7001@17001 master - 0 1 3 connected 0-8191',
      'bb 127.0.0.1:7002@17002 master - 0 1 4 connected 8192-16383',
    ];
    const replicas = [
      'cc 127.0.0.1:7003@17003 slave aa 0 1 3 connected',
      'dd 127.0.0.1:7004@17004 slave bb 0 1 4 connected',
    ];
    expect(replicasOfEach(view([]))).toBeUndefined();
    expect(replicasOfEach(view([a, b]))).toBe(0);
    expect(replicasOfEach(view([a, b, replicas[0]!]))).toBe(0);
    expect(replicasOfEach(view([a, b, ...replicas]))).toBe(1);
    const promoted = 'cc 127.0.0.1:7003@17003 master - 0 1 5 connected 0-8191';
    const dead = 'aa 127.0.0.1:7001@17001 master,fail - 0 1 3 disconnected';
    expect(replicasOfEach(view([dead, b, promoted, replicas[1]!]))).toBe(1);
  });

  it('of the cluster: addresses, roles, who fails and who serves what', () => {
    const nodes = view([
      'aa 127.0.0.1:7001@17001,host myself,master - 0 1 3 connected 0-5 7 [9->-bb] [11-<-cc]',
      'bb 127.0.0.1:7004@17004 slave,fail? aa 0 1 3 connected',
      'cc :0@0 master,noaddr - 0 1 2 disconnected 8',
      'nonsense',
    ]);
    expect(nodes).toEqual([
      {
        id: 'aa',
        address: '127.0.0.1:7001',
        isMaster: true,
        masterId: '',
        isFailing: false,
        epoch: 3,
        slots: [
          [0, 5],
          [7, 7],
        ],
      },
      {
        id: 'bb',
        address: '127.0.0.1:7004',
        isMaster: false,
        masterId: 'aa',
        isFailing: true,
        epoch: 3,
        slots: [],
      },
    ]);
  });

  it('of a slot: the one with the greatest epoch has it, whoever else still thinks so', () => {
    const old = view(['aa h:1@2 myself,master - 0 1 1 connected 0-16383']);
    const now = view([
      'aa h:1@2 master,fail - 0 1 1 connected',
      'bb h:3@4 myself,master - 0 1 5 connected 0-100',
    ]);
    for (const views of [
      [old, now],
      [now, old],
    ]) {
      const masters = mastersOf(views);
      expect([masters[0], masters[100], masters[101]]).toEqual(['h:3', 'h:3', 'h:1']);
    }
  });

  it.each([
    ['MOVED 3999 127.0.0.1:6381', 'moved'],
    ['ASK 3999 127.0.0.1:6381', 'ask'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'unready'],
    ['CLUSTERDOWN Hash slot not served', 'unready'],
    ['NOREPLICAS Not enough good replicas to write.', 'unready'],
    ["READONLY You can't write against a read only replica.", 'unready'],
    ['LOADING Redis is loading the dataset in memory', 'unready'],
    ['ERR Function not found', 'unloaded'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'full'],
    ['MISCONF Errors writing to the AOF file: No space left on device', 'broken'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'refused'],
  ])('%s: %s', (message, meaning) => {
    expect(meaningOfError(new Error(message), true)).toBe(meaning);
    // The same words from anywhere else tell nothing.
    expect(meaningOfError(new Error(message), false)).toBe('unknown');
  });

  it('of where to go, also without a host', () => {
    expect(redirection('MOVED 3999 10.0.0.2:6381', '10.0.0.1:6379')).toBe('10.0.0.2:6381');
    expect(redirection('MOVED 3999 :6381', '10.0.0.1:6379')).toBe('10.0.0.1:6381');
    expect(redirection('MOVED', 'a:1')).toBeUndefined();
  });
});
