import { portLimits } from '../doors/port/limits.js';
import type { Doors } from '../doors/start.js';
import type { Engine } from '../ports/engine.js';
import type { Logger } from '../ports/logger.js';

/** A running server of any engine. */
export interface RunningServer {
  /** `host:port` of the doors. */
  readonly address: string;
  /** Further facts for people, in display order: name and value. */
  facts(): readonly (readonly [name: string, value: string])[];
  /** Whether standard output is reserved for a contract: other messages for people then go to standard error. */
  readonly ownsOutput?: boolean;
  /**
   * Stops in order. Never rejects; further calls return the same promise.
   * @returns whether writes are left behind that other servers lack
   */
  stop(): Promise<boolean>;
}

/**
 * Stops a server in the order common to all engines: health NOT_SERVING; watches, which would never end; doors, with a
 * deadline; engine.
 * @param stopEngine returns whether it leaves writes behind; false if other servers always have all of them
 * @param last describes what the engine does then, for the log
 */
export async function leaveInOrder(
  doors: Doors,
  engine: Engine,
  stopEngine: () => Promise<boolean>,
  last: string,
  logger: Logger,
): Promise<boolean> {
  logger.info({ prazoMs: portLimits.drainMs }, 'saindo: fechando as portas gRPC e HTTP');
  doors.setServing(false);
  engine.endWatches?.();
  await doors.stop(portLimits.drainMs);
  logger.info({}, `saindo: ${last}`);
  const leavesBehind = await stopEngine();
  logger.info({}, 'saiu');
  return leavesBehind;
}
