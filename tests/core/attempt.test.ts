import { expect, it } from 'vitest';
import { REQUEST_ID_PATTERN, begunMs, tellsTime } from '../../src/core/attempt.js';

it.each([
  ['mi8v0g3k-12345678901', parseInt('mi8v0g3k', 36), true],
  ['018f3b1c-9a00-7abc-8def-0123456789ab', 0x018f3b1c9a00, true],
  // Random UUIDs, the one that reads as latest among them.
  ['ffffffff-ffff-4fff-bfff-ffffffffffff', parseInt('ffffffff', 36), false],
  ['018f3b1c-9a00-4abc-8def-0123456789ab', parseInt('018f3b1c', 36), false],
])('the id %s began at %d', (id, ms, tells) => {
  expect(id).toMatch(REQUEST_ID_PATTERN);
  expect([begunMs(id), tellsTime(id)]).toEqual([ms, tells]);
});
