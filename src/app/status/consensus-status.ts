import type { ConsensusEngine, ReplicaStatus } from '../../engines/consensus/engine.js';
import { CONDITION_TEXTS } from '../../engines/consensus/etcd-member.js';
import type { ServerStatus, StatusSource, SystemStatus } from '../../ports/status.js';
import type { Time } from '../../ports/time.js';
import { appLimits } from '../limits.js';

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

type Amounts = Pick<SystemStatus, 'keys' | 'versions' | 'bytes'>;

/** Tells how the replicas are, as this server sees them. Other servers over the same replicas are not known. */
export class ConsensusStatus implements StatusSource {
  /** As they were counted last. */
  private last: Amounts = { keys: 0, versions: 0, bytes: 0 };
  private counted: Promise<Amounts> = Promise.resolve(this.last);
  private askedMs = -Infinity;

  constructor(private readonly deps: ConsensusStatusDeps) {}

  async status(): Promise<SystemStatus> {
    return this.statusWith(await this.amounts());
  }

  /** The same at once, with what was counted last: replicas that are silent are not waited for. */
  statusNow(): SystemStatus {
    void this.amounts();
    return this.statusWith(this.last);
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

  /** As it was a moment ago; where no replica answers, as it was last. */
  private amounts(): Promise<Amounts> {
    const { engine, time } = this.deps;
    const nowMs = time.monotonicMs();
    if (nowMs - this.askedMs >= appLimits.amountsAgeMs) {
      this.askedMs = nowMs;
      this.counted = engine.amounts().then(
        (amounts) => (this.last = amounts),
        () => this.last,
      );
    }
    return this.counted;
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
