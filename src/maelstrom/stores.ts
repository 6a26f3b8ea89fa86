import { drawName, systemRandom } from '../app/system-random.js';
import { systemTime } from '../app/system-time.js';
import { KvsError } from '../core/errors.js';
import { ConsensusEngine } from '../engines/consensus/engine.js';
import { FleetEngine } from '../engines/fleet/engine.js';
import { defaultFleetTuning } from '../engines/fleet/replication/tuning.js';
import type { Logger } from '../ports/logger.js';
import { MaelstromBus } from './bus.js';
import { counter } from './counter.js';
import { broadcast, growingSet } from './elements.js';
import { linear } from './linear.js';
import { maelstromLimits } from './limits.js';
import type { NodeStore } from './node.js';
import type { Body } from './protocol.js';
import { workload } from './workload.js';
import type { Workload } from './workload.js';

const FLEET = 'maelstrom';
const DEADLINE_MS = 3_000;

/** What a fleet can do: whatever needs no order among concurrent writes. */
const OF_FLEET = {
  echo: () => workload({ echo: ({ echo = null }) => ({ echo }) }),
  'unique-ids': () => workload({ generate: () => ({ id: drawName() }) }),
  broadcast,
  'g-set': growingSet,
  'g-counter': counter,
  'pn-counter': counter,
} satisfies Record<string, (engine: FleetEngine, node: string) => Workload>;

export const LINEAR = 'lin-kv';
export const WORKLOADS: readonly string[] = [...Object.keys(OF_FLEET), LINEAR];

function isOfFleet(name: string): name is keyof typeof OF_FLEET {
  return Object.hasOwn(OF_FLEET, name);
}

/** Whoever carries what a node sends. */
type Send = (dest: string, body: Body) => void;

/**
 * A server of a fleet whose bus is the network of Maelstrom.
 * @param name one of {@link WORKLOADS} but {@link LINEAR}
 */
export function openFleet(
  name: string,
  node: string,
  nodes: readonly string[],
  send: Send,
  logger: Logger,
): NodeStore {
  if (!isOfFleet(name)) throw new KvsError('INTERNO', `${name} is no workload of a fleet`);
  const origin = drawName();
  const bus = new MaelstromBus({
    ...{ fleet: FLEET, origin, send },
    peers: nodes.filter((peer) => peer !== node),
  });
  let serve: (workload: Workload) => void;
  const ready = new Promise<Workload>((resolve) => (serve = resolve));
  const engine = new FleetEngine({
    ...{ origin, fleet: FLEET, address: '', bus, logger },
    ...{ time: systemTime, random: systemRandom },
    tuning: { ...defaultFleetTuning, joinPatienceMs: maelstromLimits.joinPatienceMs },
    onState: (state) => {
      if (state === 'serving') serve(OF_FLEET[name](engine, node));
    },
  });
  engine.start();
  return {
    ready,
    receive: (from, body) => {
      bus.receive(from, body);
    },
    stop: () => engine.stop(),
  };
}

/** A server over the replicas of a consensus store: its nodes need no messages of their own. */
export function openConsensus(replicas: readonly string[], logger: Logger): NodeStore {
  let serve: (workload: Workload) => void;
  const ready = new Promise<Workload>((resolve) => (serve = resolve));
  const engine = new ConsensusEngine({
    ...{ members: replicas, deadlineMs: DEADLINE_MS, localReads: false, logger },
    ...{ time: systemTime, random: systemRandom, newToken: drawName },
    onAvailable: (isAvailable) => {
      if (isAvailable) serve(linear(engine));
    },
  });
  engine.start();
  return { ready, receive: () => undefined, stop: () => engine.stop() };
}
