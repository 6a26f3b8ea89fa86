import { afterEach, expect, it } from 'vitest';
import type { Engine } from '../../../src/ports/engine.js';
import { eventually } from '../../support/eventually.js';
import { leaderSystem } from '../../support/leader-nodes.js';
import type { LeaderSystem } from '../../support/leader-nodes.js';
import { verbs } from '../../support/verbs.js';

let system: LeaderSystem;
afterEach(() => system.close());

it('a version is stable once every server has it, on the leader at once and elsewhere soon after', async () => {
  system = await leaderSystem(3);
  for (const index of [0, 1, 2]) await system.start(index);
  const upToDate = (): Promise<unknown> =>
    eventually('all are up to date', () => system.nodes.every((node) => node.serving && node.whole), 20_000);
  const line = async (engine: Engine) => engine.read({ kind: 'line', key: 'chave' });
  const stableOn = (...servers: number[]): Promise<unknown> =>
    eventually('it is stable', async () => {
      const lines = await Promise.all(servers.map((index) => line(system.nodes[index]!.engine)));
      return lines.every((one) => one?.isStable === true);
    });
  await upToDate();
  const leader = system.nodes[0]!.engine;
  await verbs(leader).insert('chave', 'um');
  expect(await line(leader)).toMatchObject({ value: 'um', isStable: true });
  await stableOn(1, 2);

  // One server is away: what is written now is on the leader and one other, and shown there.
  await system.nodes[2]!.stop();
  const write = Promise.resolve(verbs(leader).insert('chave', 'dois'));
  await eventually('it is shown', async () => (await line(leader))?.value === 'dois');
  for (const index of [0, 1]) {
    const { engine } = system.nodes[index]!;
    expect(await line(engine)).toMatchObject({ value: 'dois', isStable: false });
    expect(await engine.read({ kind: 'line', key: 'chave', back: 1 })).toMatchObject({ isStable: true });
  }
  await system.start(2);
  await write;
  await upToDate();
  await stableOn(0, 1, 2);

  // A new leader knows what all have of the one before once all have caught up with it.
  await system.nodes[0]!.stop();
  await system.start(0);
  await upToDate();
  await stableOn(0, 1, 2);
});
