import { leaderLimits } from '../../engines/leader/limits.js';
import type { EnginePicture, LeadershipFigures, PanelPeer } from '../../ports/panel.js';
import type { ServerStatus } from '../../ports/status.js';
import type { LeaderNode } from '../leader-node.js';
import type { LeaderStatus } from '../status/leader-status.js';
import type { EngineView } from './collector.js';

interface LeaderViewDeps {
  readonly node: Pick<LeaderNode, 'role' | 'store'>;
  readonly status: LeaderStatus;
  /** Address of the leader. */
  readonly leader: string;
}

const WINDOW = { mutations: leaderLimits.windowMutations, bytes: leaderLimits.windowBytes };

/** What a server of the leader system adds to pictures. */
export class LeaderView implements EngineView {
  constructor(private readonly deps: LeaderViewDeps) {}

  look(): EnginePicture {
    const now = this.deps.status.status();
    return {
      servers: now.servers.map((server) => this.peer(server)),
      ...{ agrees: now.agrees, hasDiverged: false, warnings: now.warnings },
      ...{ keys: now.keys, versions: now.versions, bytes: now.bytes },
      leadership: this.leadership(),
    };
  }

  private peer(server: ServerStatus): PanelPeer {
    const { store } = this.deps.node;
    return {
      ...server,
      isReplica: false,
      storeHash: server.isSelf ? store.hash() : '',
      vectorDigest: server.isSelf ? store.vector.digest() : '',
      recent: server.isSelf ? store.vector.recent(SHOWN_ENTRIES) : [],
      hears: this.heardBy(server),
    };
  }

  /** A connection is heard at both its ends; a follower knows only its own. */
  private heardBy(server: ServerStatus): readonly string[] | undefined {
    const { role } = this.deps.node;
    const connected = role
      .peers()
      .filter(({ state }) => state === 'upToDate' || state === 'behind')
      .map(({ address }) => address);
    if (server.isSelf) return connected;
    if (role.figures === undefined) return undefined;
    return connected.includes(server.address) ? [this.deps.leader] : [];
  }

  private leadership(): LeadershipFigures {
    const { node, leader } = this.deps;
    const { figures, whole } = node.role;
    return {
      ...{ role: figures === undefined ? 'seguidor' : 'lider', leader, isWhole: whole },
      ...{ waiting: figures?.waiting ?? 0, window: WINDOW },
      followers: (figures?.followers ?? []).map(({ address, upToDate, lag, inFlight }) => ({
        ...{ address, isUpToDate: upToDate, lag, ...inFlight },
      })),
    };
  }
}

/** Entries of the vector that are shown: one for each leader that ever wrote. */
const SHOWN_ENTRIES = 64;
