import { systemRandom } from '../../src/app/system-random.js';
import { systemTime } from '../../src/app/system-time.js';
import { PartitionsEngine } from '../../src/engines/partitions/engine.js';
import type { PartitionsOptions } from '../../src/engines/partitions/engine.js';
import { eventually } from './eventually.js';
import { SILENT } from './silent-logger.js';

/** A started engine over the nodes of a cluster, on real clocks, which has found every partition. */
export async function startPartitions(
  nodes: readonly string[],
  options: Partial<Omit<PartitionsOptions, 'nodes'>> = {},
): Promise<PartitionsEngine> {
  const engine = new PartitionsEngine({
    ...{ nodes, deadlineMs: 10_000, time: systemTime, random: systemRandom, logger: SILENT },
    ...options,
  });
  engine.start();
  await eventually('every partition has a master', () => engine.available, 30_000);
  return engine;
}
