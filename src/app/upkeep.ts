import type { RetentionRule } from '../core/retention.js';
import { CapacityWatch } from '../engines/capacity-watch.js';
import { RetentionKeeper } from '../engines/retention-keeper.js';
import type { RetentionPace } from '../engines/retention-pace.js';
import type { HasCapacity } from '../ports/capacity.js';
import type { Engine } from '../ports/engine.js';
import type { Logger } from '../ports/logger.js';
import type { Retains } from '../ports/retention.js';
import { systemTime } from './system-time.js';

/** Health services of what {@link startUpkeep} looks after: every limit is far, and the stored retention can be read. */
export const UPKEEP_HEALTH = ['kvs.limites', 'kvs.retencao'] as const;

/** What {@link startUpkeep} has started. */
export interface Upkeep {
  /** What is near a limit or at it, for people. */
  warnings(): readonly string[];
  stop(): void;
}

/**
 * Starts what every engine needs beside its calls: the watch over limits, and the retention.
 * @param setCondition health of one of {@link UPKEEP_HEALTH}
 */
export function startUpkeep(
  engine: Engine & HasCapacity & Retains,
  own: readonly RetentionRule[],
  pace: RetentionPace,
  setCondition: (name: string, good: boolean) => void,
  logger: Logger,
): Upkeep {
  const time = systemTime;
  const [limitsHealth, retentionHealth] = UPKEEP_HEALTH;
  const watch = new CapacityWatch(engine, time, logger, (far) => {
    setCondition(limitsHealth, far);
  });
  const onSetting = (valid: boolean): void => {
    setCondition(retentionHealth, valid);
  };
  const keeper = new RetentionKeeper({ engine, own, time, logger, pace, onSetting });
  watch.start();
  keeper.start();
  return {
    warnings: () => watch.warnings(),
    stop: () => {
      watch.stop();
      keeper.stop();
    },
  };
}
