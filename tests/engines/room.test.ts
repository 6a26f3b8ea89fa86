import { expect, it } from 'vitest';
import { Store } from '../../src/core/store.js';
import { Room } from '../../src/engines/room.js';
import { openLoopbackPair } from '../support/fleet-pair.js';
import { overfullSection, roomSection } from './room-section.js';

roomSection('the fleet engine', openLoopbackPair);

overfullSection('the fleet engine', async (limits) => {
  const pair = await openLoopbackPair(limits);
  return {
    ...pair,
    apart: async (run) => {
      pair.network.split = true;
      await run();
      pair.network.split = false;
    },
  };
});

it('an incarnation that has written goes on at the limit of origins, and a new one does not begin', () => {
  const limits = { entries: 9, storeBytes: 999, keys: 9, entriesPerKey: 9, origins: 2 };
  const [room, store] = [new Room(limits), new Store()];
  for (const origin of ['oA', 'oB']) {
    room.assertOriginFits(store, origin);
    store.apply(origin, 1, { kind: 'removeDots', key: 'k', version: 1, dots: [] });
  }
  room.assertOriginFits(store, 'oA');
  expect(() => room.assertOriginFits(store, 'oC')).toThrow(/já teve 2/);
  expect(room.usage(store)).toContainEqual({ name: 'origens', used: 2, limit: 2, refused: 1 });
});
