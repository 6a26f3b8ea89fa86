import { describe, expect, it } from 'vitest';
import { versionsOf } from '../../../src/core/point-view.js';
import { Store } from '../../../src/core/store.js';
import { Standing } from '../../../src/doors/grpc/copy/standing.js';
import { stampInsert, stampRemoval } from '../../support/stamp.js';

const MANY = 20_000;

describe('what a key already holds, for a copy', () => {
  it('each version answers for one value only, in order, also among many', () => {
    const standing = new Standing();
    expect(standing.take('0')).toBeUndefined();
    // Of each tenth value a thousand versions.
    const valueOf = (version: number): string => (version % 10 === 0 ? 'igual' : String(version));
    for (let version = 1; version <= MANY; version++) standing.add(version, valueOf(version));
    for (let version = MANY; version >= 1; version--) {
      if (version % 10 !== 0) expect(standing.take(String(version))).toBe(version);
    }
    for (let version = 10; version <= MANY; version += 10) expect(standing.take('igual')).toBe(version);
    for (const value of ['igual', '1', String(MANY - 1), 'outro']) {
      expect(standing.take(value)).toBeUndefined();
    }
    standing.add(MANY + 1, 'igual');
    expect(standing.take('igual')).toBe(MANY + 1);
  });

  it('the versions of a key come with pauses, and one that is removed during a pause is left out', () => {
    const store = new Store();
    const insert = (seq: number, key: string): void => {
      store.apply('a', seq, stampInsert(store, 'a', key, `valor ${seq}`, seq));
    };
    for (let seq = 1; seq <= 3_000; seq++) insert(seq, 'chave');
    const versions: number[] = [];
    let pauses = 0;
    for (const row of versionsOf(store, 'chave')) {
      if (row !== undefined) versions.push(row.version);
      else if (++pauses === 1) store.apply('a', 3_001, stampRemoval(store, 'chave', 2_000));
    }
    expect(pauses).toBe(2);
    expect(versions).toEqual(
      Array.from({ length: 3_000 }, (_, i) => i + 1).filter((version) => version !== 2_000),
    );
  });
});
