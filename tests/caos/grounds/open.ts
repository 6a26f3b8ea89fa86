import type { EngineName } from '../history.js';
import { openConsensusGround } from './consensus.js';
import { openFleetGround } from './fleet.js';
import type { Ground, GroundOptions } from './ground.js';
import { openLeaderGround } from './leader.js';
import { openPartitionsGround } from './partitions.js';

const GROUNDS: Readonly<Record<EngineName, (options: GroundOptions) => Promise<Ground>>> = {
  frota: openFleetGround,
  consenso: openConsensusGround,
  lider: openLeaderGround,
  particoes: openPartitionsGround,
};

/** Starts the servers of an engine with all that they stand on. */
export function openGround(engine: EngineName, options: GroundOptions): Promise<Ground> {
  return GROUNDS[engine](options);
}
