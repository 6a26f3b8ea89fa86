import fc from 'fast-check';
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

  it('is a Map whose entries move to the end when they are put, whatever is done with it', () => {
    const key = fc.integer({ min: 0, max: 7 });
    const step = fc.oneof(
      fc.record({
        does: fc.constantFrom('put', 'replace', 'delete', 'forget', 'clear'),
        key,
        value: fc.nat(),
      }),
      fc.record({ does: fc.constant('put'), key, value: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new BoundedMap<number, number>(5);
        let model: [number, number][] = [];
        for (const { does, key, value } of steps) {
          const others = model.filter(([one]) => one !== key);
          if (does === 'put') {
            map.put(key, value);
            model = [...others, [key, value] as [number, number]].slice(-5);
          } else if (does === 'replace') {
            map.replace(key, value);
            model = model.map(([one, old]) => [one, one === key ? value : old]);
          } else if (does === 'delete') {
            expect(map.delete(key)).toBe(others.length < model.length);
            model = others;
          } else if (does === 'forget') {
            map.forgetOldest();
            model = model.slice(1);
          } else {
            map.clear();
            model = [];
          }
          expect([...map]).toEqual(model);
          expect([map.size, map.oldest]).toEqual([model.length, model[0]?.[1]]);
          expect([map.has(key), map.get(key)]).toEqual([
            model.some(([one]) => one === key),
            model.find(([one]) => one === key)?.[1],
          ]);
        }
      }),
    );
  });

  it('may lose entries while it is read', () => {
    const map = new BoundedMap<number, string>(9);
    for (let n = 0; n < 9; n++) map.put(n, '');
    for (const [n] of map) if (n % 2 === 0) map.delete(n);
    expect([...map.keys()]).toEqual([1, 3, 5, 7]);
  });

  it('forgets as quickly when it is large', () => {
    const map = new BoundedMap<number, number>(100_000);
    const began = performance.now();
    for (let n = 0; n < 300_000; n++) map.put(n, n);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect([map.size, map.oldest]).toEqual([100_000, 200_000]);
  });
});
