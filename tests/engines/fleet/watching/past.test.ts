import { describe, expect, it } from 'vitest';
import { defaultFleetTuning } from '../../../../src/engines/fleet/replication/tuning.js';
import { Past } from '../../../../src/engines/fleet/watching/past.js';
import { batch, Road } from '../replication/support.js';

/** The past of a server that has applied b1 and b2 as one batch, and then c1, which depends on b2. */
function pastOfTwo(): { readonly past: Past; readonly road: Road } {
  const road = new Road('a');
  const { log, outbox, store } = road;
  const frontier = () => store.vector.entries();
  const past = new Past({ ...{ self: 'a', log, outbox, frontier }, tuning: defaultFleetTuning });
  for (const said of [batch('b', 1, 2), batch('c', 1, 1, [['b', 2]])]) {
    road.receive(said);
    past.noted(log.position - 1);
  }
  return { past, road };
}

const AFTER_FIRST = { position: 0, seq: 3 };
const IN_FIRST = { position: 0, seq: 2 };

describe('what a server can still tell of the past', () => {
  it('is everything, as long as its log has everything', () => {
    const { past } = pastOfTwo();
    expect(past.hasForgotten(IN_FIRST, undefined)).toBe(false);
    expect(past.resume([['b', 1]])).toEqual({ position: 0, has: new Map([['b', 1]]) });
    // c1 implies b2.
    expect(past.resume([['c', 1]])?.position).toBe(2);
  });

  it('is what follows a batch that its log has dropped, for whoever was told all of that', () => {
    const { past, road } = pastOfTwo();
    road.log.onForget(0);
    expect(past.hasForgotten(AFTER_FIRST, undefined)).toBe(false);
    expect(past.hasForgotten(IN_FIRST, undefined)).toBe(true);
    expect(past.hasForgotten(IN_FIRST, new Map([['b', 1]]))).toBe(true);
    expect(past.hasForgotten(IN_FIRST, new Map([['b', 2]]))).toBe(false);
    expect(past.resume([['b', 1]])).toBeUndefined();
    expect(past.resume([['b', 2]])?.position).toBe(1);
  });

  it('is nothing that came before a joined state, at whatever place a watch was', () => {
    const { past } = pastOfTwo();
    past.joined();
    const end = { position: 1, seq: 2 };
    expect(past.hasForgotten(end, undefined)).toBe(true);
    expect(past.hasForgotten(end, new Map([['b', 2]]))).toBe(true);
    const has = new Map([
      ['b', 2],
      ['c', 1],
    ]);
    expect(past.hasForgotten(end, has)).toBe(false);
  });
});
