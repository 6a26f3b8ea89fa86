import { describe, expect, it } from 'vitest';
import { BoundedMap } from '../../src/core/bounded-map.js';

describe('a bounded map', () => {
  it('forgets the entry put longest ago, and says so', () => {
    const gone: [string, number][] = [];
    const map = new BoundedMap<string, number>(2, (key, value) => gone.push([key, value]));
    map.put('a', 1);
    map.put('b', 2);
    map.put('a', 3);
    map.put('c', 4);
    expect([...map]).toEqual([
      ['a', 3],
      ['c', 4],
    ]);
    expect(gone).toEqual([['b', 2]]);
  });

  it('tells of nothing that is deleted or replaced', () => {
    const gone: string[] = [];
    const map = new BoundedMap<string, number>(1, (key) => gone.push(key));
    map.put('a', 1);
    map.put('a', 2);
    map.delete('a');
    map.put('b', 1);
    expect(gone).toEqual([]);
  });

  it('forgets on demand where its owner counts something else', () => {
    const map = new BoundedMap<number, string>(Infinity);
    map.forgetOldest();
    for (let n = 0; n < 100; n++) map.put(n, '');
    while (map.size > 10) map.forgetOldest();
    expect([...map.keys()]).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
  });
});
