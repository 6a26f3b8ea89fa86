import { describe } from 'vitest';
import { startConsensus } from '../support/consensus.js';
import { etcdAvailable, startEtcd } from '../support/etcd.js';
import { engineConformance } from './conformance.js';

describe.skipIf(!etcdAvailable())('three members', () => {
  engineConformance('etcd', async () => {
    const cluster = await startEtcd();
    const [engine, second] = [startConsensus(cluster.addresses), startConsensus(cluster.addresses)];
    return {
      engine,
      second,
      // What is acknowledged is everywhere for whoever asks.
      settle: () => Promise.resolve(),
      close: async () => {
        await Promise.all([engine.stop(), second.stop()]);
        await cluster.stop();
      },
    };
  });
});
