import { describe, expect, it } from 'vitest';
import { appLimits } from '../../../src/app/limits.js';
import { ConsensusStatus } from '../../../src/app/status/consensus-status.js';
import { systemTime } from '../../../src/app/system-time.js';
import { startConsensus } from '../../support/consensus.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import { eventually } from '../../support/eventually.js';
import { verbs } from '../../support/verbs.js';

describe.skipIf(!etcdAvailable())('the status of a consensus', () => {
  it('shows this server, then each replica with what it lacks', { timeout: 90_000 }, async () => {
    const cluster = await startEtcd();
    const engine = startConsensus(cluster.addresses);
    try {
      let aheadMs = 0;
      const time = { ...systemTime, monotonicMs: () => systemTime.monotonicMs() + aheadMs };
      const status = new ConsensusStatus({
        ...{ engine, name: 'sala 3', address: () => '127.0.0.1:9000', program: '1.2.3', time },
        warnings: () => ['perto do limite: espaço'],
      });
      for (const value of ['a', 'b']) await verbs(engine).insert('chave', value);
      await verbs(engine).insert('outra', 'c');
      await eventually('each tells of itself', async () => {
        const { servers } = await status.status();
        return servers.slice(1).every(({ programVersion }) => /^3\./.test(programVersion));
      });
      aheadMs += appLimits.amountsAgeMs;
      const { servers, ...rest } = await status.status();
      expect(rest).toMatchObject({
        ...{ engine: 'consenso', broker: cluster.addresses.join(', '), agrees: true, keys: 2, versions: 3 },
        warnings: ['perto do limite: espaço'],
      });
      expect(rest.bytes).toBeGreaterThan(0);
      expect(servers[0]).toMatchObject({ name: 'sala 3', isSelf: true, state: 'atendendo', lag: 0 });
      expect(servers.slice(1)).toMatchObject(
        cluster.addresses.map((address) => ({ address, isSelf: false, state: 'atendendo' })),
      );
      // What replicas hold is not counted anew at every look.
      await verbs(engine).insert('mais uma', 'd');
      expect((await status.status()).keys).toBe(2);

      // Without an answer of a replica it is said to be out of reach, and without a majority so is the whole.
      for (const member of cluster.members.slice(1)) await member.kill9();
      aheadMs += appLimits.amountsAgeMs;
      await eventually('the replicas are missed', async () => {
        const now = await status.status();
        return (
          !now.agrees &&
          now.warnings.some((warning) => warning.includes('maioria')) &&
          now.servers.filter(({ state }) => state === 'sem contato').length === 2
        );
      });
      // The one that is left knows how much there was.
      aheadMs += appLimits.amountsAgeMs;
      expect(await status.status()).toMatchObject({
        keys: 3,
        versions: 4,
        servers: [{ state: 'sem maioria' }, {}, {}, {}],
      });
    } finally {
      await engine.stop();
      await cluster.stop();
    }
  });
});
