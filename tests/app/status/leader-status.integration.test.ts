import { expect, it } from 'vitest';
import { LeaderStatus } from '../../../src/app/status/leader-status.js';
import { eventually } from '../../support/eventually.js';
import { openLeaderSystem } from '../../support/leader-nodes.js';
import { realTime } from '../../support/real-time.js';
import { verbs } from '../../support/verbs.js';

it('the status of a system with a leader shows what each of its servers knows', async () => {
  const system = await openLeaderSystem();
  const [leader = '', first = '', second = ''] = system.addresses;
  const statusOf = (index: number): LeaderStatus =>
    new LeaderStatus({
      ...{
        node: system.nodes[index]!,
        self: system.addresses[index]!,
        leader,
        program: '1.2.3',
        time: realTime,
      },
      ...{ name: index === 0 ? 'sala 3' : undefined, warnings: () => [] },
    });
  try {
    for (const value of ['a', 'b']) await verbs(system.nodes[1]!.engine).insert('chave', value);
    expect(statusOf(0).status()).toMatchObject({
      ...{ engine: 'lider', broker: '', agrees: true, keys: 1, versions: 2, warnings: [] },
      servers: [
        {
          name: 'sala 3',
          address: leader,
          state: 'atendendo (líder)',
          isSelf: true,
          programVersion: '1.2.3',
        },
        { name: first, address: first, state: 'em dia', isSelf: false, lag: 0 },
        { name: second, address: second, state: 'em dia', isSelf: false, lag: 0 },
      ],
    });
    expect(statusOf(1).status()).toMatchObject({
      agrees: true,
      servers: [
        { address: first, state: 'atendendo (seguidor)' },
        { address: leader, state: 'em dia (líder)' },
        { address: second, state: 'só o líder sabe' },
      ],
    });
    expect([0, 1].map((index) => statusOf(index).serverName())).toEqual(['sala 3', leader]);

    await system.nodes[2]!.stop();
    const write = Promise.resolve(verbs(system.nodes[0]!.engine).insert('chave', 'c'));
    await eventually('it is missed', () => statusOf(0).status().servers[2]?.state === 'sem contato');
    const { agrees, servers, warnings } = statusOf(0).status();
    expect([agrees, servers[2]?.lag]).toEqual([false, 3]);
    expect(warnings).toEqual([expect.stringContaining(second)]);
    await system.start(2);
    await write;
    await system.nodes[0]!.stop();
    await eventually('the leader is missed', () => statusOf(1).status().warnings.length === 1);
    expect(statusOf(1).status()).toMatchObject({
      agrees: false,
      servers: [{}, { state: 'sem contato (líder)' }, {}],
    });
  } finally {
    await system.close();
  }
});
