import { describe, expect, it } from 'vitest';
import { parseInstant } from '../../src/config/instant.js';

const local = (...parts: [number, number, number, number, number, number, number]): number =>
  new Date(...parts).getTime();

describe('a moment', () => {
  it.each([
    ['1763687154123', 1_763_687_154_123],
    ['27/11/2026 01:25:54,123', local(2026, 10, 27, 1, 25, 54, 123)],
    ['27/11/2026 01:25:54.1', local(2026, 10, 27, 1, 25, 54, 100)],
    ['27/11/2026 1:25', local(2026, 10, 27, 1, 25, 59, 999)],
    ['1/2/2026', local(2026, 1, 1, 23, 59, 59, 999)],
    ['2026-11-27', local(2026, 10, 27, 23, 59, 59, 999)],
    ['2026-11-27 14:30:05', local(2026, 10, 27, 14, 30, 5, 999)],
    ['2026-11-27T14:30:05.250Z', Date.UTC(2026, 10, 27, 14, 30, 5, 250)],
    ['2026-11-27 14:30:05-03:00', Date.UTC(2026, 10, 27, 17, 30, 5)],
  ])('%s', (text, ms) => {
    expect(parseInstant(text, '--em')).toBe(ms);
  });

  it.each([
    '',
    '0',
    '-5',
    'ontem',
    '30/02/2026',
    '2026-13-01',
    '27/11/2026 24:00',
    '27/11/2026 10:60',
    '9'.repeat(17),
  ])('%j is none', (text) => {
    expect(() => parseInstant(text, '--em')).toThrow('não serve; esperado um momento');
  });
});
