import type { ConsensusEngine } from '../../engines/consensus/engine.js';
import type { MemberState } from '../../engines/consensus/member-states.js';
import type { ConsensusFigures, EnginePicture, MemberFigures, PanelPeer } from '../../ports/panel.js';
import type { ServerStatus } from '../../ports/status.js';
import type { ConsensusStatus } from '../status/consensus-status.js';
import type { EngineView } from './collector.js';
import { LatencySince } from './rates.js';

type States = ReadonlyMap<string, MemberState>;

interface ConsensusViewDeps {
  readonly engine: Pick<ConsensusEngine, 'members' | 'available' | 'revision' | 'replicas' | 'memberStates'>;
  readonly status: ConsensusStatus;
}

/** What a server over the replicas of a consensus adds to pictures. */
export class ConsensusView implements EngineView {
  private readonly latencies = new Map<string, LatencySince>();

  constructor(private readonly deps: ConsensusViewDeps) {}

  look(periodMs: number): EnginePicture {
    const { engine, status } = this.deps;
    if (periodMs === 0) this.latencies.clear();
    const now = status.statusNow();
    const states = new Map(engine.memberStates.look().map((state) => [state.address, state]));
    return {
      servers: now.servers.map((server) => this.peer(server, states)),
      ...{ agrees: now.agrees, hasDiverged: false, warnings: now.warnings },
      ...{ keys: now.keys, versions: now.versions, bytes: now.bytes },
      consensus: this.consensus(now.servers, states),
    };
  }

  rest(): void {
    this.deps.engine.memberStates.forget();
  }

  /** A replica says only which leader it hears; the leader hears whoever hears it, or it would lead no more. */
  private peer(server: ServerStatus, states: States): PanelPeer {
    const { engine } = this.deps;
    const heard = engine.replicas().filter(({ condition }) => condition !== 'mute');
    return {
      ...server,
      ...{ isReplica: !server.isSelf, storeHash: '', vectorDigest: '', recent: [] },
      hears: server.isSelf ? heard.map(({ address }) => address) : heardByReplica(server.address, states),
    };
  }

  private consensus(servers: readonly ServerStatus[], states: States): ConsensusFigures {
    const { engine } = this.deps;
    const { address: leader = '', term = 0 } = leaderOf(states) ?? {};
    return {
      ...{ hasMajority: engine.available, revision: engine.revision, leader, term },
      members: engine.members.map(({ address, durations }): MemberFigures => {
        const server = servers.find((one) => one.address === address && !one.isSelf);
        const latency = this.latencies.get(address) ?? new LatencySince();
        this.latencies.set(address, latency);
        const said = states.get(address);
        return {
          ...{ address, state: server?.state ?? '', version: server?.programVersion ?? '' },
          leads: address === leader,
          ...{ term: said?.term ?? 0, appliedIndex: said?.appliedIndex ?? 0 },
          ...{ databaseBytes: said?.databaseBytes ?? 0, latency: latency.figures(durations.buckets) },
        };
      }),
    };
  }
}

/** One that was cut off may still think that it leads: the greatest term is right. */
function leaderOf(states: States): MemberState | undefined {
  const leaders = [...states.values()].filter(({ leads }) => leads);
  return leaders.sort((a, b) => b.term - a.term)[0];
}

function heardByReplica(address: string, states: States): readonly string[] | undefined {
  const state = states.get(address);
  if (state === undefined) return undefined;
  if (!state.leads) return state.leader === '' ? [] : [state.leader];
  return [...states.values()]
    .filter(({ leader, leads }) => leader === address && !leads)
    .map((one) => one.address);
}
