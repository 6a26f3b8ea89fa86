import type { RolePeer } from '../../engines/leader/role.js';
import type { ServerStatus, StatusSource, SystemStatus } from '../../ports/status.js';
import type { Time } from '../../ports/time.js';
import type { LeaderNode } from '../leader-node.js';

interface LeaderStatusDeps {
  readonly node: Pick<LeaderNode, 'role' | 'store' | 'whole'>;
  /** `IP:porta` of this server and of the leader. */
  readonly self: string;
  readonly leader: string;
  /** The readable name of this server; absent: its address. */
  readonly name: string | undefined;
  readonly program: string;
  /** What is near its limit. */
  readonly warnings: () => readonly string[];
  readonly time: Time;
}

const STATES: Readonly<Record<RolePeer['state'], string>> = {
  upToDate: 'em dia',
  behind: 'recebendo o que falta',
  away: 'sem contato',
  unknown: 'só o líder sabe',
};

const OWN_STATES = { joining: 'entrando', serving: 'atendendo', leaving: 'saindo' } as const;

/** Tells how the leader and its followers are, as this server sees them. */
export class LeaderStatus implements StatusSource {
  constructor(private readonly deps: LeaderStatusDeps) {}

  status(): SystemStatus {
    const { node, warnings } = this.deps;
    const { store, role } = node;
    return {
      ...{ fleet: 'lider', engine: 'lider', broker: '' },
      servers: [this.self(), ...role.peers().map((peer) => this.peer(peer))],
      agrees: node.whole,
      keys: store.keyCount - store.emptyKeyCount,
      versions: store.entryCount,
      bytes: store.estimatedBytes,
      warnings: [...this.troubles(), ...warnings()],
    };
  }

  /** All writes are the leader's, whichever server they come from and whenever it was started. */
  serverName(): string {
    const { self, leader, name = self } = this.deps;
    return leader === self ? name : leader;
  }

  private self(): ServerStatus {
    const { node, self, name = self, program, time } = this.deps;
    const { state, name: role } = node.role;
    return {
      ...{ name, address: self, origin: '', state: `${OWN_STATES[state]} (${role})` },
      ...{ programVersion: program, isSelf: true, lag: 0, seenMs: time.wallMs() },
    };
  }

  private peer({ address, isLeader, state, lag, heardMs }: RolePeer): ServerStatus {
    const { time } = this.deps;
    const seenMs = heardMs === 0 ? 0 : Math.round(time.wallMs() - (time.monotonicMs() - heardMs));
    return {
      ...{ name: address, address, origin: '', state: `${STATES[state]}${isLeader ? ' (líder)' : ''}` },
      ...{ programVersion: '', isSelf: false, lag, seenMs },
    };
  }

  private troubles(): string[] {
    const { role } = this.deps.node;
    const away = role.peers().filter(({ state }) => state === 'away');
    if (away.length === 0) return [];
    const names = away.map(({ address }) => address).join(', ');
    return [
      role.leads || role.state !== 'serving'
        ? `sem contato com ${names}: escritas esperam por todos os servidores`
        : `sem contato com o líder (${names}): só leituras até ele voltar`,
    ];
  }
}
