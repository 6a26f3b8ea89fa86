import { describe } from 'vitest';
import { startPartitions } from '../support/partitions.js';
import { redisAvailable, startRedisCluster } from '../support/redis-cluster.js';
import { engineConformance } from './conformance.js';

/** Long enough for what a test does before they expire, also on a busy machine. */
const TTL_MS = 1_500;

describe.skipIf(!redisAvailable())('two servers over three masters', () => {
  engineConformance('partitions, on Redis Cluster', async () => {
    const cluster = await startRedisCluster();
    const [engine, second] = [
      await startPartitions(cluster.addresses),
      await startPartitions(cluster.addresses),
    ];
    const close = async (): Promise<void> => {
      await Promise.all([engine.stop(), second.stop()]);
      await cluster.stop();
    };
    // By the masters' clocks, which no test sets ahead.
    const over = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, TTL_MS + 50));
    const expiry = { ttlMs: TTL_MS, over };
    return { engine, second, settle: () => Promise.resolve(), expiry, close };
  });
});
