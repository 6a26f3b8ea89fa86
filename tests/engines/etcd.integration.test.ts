import { describe } from 'vitest';
import { startConsensus } from '../support/consensus.js';
import { etcdAvailable, startEtcd } from '../support/etcd.js';
import { engineConformance } from './conformance.js';

describe.skipIf(!etcdAvailable())('two servers over three replicas', () => {
  engineConformance('consensus, on etcd', async () => {
    const cluster = await startEtcd();
    const [engine, second] = [startConsensus(cluster.addresses), startConsensus(cluster.addresses)];
    const close = async (): Promise<void> => {
      await Promise.all([engine.stop(), second.stop()]);
      await cluster.stop();
    };
    return { engine, second, settle: () => Promise.resolve(), close };
  });
});
