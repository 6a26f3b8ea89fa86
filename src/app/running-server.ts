import { grpcLimits } from '../doors/grpc/limits.js';
import type { Doors } from '../doors/grpc/server.js';
import type { Logger } from '../ports/logger.js';

/** A server that was started, whatever its engine. */
export interface RunningServer {
  /** `host:port` of the doors. */
  readonly address: string;
  /** What people want to know about it besides, in the order in which to say it: name and value. */
  facts(): readonly (readonly [name: string, value: string])[];
  /** Standard output belongs to a contract: what is said to people besides goes to standard error. */
  readonly ownsOutput?: boolean;
  /**
   * Leaves in order. Never rejects; further calls give the same promise.
   * @returns whether writes are left behind that others should have and have not
   */
  stop(): Promise<boolean>;
}

/**
 * The order in which every server leaves: health NOT_SERVING; doors, with a deadline; engine.
 * @param stopEngine tells whether it leaves writes behind; those of whom others have all tell nothing
 * @param last what the engine does now, for the log
 */
export async function leaveInOrder(
  doors: Doors,
  stopEngine: () => Promise<boolean>,
  last: string,
  logger: Logger,
): Promise<boolean> {
  logger.info({ prazoMs: grpcLimits.drainMs }, 'saindo: fechando as portas gRPC');
  doors.setServing(false);
  await doors.stop(grpcLimits.drainMs);
  logger.info({}, `saindo: ${last}`);
  const leavesBehind = await stopEngine();
  logger.info({}, 'saiu');
  return leavesBehind;
}
