import { afterEach, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { leaderSystem } from '../../support/leader-nodes.js';
import type { LeaderSystem } from '../../support/leader-nodes.js';
import { LossyProxy } from '../../support/lossy-proxy.js';
import { verbs } from '../../support/verbs.js';
import { codeOf } from '../support.js';

const WRITES = 3_000;
const VALUE = 'v'.repeat(1_000);

let system: LeaderSystem;
let network: LossyProxy;
afterEach(async () => {
  await system.close();
  await network.stop();
});

it('what the leader shows a follower has, also where the rest of many writes does not reach it', async () => {
  system = await leaderSystem(2, { deadlineMs: 1_500 });
  const [leads = '', listens = ''] = system.addresses;
  network = await LossyProxy.start(listens);
  const servers = [leads, network.address];
  const leader = await system.start(0, { servers });
  const listen = { host: '127.0.0.1', port: Number(listens.split(':')[1]) };
  const follower = await system.start(1, { self: network.address, servers, listen });
  await eventually('all are up to date', () => system.nodes.every((node) => node.serving && node.whole));

  const keys = Array.from({ length: WRITES }, (_, n) => `chave ${String(n)}`);
  const writes = keys.map((key) => codeOf(() => verbs(leader.engine).insert(key, VALUE)));
  const endMs = performance.now() + 20_000;
  // Far more than is on its way at once: some arrive and are confirmed while others have not been sent.
  while (follower.store.keyCount === 0 && performance.now() < endMs)
    await new Promise((resolve) => setImmediate(resolve));
  network.set('dropRequests');
  const shown = await Promise.all(
    keys.map(async (key) => (await codeOf(() => verbs(leader.engine).query(key))) ?? 'shown'),
  );
  const isThere = keys.map((key) => follower.store.getAt(key) !== undefined);
  expect(isThere.filter(Boolean).length).toBeGreaterThan(0);
  expect(isThere.filter((is) => !is).length).toBeGreaterThan(0);
  expect(keys.filter((_, n) => shown[n] === 'shown' && !isThere[n])).toEqual([]);
  expect(new Set(shown)).toContain('SEM_CONFIRMACAO');
  const told = await Promise.all(writes);
  // A write that is answered is where all have it.
  expect(keys.filter((_, n) => told[n] === undefined && !isThere[n])).toEqual([]);
}, 60_000);
