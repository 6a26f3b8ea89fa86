import type { NodeView } from '../../engines/partitions/cluster-view.js';
import type { PartitionsEngine } from '../../engines/partitions/engine.js';
import type { ServerStatus, StatusSource, SystemStatus } from '../../ports/status.js';
import type { Time } from '../../ports/time.js';
import { CountedAmounts } from './counted-amounts.js';
import type { Amounts } from './counted-amounts.js';

interface PartitionsStatusDeps {
  readonly engine: Pick<PartitionsEngine, 'nodes' | 'view' | 'amounts' | 'available'>;
  /** The readable name of this server; absent: its address. */
  readonly name: string | undefined;
  readonly address: () => string;
  readonly program: string;
  /** What is near its limit. */
  readonly warnings: () => readonly string[];
  readonly time: Time;
}

/** Tells how the nodes are, as this server sees them. Other servers over the same nodes are not known. */
export class PartitionsStatus implements StatusSource {
  private readonly amounts: CountedAmounts;

  constructor(private readonly deps: PartitionsStatusDeps) {
    this.amounts = new CountedAmounts(deps.engine, deps.time);
  }

  async status(): Promise<SystemStatus> {
    return this.statusWith(await this.amounts.recent());
  }

  /** The same at once, with what was counted last: nodes that are silent are not waited for. */
  statusNow(): SystemStatus {
    void this.amounts.recent();
    return this.statusWith(this.amounts.last);
  }

  /** The master of a key puts its writes in one order, whichever server they come from. */
  serverName(): undefined {
    return undefined;
  }

  private statusWith(amounts: Amounts): SystemStatus {
    const { engine, warnings } = this.deps;
    const nodes = this.nodes();
    const broker = engine.nodes.map(({ address }) => address).join(', ');
    return {
      ...{ fleet: 'particoes', engine: 'particoes', broker },
      servers: [this.self(), ...nodes],
      agrees: engine.available && nodes.every(({ seenMs }) => seenMs > 0),
      ...amounts,
      warnings: [
        ...(engine.available
          ? []
          : ['há partições sem mestre que responda: o que está nelas espera por ele']),
        ...engine.nodes.flatMap(({ address, trouble }) =>
          trouble === undefined ? [] : [`o nó ${address} ${trouble}`],
        ),
        ...warnings(),
      ],
    };
  }

  private self(): ServerStatus {
    const { engine, name, address, program, time } = this.deps;
    return {
      ...{ name: name ?? address(), address: address(), origin: '', programVersion: program },
      ...{ state: engine.available ? 'atendendo' : 'faltam partições', isSelf: true, lag: 0 },
      seenMs: time.wallMs(),
    };
  }

  private nodes(): readonly ServerStatus[] {
    const { engine, time } = this.deps;
    const roles = new Map(
      engine.view.map(({ address, isMaster, slots }) => [
        address,
        !isMaster ? 'réplica' : slots.length > 0 ? 'mestre' : 'mestre sem partições',
      ]),
    );
    const slots = new Map(engine.view.map((node) => [node.address, slotsOf(node)]));
    return engine.nodes.map(({ address, hears }) => ({
      ...{
        name: nameOf(address, slots.get(address)),
        address,
        origin: '',
        programVersion: '',
        isSelf: false,
        lag: 0,
      },
      state: hears ? (roles.get(address) ?? 'atendendo') : 'sem contato',
      seenMs: hears ? time.wallMs() : 0,
    }));
  }
}

/** How many slots a node serves. */
function slotsOf({ slots }: NodeView): number {
  return slots.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

function nameOf(address: string, slots = 0): string {
  return slots === 0 ? address : `${address} · ${String(slots)} slots`;
}
