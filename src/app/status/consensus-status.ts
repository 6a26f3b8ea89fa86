import type { ConsensusEngine, ReplicaStatus } from '../../engines/consensus/engine.js';
import { CONDITION_TEXTS } from '../../engines/consensus/etcd-member.js';
import type { ServerStatus, StatusSource, SystemStatus } from '../../ports/status.js';
import type { Time } from '../../ports/time.js';
import { CountedAmounts } from './counted-amounts.js';
import type { Amounts } from './counted-amounts.js';

interface ConsensusStatusDeps {
  readonly engine: Pick<ConsensusEngine, 'replicas' | 'amounts' | 'available'>;
  /** The readable name of this server; absent: its address. */
  readonly name: string | undefined;
  readonly address: () => string;
  readonly program: string;
  /** What is near its limit. */
  readonly warnings: () => readonly string[];
  readonly time: Time;
}

/** Tells how the replicas are, as this server sees them. Other servers over the same replicas are not known. */
export class ConsensusStatus implements StatusSource {
  private readonly amounts: CountedAmounts;

  constructor(private readonly deps: ConsensusStatusDeps) {
    this.amounts = new CountedAmounts(deps.engine, deps.time);
  }

  async status(): Promise<SystemStatus> {
    return this.statusWith(await this.amounts.recent());
  }

  /** The same at once, with what was counted last: replicas that are silent are not waited for. */
  statusNow(): SystemStatus {
    void this.amounts.recent();
    return this.statusWith(this.amounts.last);
  }

  private statusWith(amounts: Amounts): SystemStatus {
    const { engine, warnings } = this.deps;
    const replicas = engine.replicas();
    return {
      ...{ fleet: 'consenso', engine: 'consenso', broker: replicas.map(({ address }) => address).join(', ') },
      servers: [this.self(), ...replicas.map((replica) => this.replica(replica))],
      agrees: engine.available && replicas.every(({ condition }) => condition === 'good'),
      ...amounts,
      warnings: [
        ...(engine.available ? [] : ['as réplicas não respondem com maioria: escritas esperam por ela']),
        ...warnings(),
      ],
    };
  }

  /** The replicas put all writes in one order, whichever server they come from. */
  serverName(): undefined {
    return undefined;
  }

  private self(): ServerStatus {
    const { engine, name, address, program, time } = this.deps;
    return {
      ...{ name: name ?? address(), address: address(), origin: '', programVersion: program },
      ...{ state: engine.available ? 'atendendo' : 'sem maioria', isSelf: true, lag: 0 },
      seenMs: time.wallMs(),
    };
  }

  private replica({ address, condition, version, lag }: ReplicaStatus): ServerStatus {
    return {
      ...{ name: address, address, origin: '', state: CONDITION_TEXTS[condition] },
      ...{
        programVersion: version,
        isSelf: false,
        lag,
        seenMs: condition === 'mute' ? 0 : this.deps.time.wallMs(),
      },
    };
  }
}
