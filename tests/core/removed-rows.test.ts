import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Origins } from '../../src/core/origins.js';
import { RemovedRows } from '../../src/core/removed-rows.js';

const NAMES = ['a', 'b', 'c'];

const row = fc.record({
  version: fc.integer({ min: 1, max: 6 }),
  origin: fc.constantFrom(...NAMES),
  expiry: fc.option(fc.record({ expiresAt: fc.nat(), isExpired: fc.boolean() }), { nil: undefined }),
});
// As they come: by version, but for siblings of one, of which each has an origin of its own.
const rows = fc
  .uniqueArray(row, { selector: ({ version, origin }) => `${version} ${origin}` })
  .map((all) => [...all].sort((one, other) => one.version - other.version));

it('rows that a removal removed stay together and come in order, whichever of them expire', () => {
  fc.assert(
    fc.property(rows, (given) => {
      const origins = new Origins();
      const removed = new RemovedRows(origins);
      for (const [at, { version, origin, expiry }] of given.entries())
        removed.push(version, 100 + at, origins.indexOf(origin), expiry);
      const expected = given
        .map(({ version, origin, expiry }, at) => {
          return { version, timestamp: 100 + at, origin, isExpired: false, ...expiry };
        })
        .sort((one, other) => one.version - other.version || (one.origin < other.origin ? -1 : 1));
      expect(given.map((_, at) => removed.at(at))).toEqual(expected);
      for (const [at, { version, origin }] of expected.entries())
        expect(removed.after(version, origin)).toBe(at + 1);
    }),
  );
});
