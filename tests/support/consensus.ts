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

type EngineOptions = Partial<Omit<ConsensusOptions, 'members'>>;

/** A started consensus engine on real clocks, patient enough for a busy machine. */
export function startConsensus(members: readonly string[], options: EngineOptions = {}): ConsensusEngine {
  const engine = openConsensus(members, options);
  engine.start();
  return engine;
}

/** The same, but not started: it hears of no write of others, so what it remembers of a key may be old. */
export function openConsensus(members: readonly string[], options: EngineOptions = {}): ConsensusEngine {
  return new ConsensusEngine({
    members,
    deadlineMs: 10_000,
    localReads: false,
    time: systemTime,
    random: systemRandom,
    logger: silent,
    newToken,
    ...options,
  });
}

/** A name that no other write has. */
export function newToken(): string {
  return randomBytes(9).toString('base64url');
}
