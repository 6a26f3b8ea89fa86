import type { RecordedEngine } from '../laboratory/recording.js';
import { ConsensusGroup } from './consensus-group.js';
import { FleetGroup } from './fleet-group.js';
import type { ProcessGuard } from './process-guard.js';
import { LeaderGroup } from './leader-group.js';
import type { MakeGroup } from './run.js';

/** Servers of a run. */
const SERVERS = 3;

/** What makes the servers of each engine. @param onLog told of every line of a server's log */
export function groupMaker(
  guard: ProcessGuard,
  mosquitto: boolean,
  onLog: (name: string, line: string) => void,
): (engine: RecordedEngine) => MakeGroup {
  return (engine) => (listener) => {
    switch (engine) {
      case 'frota':
        return FleetGroup.make(SERVERS, guard, mosquitto, listener, onLog);
      case 'lider':
        return LeaderGroup.make(SERVERS, listener, onLog);
      case 'consenso':
        return ConsensusGroup.make(SERVERS, guard, listener, onLog);
    }
  };
}
