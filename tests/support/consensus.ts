import { randomBytes } from 'node:crypto';
import { ConsensusEngine } from '../../src/engines/consensus/engine.js';
import type { ConsensusOptions } from '../../src/engines/consensus/engine.js';
import { systemRandom } from '../../src/app/system-random.js';
import { systemTime } from '../../src/app/system-time.js';
import type { Logger } from '../../src/ports/logger.js';

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A started consensus engine on real clocks, patient enough for a busy machine. */
export function startConsensus(
  members: readonly string[],
  options: Partial<Omit<ConsensusOptions, 'members'>> = {},
): ConsensusEngine {
  const engine = new ConsensusEngine({
    members,
    deadlineMs: 10_000,
    localReads: false,
    time: systemTime,
    random: systemRandom,
    logger: silent,
    newToken,
    ...options,
  });
  engine.start();
  return engine;
}

/** A name that no other write has. */
export function newToken(): string {
  return randomBytes(9).toString('base64url');
}
