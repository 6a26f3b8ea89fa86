import { describe, expect, it } from 'vitest';
import { isServerName } from '../../../../src/core/server-name.js';
import type { PresenceMessage } from '../../../../src/ports/bus.js';
import { ServerNames } from '../../../../src/engines/fleet/replication/server-names.js';

function said(origin: string, address: string, name?: string): PresenceMessage {
  return { type: 'presence', origin, address, ...(name === undefined ? {} : { name }) } as PresenceMessage;
}

describe('names of servers', () => {
  it('are those that servers announce, or their addresses, also of servers that have left', () => {
    const names = new ServerNames(10);
    names.note(said('a', '127.0.0.1:9000', 'sala 3'));
    names.note(said('b', '127.0.0.1:9001'));
    names.note(said('a', ''));
    expect(['a', 'b', 'c'].map((origin) => names.of(origin))).toEqual([
      'sala 3',
      '127.0.0.1:9001',
      undefined,
    ]);
  });

  it('are bounded: the one silent for longest is forgotten', () => {
    const names = new ServerNames(2);
    for (const origin of ['a', 'b', 'a', 'c']) names.note(said(origin, `${origin}:1`));
    expect(['a', 'b', 'c'].map((origin) => names.of(origin))).toEqual(['a:1', undefined, 'c:1']);
  });

  it.each([
    ['sala 3', true],
    ['José 🙂', true],
    ['x'.repeat(64), true],
    ['x'.repeat(65), false],
    ['', false],
    [' a', false],
    ['a ', false],
    ['a\nb', false],
    ['a\u001b[31mb', false],
    ['a\u0085b', false],
    ['a\u2028b', false],
    ['a\u202eb', false],
    ['a\ud800', false],
  ])('%j is one: %s', (text, isOne) => {
    expect(isServerName(text)).toBe(isOne);
  });
});
